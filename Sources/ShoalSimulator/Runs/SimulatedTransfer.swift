import ShoalBase
import ShoalLink
import ShoalTransport

/// One file from one host to another over one link, in virtual time: the actual transport, on hosts that need no time.
package struct SimulatedTransfer: Sendable {
  /// The bytes of the file.
  package var size: Int
  /// The link; up is from the sender to the receiver.
  package var link: LinkSpec
  /// The transport's configuration at both ends.
  package var transport: TransportConfiguration
  /// A transfer that takes longer is given up.
  package var limit: Nanoseconds = 3_600 * .second
  /// How far apart the samples of the timeline are; nil: none are taken.
  package var interval: Nanoseconds?

  /// The sender's state at one time.
  package struct Sample: Sendable, Equatable {
    /// Since the first OPEN.
    package var time: Nanoseconds
    /// Bytes of the file that have arrived.
    package var received: Int
    /// Bytes sent that are neither acknowledged nor declared lost.
    package var inFlight: Int
    /// The most bytes in flight that congestion control allows; nil: any number.
    package var congestionWindow: Int?
    /// The smoothed round trip.
    package var roundTrip: Nanoseconds?
    /// Bytes a second; nil: not paced.
    package var pacingRate: Double?
    /// How long a datagram sent now waits for the link's rate.
    package var queueDelay: Nanoseconds
    /// The congestion controller's state.
    package var state: String
  }

  /// The outcome.
  package struct Result: Sendable {
    /// From the first OPEN to the last byte's arrival; nil: given up.
    package var time: Nanoseconds?
    /// Bytes of the file that have arrived.
    package var received = 0
    /// IP bytes that the sender sent.
    package var wireBytes = 0
    /// The median and 99th percentile of the round trip over all ACKs; nil: there was none.
    package var roundTrip: (median: Nanoseconds, high: Nanoseconds)?
    /// The counters of the sender and the receiver.
    package var sender = TransportCounters(), receiver = TransportCounters()
    /// What the link did from the sender to the receiver, and back.
    package var up = LinkCounters(), down = LinkCounters()
    /// The timeline.
    package var samples: [Sample] = []
    /// Violations of the protocol's rules; the transfer ended with the first.
    package var violations: [String] = []

    /// Bytes of the file per second.
    package var goodput: Double { time.map { $0 > 0 ? Double(received) / Double($0) * 1e9 : 0 } ?? 0 }
    /// IP bytes sent for each byte of the file.
    package var wire: Double { received > 0 ? Double(wireBytes) / Double(received) : 0 }
  }

  /// A transfer of `size` bytes.
  package init(size: Int, link: LinkSpec, transport: TransportConfiguration) {
    (self.size, self.link, self.transport) = (size, link, transport)
  }

  /// Runs it; everything follows from `seed`, which seeds the link too.
  package func run(seed: UInt64, watch: WorldWatch? = nil) -> Result {
    let world = World(seed: seed)
    let start = world.now
    var spec = link
    spec.seed = nil
    let sender = world.addEndpoint(transport, link: spec)
    let receiver = world.addEndpoint(transport)
    var trips: [Nanoseconds] = []
    var samples: [Sample] = []
    var lastSample: Nanoseconds?
    var received = 0
    world.afterTurn = { host in
      guard host === sender, let id = sender.connection else { return }
      let count = sender.endpoint.counters.received
      if count != received {
        received = count
        if let trip = sender.endpoint.roundTrip(id) { trips.append(trip) }
      }
      guard let interval, world.now - start >= (lastSample ?? -interval) + interval else { return }
      lastSample = (world.now - start) / interval * interval
      if let sample = sample(world, since: start, sender, receiver, id) { samples.append(sample) }
    }
    if let watch { world.add(watch) }
    let isDone = transfer(world, sender, receiver)
    var result = Result()
    result.time = isDone ? receiver.contentReceivedAt - start : nil
    result.received = receiver.contentReceived
    result.sender = sender.endpoint.counters
    result.receiver = receiver.endpoint.counters
    if let link = world.network.counters(of: sender.address) { (result.up, result.down) = (link.up, link.down) }
    result.wireBytes = result.up.offeredBytes
    if !trips.isEmpty {
      trips.sort()
      result.roundTrip = (trips[trips.count / 2], trips[min(trips.count - 1, trips.count * 99 / 100)])
    }
    result.samples = samples
    result.violations = world.violations
    return result
  }

  /// Whether all of the file arrived in time.
  private func transfer(_ world: World, _ sender: WorldEndpoint, _ receiver: WorldEndpoint) -> Bool {
    let end = world.now + limit
    // A sender whose OPENs are all lost tries again, as a person would.
    while sender.connection == nil {
      guard world.now < end, world.violations.isEmpty else { return false }
      let closed = sender.closed.count
      world.connect(sender, to: receiver)
      world.run(for: end - world.now) { sender.connection != nil || sender.closed.count > closed }
    }
    guard let id = sender.connection else { return false }
    var rest = size
    // A range counts its bytes in 32 bits.
    while rest > 0 {
      let part = min(rest, 1 << 30)
      world.sendFile(part, from: sender, on: id)
      rest -= part
    }
    return world.run(for: end - world.now) { receiver.contentReceived >= size || sender.connection == nil }
      && receiver.contentReceived >= size
  }

  private func sample(
    _ world: World, since start: Instant, _ sender: WorldEndpoint, _ receiver: WorldEndpoint, _ id: ConnectionID
  ) -> Sample? {
    guard let status = sender.endpoint.status(id) else { return nil }
    return Sample(
      time: world.now - start, received: receiver.contentReceived, inFlight: status.bytesInFlight,
      congestionWindow: status.congestionWindow == .max ? nil : status.congestionWindow, roundTrip: status.roundTrip,
      pacingRate: status.pacingRate.isFinite ? status.pacingRate : nil,
      queueDelay: world.network.queueDelay(from: sender.address), state: status.state)
  }
}
