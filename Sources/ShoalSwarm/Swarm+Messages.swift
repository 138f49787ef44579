import ShoalBase
import ShoalTransport
import ShoalWire

extension Swarm {
  /// Takes what the endpoint made of the datagram that it was handed.
  mutating func takeTransportEvents(_ bytes: RawSpan, at now: Instant) {
    while let event = endpoint.nextEvent() {
      switch event {
      case .block(let id, let block): receive(block, id.index, bytes, at: now)
      case .message(let id, let type, let body):
        guard sessions[id.index] != nil else { continue }
        guard endpoint.queued(id).messages < SwarmConstants.queuedMessages else {
          drop(id.index, .protocolError, "answers are not taken", at: now)
          continue
        }
        do throws(WireError) {
          try receive(type, body, id.index, bytes, at: now)
        } catch {
          drop(id.index, .protocolError, error.description, at: now)
        }
      case .opened(let id, let byPeer): opened(id, byPeer: byPeer, at: now)
      case .closed(let id, let code, let byPeer): closed(id, code: code, byPeer: byPeer, at: now)
      }
    }
  }

  private mutating func receive(
    _ type: MessageType, _ body: ByteRange, _ index: Int, _ bytes: RawSpan, at now: Instant
  ) throws(WireError) {
    switch type {
    case .want: receive(try Want.decode(bytes, body), index, at: now)
    case .offer: receive(try Offer.decode(bytes, body), index, at: now)
    case .have: receive(try Have.decode(bytes, body), index, at: now)
    case .request: receive(try Request.decode(bytes, body), index, at: now)
    case .cancel: receive(try Cancel.decode(bytes, body), index, at: now)
    case .refuse: receive(try Refuse.decode(bytes, body), index, at: now)
    case .block: break
    }
  }

  /// Queues a message for a peer. One that fits no datagram would be a fault of ours and is not sent.
  mutating func post(_ message: some Message, on index: Int) {
    guard let connection = sessions[index]?.connection, let bytes = try? message.encoded() else { return }
    endpoint.send(bytes, on: connection)
  }
}
