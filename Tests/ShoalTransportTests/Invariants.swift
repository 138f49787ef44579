import ShoalSimulator

@testable import ShoalTransport

/// What must hold inside an endpoint at any time.
struct Invariants {
  private var turns = 0
  /// A black hole was suspected.
  private(set) var datagramFell = false
  private var largest = 0

  /// What does not hold; nil if all does. Looks at every packet only now and then, as it takes long.
  mutating func broken(_ host: TransportWorldHost) -> String? {
    turns += 1
    for slot in host.connections.compactMap({ host.endpoint.connections.slot($0.id) }) {
      let connection = host.endpoint.connections.at(slot)
      datagramFell = datagramFell || connection.pointee.datagram < largest
      largest = max(largest, connection.pointee.datagram)
      if let broken = Invariants.brokenAtHand(connection) { return broken }
      if turns % 50 == 0, let broken = Invariants.broken(connection) { return broken }
    }
    return nil
  }

  /// What can be told without a look at every packet.
  private static func brokenAtHand(_ connection: UnsafeMutablePointer<Connection>) -> String? {
    let (base, next) = (connection.pointee.send.base, connection.pointee.send.next)
    if next - base > UInt64(connection.pointee.windowSize) { return "\(next - base) packets outstanding" }
    if connection.pointee.receive.top - connection.pointee.receive.next > UInt64(connection.pointee.windowSize) {
      return "the receive window is overrun"
    }
    let flight = connection.pointee.send.flight.count
    if flight > 2 * Int(connection.pointee.windowSize) + 1_024 { return "\(flight) transmissions are remembered" }
    let lost = connection.pointee.send.lost.count
    if lost > 2 * Int(connection.pointee.windowSize) + 1_024 { return "\(lost) losses are remembered" }
    let passings = connection.pointee.send.passings.count
    if passings > 1 << 14 { return "\(passings) round trips are remembered" }
    return nil
  }

  /// What does not hold in a connection; nil if all does.
  static func broken(_ connection: UnsafeMutablePointer<Connection>) -> String? {
    if let broken = brokenAtHand(connection) { return broken }
    var bytes = 0
    var lost = 0
    for number in connection.pointee.send.base..<connection.pointee.send.next {
      let packet = connection.pointee.send.packet(number)
      if connection.pointee.send.isAcked(number), packet.inFlight || packet.isLost { return "\(number) is acked" }
      if packet.inFlight, packet.isLost { return "\(number) is both in flight and lost" }
      if packet.inFlight { bytes += Int(packet.bytes) }
      if packet.isLost { lost += 1 }
    }
    if bytes != connection.pointee.send.bytesInFlight {
      return "in flight: \(connection.pointee.send.bytesInFlight), not \(bytes)"
    }
    if lost != connection.pointee.send.lostCount { return "lost: \(connection.pointee.send.lostCount), not \(lost)" }
    return nil
  }
}
