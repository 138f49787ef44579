import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// A host of a `World` that obeys only the rules of the transport: a test decides what it sends on a connection.
package final class WorldStranger: WorldHost {
  /// Its reaction to an event; it may send and close.
  package typealias Behaviour = (_ stranger: WorldStranger, _ event: Event, _ now: Instant) -> Void

  /// An event.
  package enum Event {
    case opened(ConnectionID, byPeer: Bool)
    case want(ConnectionID, Want)
    case request(ConnectionID, Request)
    case offer(ConnectionID, Offer)
    case have(ConnectionID, Have)
    case cancel(ConnectionID, Cancel)
    case refuse(ConnectionID, Refuse)
    case other(ConnectionID, MessageType)
    case block(ConnectionID, Block)
    case closed(ConnectionID, code: UInt16)
  }

  /// Its address.
  package let address: Address
  /// Its endpoint; after a call that gives it something to send, have the world `flush` the stranger.
  package var endpoint: Endpoint
  /// Fills the content of its blocks.
  package var content: (Payload, inout MutableSpan<UInt8>) -> Void = { _, _ in }
  private let behave: Behaviour
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  init(_ address: Address, secrets: UInt64, _ behave: @escaping Behaviour) {
    self.address = address
    self.behave = behave
    endpoint = Endpoint(TransportConfiguration(), secrets: SecretGenerator(seed: secrets))
  }

  /// Sends a message.
  package func send(_ message: some Message, on id: ConnectionID) {
    if let bytes = try? message.encoded() { endpoint.send(bytes, on: id) }
  }

  package func receive(_ datagram: NetworkDatagram, at now: Instant) {
    guard let bytes = Datagram.open(datagram.bytes.span) else { return }
    endpoint.receive(bytes, from: datagram.from, at: now)
    while let event = endpoint.nextEvent() {
      switch event {
      case .opened(let id, let byPeer): behave(self, .opened(id, byPeer: byPeer), now)
      case .closed(let id, let code, _): behave(self, .closed(id, code: code), now)
      case .block(let id, let block): behave(self, .block(id, block), now)
      case .message(let id, .want, let body):
        if let want = try? Want.decode(bytes, body) { behave(self, .want(id, want), now) }
      case .message(let id, .request, let body):
        if let request = try? Request.decode(bytes, body) { behave(self, .request(id, request), now) }
      case .message(let id, .offer, let body):
        if let offer = try? Offer.decode(bytes, body) { behave(self, .offer(id, offer), now) }
      case .message(let id, .have, let body):
        if let have = try? Have.decode(bytes, body) { behave(self, .have(id, have), now) }
      case .message(let id, .cancel, let body):
        if let cancel = try? Cancel.decode(bytes, body) { behave(self, .cancel(id, cancel), now) }
      case .message(let id, .refuse, let body):
        if let refuse = try? Refuse.decode(bytes, body) { behave(self, .refuse(id, refuse), now) }
      case .message(let id, let type, _): behave(self, .other(id, type), now)
      }
    }
  }

  package func expire(at now: Instant) { endpoint.expire(at: now) }

  package func nextTransmit(at now: Instant) -> NetworkDatagram? {
    guard let transmit = endpoint.nextTransmit(into: &buffer, at: now) else { return nil }
    var bytes = transmit.gathered(behind: buffer, content)
    Datagram.seal(&bytes)
    return NetworkDatagram(from: address, to: transmit.to, bytes: bytes)
  }
  package func nextEvent(at now: Instant) -> String? { nil }

  package var deadline: Instant { endpoint.deadline }
  package var isFingerprinted: Bool { false }
}
