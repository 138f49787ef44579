import CShoalWan
import Glibc
import ShoalBase
import ShoalLink
import ShoalTerminal

// Safety: the system is given local structures, and how many they are.

/// One direction of the link: reads packets from one device, and writes them to the other when the link releases them.
///
/// Everything here belongs to one thread. While packets flow, it sleeps for short, fixed times, so that it wakes up per
/// batch and not per packet; otherwise it sleeps until a packet arrives or is due.
struct Relay: ~Copyable {
  /// The packets read or written before the clock is read again.
  private static let batch = 64
  /// The sleep while packets flow: no packet is noticed or handed on much later than this. Sleeping until the next is
  /// due instead costs twice the processor time at 1 Gbit/s, which the ends of the link then lack.
  private static let nap: Nanoseconds = 50 * .microsecond
  /// How many packets one direction holds at most, and how many bytes of them.
  private static let mostPackets = 1 << 20, mostBytes = 2_000_000_000

  private let input: Int32
  private let output: Int32
  private var link: Link
  private var releases: Releases
  private var pool: PacketPool
  private let breaksChecksums: Bool
  private let damages: Bool
  private var counters = RelayCounters()

  /// From `input` to `output` over `link`; packets are at most `mtu` bytes long.
  init(from input: Int32, to output: Int32, link: Link, mtu: Int, breaksChecksums: Bool) throws(Failure) {
    let capacity = min(Relay.mostPackets, Relay.mostBytes / mtu)
    guard let pool = PacketPool(capacity: capacity, slotSize: mtu) else { throw Failure(system: "room for packets") }
    self.input = input
    self.output = output
    self.link = link
    self.pool = pool
    releases = Releases(capacity: capacity)
    self.breaksChecksums = breaksChecksums
    damages = link.parameters.corrupt > 0
  }

  /// Runs until `control` ends it.
  mutating func run(_ control: RelayControl) {
    while true {
      if control.isWanted {
        counters.link = link.counters
        if !control.answer(counters) { return }
      }
      let taken = takeIn()
      let handed = handOut()
      if taken == Relay.batch || handed == Relay.batch { continue }
      if taken + handed > 0 {
        var time = MonotonicClock.span(Relay.nap)
        unsafe nanosleep(&time, nil)
      } else {
        sleep(releases.deadline - MonotonicClock.now(), control.wake)
      }
    }
  }

  /// Reads packets; returns how many there were.
  private mutating func takeIn() -> Int {
    let now = MonotonicClock.now()
    for taken in 0..<Relay.batch {
      guard let slot = pool.take() else {
        if !discard() { return taken }
        counters.overflow += 1
        continue
      }
      guard pool.fill(slot, { [input] in Descriptor.read(from: input, into: &$0) }) > 0 else {
        pool.give(slot)
        return taken
      }
      admit(slot, at: now)
    }
    return Relay.batch
  }

  private mutating func admit(_ slot: UInt32, at now: Instant) {
    let packet = damages ? pool.withPacket(slot) { IPPacket($0.span, brokenChecksums: breaksChecksums) } : nil
    let wait = link.queueDelay(at: now)
    let fate = link.admit(ipLength: pool.length(slot), payloadLength: packet?.payload.count ?? 0, at: now)
    guard case .delivered(let delivery) = fate else {
      pool.give(slot)
      return
    }
    counters.queueDelay.add(wait)
    if let corruption = delivery.corruption { pool.withPacket(slot) { packet?.damage(&$0, corruption) } }
    if let second = delivery.duplicate { hold(copyOf: slot, until: second) }
    if !releases.insert(slot, at: delivery.release) {
      counters.overflow += 1
      pool.give(slot)
    }
  }

  private mutating func hold(copyOf slot: UInt32, until release: Instant) {
    guard let copy = pool.take() else {
      counters.overflow += 1
      return
    }
    let bytes = pool.withPacket(slot) { [UInt8]($0.span) }
    _ = pool.fill(copy) {
      $0.copy(bytes.span, to: 0)
      return bytes.count
    }
    if !releases.insert(copy, at: release) {
      counters.overflow += 1
      pool.give(copy)
    }
  }

  /// Writes packets that are due; returns how many there were.
  private mutating func handOut() -> Int {
    let now = MonotonicClock.now()
    for handed in 0..<Relay.batch {
      let deadline = releases.deadline
      guard let slot = releases.popDue(at: now) else { return handed }
      let length = pool.length(slot)
      if pool.withPacket(slot, { [output] in Descriptor.write($0.span, to: output) }) == length {
        counters.delivered += 1
        counters.deliveredBytes += length
      } else {
        counters.refused += 1
      }
      counters.lateness.add(now - deadline)
      pool.give(slot)
    }
    return Relay.batch
  }

  /// Takes a packet for which there is no room, and drops it; false if there was none.
  private func discard() -> Bool {
    var byte: InlineArray<1, UInt8> = [0]
    var room = byte.mutableSpan
    return Descriptor.read(from: input, into: &room) > 0
  }

  /// Sleeps until a packet comes, `control` wants something, or `pause` is over.
  private func sleep(_ pause: Nanoseconds, _ wake: Int32) {
    var descriptors = [
      pollfd(fd: input, events: Int16(POLLIN), revents: 0), pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
    ]
    var time = MonotonicClock.span(min(max(0, pause), .second))
    guard unsafe ppoll(&descriptors, 2, &time, nil) > 0 else { return }
    // The device is gone, with its namespace: do not spin at high priority.
    if descriptors[0].revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { usleep(100_000) }
  }
}
