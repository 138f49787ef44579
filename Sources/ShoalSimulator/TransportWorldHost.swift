import ShoalBase
import ShoalContent
import ShoalLink
import ShoalTransport
import ShoalWire

/// A host of a `TransportWorld`: an endpoint and what a real host does around it.
package final class TransportWorldHost {
  /// Its address.
  package let address: Address
  /// Its endpoint; after a call that gives it something to send, have the world `flush` the host.
  package var endpoint: Endpoint
  /// The connections that were opened and are not closed, oldest first, with who opened them.
  package var connections: [(id: ConnectionID, byPeer: Bool)] = []
  /// How connections ended.
  package internal(set) var closed: [(id: ConnectionID, code: UInt16, byPeer: Bool, reason: String)] = []
  /// Bytes of file that have arrived.
  package internal(set) var contentReceived = 0
  /// Bytes of file that arrived in one packet although they had in another: a repeat that was cut short, the path
  /// having become narrower, leaves its rest to another packet, while the whole may have arrived.
  package internal(set) var bytesRepeated = 0
  /// When bytes of file last arrived.
  package internal(set) var contentReceivedAt = Instant.zero
  /// Bytes of UDP payload sent.
  package internal(set) var bytesSent = 0
  /// Messages other than blocks that have arrived.
  package internal(set) var messagesReceived = 0
  /// Datagrams that arrived with a wrong checksum.
  package internal(set) var corrupt = 0

  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
  /// The numbers of the packets whose messages were handed on, by the connection's id on the wire.
  var handedOn: [UInt64: Set<UInt32>] = [:]
  /// What the wire shows of each connection that this host sends numbered packets on, by the peer's id for it.
  var windows: [ConnectionID: WireWindow] = [:]

  /// The numbers that a host has sent and that were acknowledged to it, as the wire has them.
  struct WireWindow {
    var limit: UInt32
    var base: UInt32?
    var most: UInt32 = 0
  }

  init(_ address: Address, _ configuration: TransportConfiguration, secrets: UInt64) {
    self.address = address
    endpoint = Endpoint(configuration, secrets: SecretGenerator(seed: secrets))
  }

  deinit { buffer.deallocate() }

  /// The newest connection that is open.
  package var connection: ConnectionID? { connections.last?.id }
  /// The most numbered packets that were ever unacknowledged at once, on any connection.
  package var mostOutstanding: Int { Int(windows.values.map(\.most).max() ?? 0) }
}
