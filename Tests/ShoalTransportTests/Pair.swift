import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire

@testable import ShoalTransport

/// Two hosts and the connection between them; all link parameters are those of the first host.
struct Pair {
  let world: World
  let a: WorldEndpoint
  let b: WorldEndpoint

  init(
    _ link: String = "clean", seed: UInt64 = 1, _ first: TransportConfiguration = TransportConfiguration(),
    _ second: TransportConfiguration? = nil
  ) throws {
    world = World(seed: seed)
    a = world.addEndpoint(first, link: try LinkSpec(parsing: link))
    b = world.addEndpoint(second ?? first)
  }

  /// Connects the hosts, unless they already are; returns the ids of the first and the second.
  @discardableResult
  func connect() throws -> (ConnectionID, ConnectionID) {
    world.connect(a, to: b)
    world.run(for: 10 * .second) { a.connection != nil && b.connection != nil }
    guard let first = a.connection, let second = b.connection else { throw NotConnected() }
    return (first, second)
  }

  struct NotConnected: Error {}

  /// Sends a file from the first to the second; returns the seconds that it took, or nil if it did not arrive.
  func transfer(_ bytes: Int, within limit: Nanoseconds = 600 * .second) throws -> Double? {
    let (id, _) = try connect()
    let start = world.now
    world.sendFile(bytes, from: a, on: id)
    guard world.run(for: limit, until: { world.isComplete }) else { return nil }
    return Double(b.contentReceivedAt - start) / 1e9
  }
}

extension TransportConfiguration {
  /// The defaults with changes.
  static func with(_ change: (inout TransportConfiguration) -> Void) -> TransportConfiguration {
    var configuration = TransportConfiguration()
    change(&configuration)
    return configuration
  }
}

/// Counts the datagrams of each type that are sent, and loses as many as it is asked to.
final class Tap {
  private(set) var sent: [PacketType: Int] = [:]
  private(set) var datagrams: [(at: Instant, datagram: NetworkDatagram, type: PacketType)] = []
  /// How many datagrams of each type to lose, beginning with the first.
  var lose: [PacketType: Int] = [:]
  /// Changes datagrams, or loses those for which it returns false.
  var change: ((inout NetworkDatagram, PacketType) -> Bool)?

  init(_ world: World) {
    world.network.onSend = { [self] datagram, now in
      guard let type = PacketType(rawValue: datagram.bytes[3]) else { return true }
      sent[type, default: 0] += 1
      datagrams.append((now, datagram, type))
      if let left = lose[type], left > 0 {
        lose[type] = left - 1
        return false
      }
      return change?(&datagram, type) ?? true
    }
  }

  func count(_ type: PacketType) -> Int { sent[type] ?? 0 }
  func times(_ type: PacketType, from host: WorldEndpoint? = nil) -> [Nanoseconds] {
    datagrams.filter { $0.type == type && (host == nil || $0.datagram.from == host?.address) }.map { $0.at.nanoseconds }
  }
}

extension [UInt8] {
  /// Corrects the datagram's checksum.
  mutating func mend() { Datagram.seal(&self) }
}

// What a test asks of an endpoint, and cannot ask within `#expect`, which would copy the endpoint.
extension WorldEndpoint {
  func status(_ id: ConnectionID) -> ConnectionStatus? { endpoint.status(id) }
  func send(_ message: [UInt8], on id: ConnectionID) -> Bool { endpoint.send(message, on: id) }
  func open(to address: Address, at now: Instant) -> ConnectionID? { endpoint.open(to: address, at: now) }
  func versions(_ id: ConnectionID) -> ClosedRange<UInt8>? { endpoint.closeDetail(id).versions }
  func queued(_ id: ConnectionID) -> (bytes: Int, ranges: Int, messages: Int) { endpoint.queued(id) }
  func slot(_ id: ConnectionID) -> Int? { endpoint.connections.slot(id) }
  var credit: Int { endpoint.turns.credit[slot(connection!)!] }

  /// The newest connection, inside the endpoint.
  var inside: Connection {
    _read { yield self[slot(connection!)!] }
    _modify { yield &self[slot(connection!)!] }
  }
  subscript(slot: Int) -> Connection {
    _read { yield endpoint.connections[slot] }
    _modify { yield &endpoint.connections[slot] }
  }
}
