import ShoalBase
import ShoalWire

// Passes: what an opener has from an earlier visit. Nothing is kept of them here.
extension Endpoint {
  /// The pass for the opener of a connection, with what is known of the path now; nil if this endpoint opened it, or if
  /// the opener has not yet shown that it receives.
  package func pass(_ id: ConnectionID, at now: Instant) -> Pass? {
    guard let slot = usable(id), connections[slot].byPeer, connections[slot].state == .established else { return nil }
    let terms = connections[slot].path.memory?.terms ?? 0
    let token = passMint.token(of: Self.host(connections[slot].address), for: terms, at: now)
    return Pass(token: token, terms: terms)
  }

  /// What a pass in the messages of an OPEN proves: that they come from where it was sent. It is the first message.
  func pass(in messages: [UInt8], from address: Address, at now: Instant) -> Pass? {
    var reader = MessageReader(messages.span, from: 0)
    guard let first = try? reader.next(), first.type == .pass,
      let pass = try? Pass.decode(messages.span, first.body),
      passMint.isValid(pass.token, of: Self.host(address), for: pass.terms, at: now)
    else { return nil }
    return pass
  }

  /// A pass is for an IP address: at the next visit, the port is most likely another.
  private static func host(_ address: Address) -> Address { address.with(port: 0) }
}
