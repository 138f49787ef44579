import ShoalSimulator

@testable import ShoalTransport

/// What must hold inside an endpoint at any time.
struct Invariants {
  private var turns = 0
  /// Whether a black hole was suspected.
  private(set) var datagramFell = false
  private var largest = 0

  /// The invariant that does not hold; nil if all do. It looks at every packet only now and then, as that takes long.
  mutating func broken(_ host: WorldEndpoint) -> String? {
    turns += 1
    for slot in host.connections.compactMap({ host.endpoint.connections.slot($0.id) }) {
      datagramFell = datagramFell || host[slot].datagram < largest
      largest = max(largest, host[slot].datagram)
      if let broken = Invariants.brokenAtHand(host[slot]) { return broken }
      if turns % 50 == 0, let broken = Invariants.broken(host[slot]) { return broken }
    }
    return nil
  }

  /// The same, for those invariants that can be checked without looking at every packet.
  private static func brokenAtHand(_ connection: borrowing Connection) -> String? {
    let (base, next) = (connection.sendWindow.base, connection.sendWindow.next)
    if next - base > UInt64(connection.windowSize) { return "\(next - base) packets outstanding" }
    if connection.receiveWindow.top - connection.receiveWindow.next > UInt64(connection.windowSize) {
      return "the receive window is overrun"
    }
    let flight = connection.sendWindow.flight.count
    if flight > 2 * Int(connection.windowSize) + 1_024 { return "\(flight) transmissions are remembered" }
    let lost = connection.sendWindow.lost.count
    if lost > 2 * Int(connection.windowSize) + 1_024 { return "\(lost) losses are remembered" }
    let passings = connection.sendWindow.roundTrips.count
    if passings > 1 << 14 { return "\(passings) round trips are remembered" }
    return nil
  }

  /// The invariant of a connection that does not hold; nil if all do.
  static func broken(_ connection: borrowing Connection) -> String? {
    if let broken = brokenAtHand(connection) { return broken }
    var bytes = 0
    var lost = 0
    for number in connection.sendWindow.base..<connection.sendWindow.next {
      let packet = connection.sendWindow.packets[number]
      if connection.sendWindow.packets.isAcked(number), packet.inFlight || packet.isLost { return "\(number) is acked" }
      if packet.inFlight, packet.isLost { return "\(number) is both in flight and lost" }
      if packet.inFlight { bytes += Int(packet.bytes) }
      if packet.isLost { lost += 1 }
    }
    if bytes != connection.sendWindow.bytesInFlight {
      return "in flight: \(connection.sendWindow.bytesInFlight), not \(bytes)"
    }
    if lost != connection.sendWindow.lostCount { return "lost: \(connection.sendWindow.lostCount), not \(lost)" }
    return nil
  }
}
