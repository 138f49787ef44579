import ShoalBase

/// Limits the content that all connections send together to one rate. Everything else passes: acknowledgements and
/// requests must not wait behind the host's own content.
///
/// Each connection's congestion controller sees only its own packets. A hundred connections together would fill an
/// uplink's queue with the few packets that each of them keeps in flight at least.
///
/// The connection that was given content first sends first: a piece can be passed on only when it is complete.
struct ContentPacer {
  /// In bytes per second, retransmissions and headers included; infinite for no limit.
  var rate = Double.infinity
  private var pacer = Pacer()
  /// The connections whose content waits only for the rate, in the order in which they were given it.
  private(set) var held: [Int] = []
  private var isHeld: [Bool]
  /// The order in which the connections, when they had no content, were last given some.
  private var order: [UInt64]
  private var given: UInt64 = 0
  /// When the first of them may send.
  private(set) var releaseAt = Instant.distantFuture

  init(slots: Int) {
    isHeld = Array(repeating: false, count: slots)
    order = Array(repeating: 0, count: slots)
  }

  /// Whether content may leave now.
  mutating func mayLeave(at now: Instant) -> Bool {
    guard rate.isFinite else { return true }
    releaseAt = pacer.release(rate: rate, share: 1, datagram: ContentPacer.datagram, at: now) ?? now
    return releaseAt <= now
  }

  /// Notes that a datagram with content has left.
  mutating func sent(_ bytes: Int) { if rate.isFinite { pacer.sent(bytes) } }

  /// Notes that a connection without content was given some.
  mutating func gave(_ slot: Int) {
    given += 1
    order[slot] = given
  }

  /// Has a connection wait until content may leave.
  mutating func hold(_ slot: Int) {
    guard !isHeld[slot] else { return }
    isHeld[slot] = true
    held.insert(slot, at: held.firstIndex { order[$0] > order[slot] } ?? held.count)
  }

  /// Takes the connection that sends next.
  mutating func release() -> Int? {
    guard !held.isEmpty else { return nil }
    let slot = held.removeFirst()
    isHeld[slot] = false
    return slot
  }

  /// Notes that a slot is free for another connection.
  mutating func remove(_ slot: Int) {
    guard isHeld[slot] else { return }
    held.removeAll { $0 == slot }
    isHeld[slot] = false
  }

  /// The size of a typical full datagram, of which a burst has two at least.
  private static let datagram = 1_452
}
