import ShoalBase

/// One direction of a bad link: given each datagram, it decides what becomes of it. The caller holds the bytes.
///
/// It decides in this order: MTU, rate or trace and drop-tail queue, outage, loss, corruption, duplication, delay with jitter
/// and reordering. A datagram longer than the MTU takes no time on the line, nor does a second copy; a lost datagram
/// does, since it is lost after the line. Whether a datagram is lost to an outage is decided when its last bit leaves
/// the queue, which goes on draining while the link is down.
///
/// All that happens follows from the parameters, the seed and the datagrams offered. Nothing is allocated.
package struct Link: Sendable {
  /// What the link does.
  package let parameters: LinkParameters
  /// What it has done so far.
  package private(set) var counters = LinkCounters()

  private let start: Instant
  private var generator: SeededGenerator
  private var queue: RateQueue
  /// In its place, for a line that delivers at the times of a trace.
  private var traced: TraceQueue?
  private var loss: LossModel
  /// The latest arrival of a datagram that was not reordered; jitter never makes a later datagram arrive before it.
  private var lastRelease = Instant(nanoseconds: .min)

  /// An idle link that draws all its random numbers from `seed`.
  ///
  /// Outages are counted from `start`: two directions of a link that share it are in step.
  package init(_ parameters: LinkParameters, seed: UInt64, start: Instant = .zero) {
    self.parameters = parameters
    self.start = start
    generator = SeededGenerator(seed: seed)
    queue = RateQueue(rate: parameters.rate, limit: parameters.queueLimit)
    traced = parameters.trace.map { TraceQueue($0, limit: parameters.queueLimit) }
    loss = LossModel(loss: parameters.loss, burst: parameters.burst, generator: &generator)
  }

  /// How long a datagram offered `now` would wait before its first bit is sent.
  package func queueDelay(at now: Instant) -> Nanoseconds {
    traced?.wait(at: now - start) ?? queue.wait(at: now)
  }

  /// When the last bit of a datagram leaves the queue; nil if it does not fit.
  private mutating func depart(bytes: Int, at now: Instant) -> Instant? {
    guard traced != nil else { return queue.depart(bytes: bytes, at: now) }
    return traced?.depart(bytes: bytes, at: now - start).map { max(start + $0, now) }
  }

  /// Decides what becomes of a datagram offered `now`, which must not be earlier than the last one.
  ///
  /// `ipLength` is its length with IP and UDP headers, `payloadLength` that of the UDP payload alone, in bytes.
  package mutating func admit(ipLength: Int, payloadLength: Int, at now: Instant) -> Fate {
    counters.offered += 1
    counters.offeredBytes += ipLength
    if let mtu = parameters.mtu, ipLength > mtu {
      counters.droppedMTU += 1
      return .dropped(.mtu)
    }
    guard let departure = depart(bytes: ipLength, at: now) else {
      counters.droppedQueue += 1
      return .dropped(.queue)
    }
    if let outage = parameters.outage, outage.isDown(after: departure - start) {
      counters.droppedOutage += 1
      return .dropped(.outage)
    }
    if loss.losesNext(&generator) {
      counters.droppedLoss += 1
      return .dropped(.loss)
    }
    counters.bytes += ipLength

    var delivery = Fate.Delivery(release: departure)
    if generator.chance(parameters.corrupt) {
      delivery.corruption = Corruption(payloadLength: payloadLength, generator: &generator)
      if delivery.corruption != nil { counters.corrupted += 1 }
    }
    let isDoubled = generator.chance(parameters.duplicate)
    delivery.release = release(after: departure)
    if isDoubled {
      counters.duplicated += 1
      delivery.duplicate = release(after: departure)
    }
    return .delivered(delivery)
  }

  /// When a copy that left the queue at `departure` arrives.
  private mutating func release(after departure: Instant) -> Instant {
    var release = departure + max(0, parameters.delay)
    if parameters.jitter > 0 {
      release = release + Nanoseconds(generator.below(UInt64(parameters.jitter) + 1))
    }
    release = max(release, lastRelease)
    if generator.chance(parameters.reorder) {
      // It does not count as the latest in order: those behind it need not wait for it.
      counters.reordered += 1
      return release + parameters.reorderHold
    }
    lastRelease = release
    return release
  }
}
