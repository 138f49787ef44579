extension PacketFilter {
  /// Whether an event of a peer's qlog is shown: it has a time, a connection and addresses, and nothing else.
  ///
  /// `flow` is the one over which the peer sends, and `reverse` the other direction, if the capture has them.
  func passes(_ event: PeerEvent, elapsed: Int64?, _ flow: Flow?, _ reverse: Flow?) -> Bool {
    chunks == nil
      && conditions.allSatisfy { condition in
        condition.root.holds { condition.predicates[$0].holds(event, elapsed: elapsed, flow, reverse) }
      }
  }
}

extension Predicate {
  fileprivate func holds(_ event: PeerEvent, elapsed: Int64?, _ flow: Flow?, _ reverse: Flow?) -> Bool {
    switch self {
    case .number(.time, let relation, let value):
      return elapsed.map { relation.holds(Double($0) / 1e9, value) } ?? false
    case .hex(let field, let relation, let digits):
      let ids = [event.connection, field == .flow ? reverse?.connection : nil]
      return ids.contains { $0.map { Self.begins($0, digits) } ?? false } == (relation == .equal)
    case .address(let field, let relation, let address):
      let isSource = field != .dst && flow.map { address.matches($0.source) } ?? false
      let isDestination = field != .src && flow.map { address.matches($0.destination) } ?? false
      return (isSource || isDestination) == (relation == .equal)
    case .present(let field): return [.time, .conn, .flow].contains(field)
    case .type(let relation, _), .mark(let relation, _), .message(let relation, _): return relation == .unequal
    case .number, .truth, .field: return false
    }
  }
}
