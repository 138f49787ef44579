/// The end from whose view each connection is shown: the machine that captured; otherwise the responder, since the peer
/// that is asked usually serves, and its packets are of interest; or, if no handshake was captured, the end that was
/// seen to send first.
struct QlogViews {
  /// For each connection's first flow, whether it is the outgoing one.
  private var areOwn: [Int: Bool] = [:]

  /// The flow that is outgoing in the view of the connection one of whose directions is `flow`, and whether the
  /// datagram is outgoing. Nil if the connection is unknown, or its opener has not been answered yet.
  mutating func place(
    _ datagram: Datagram, _ seen: Observation, flow: Int?, _ flows: [Flow]
  ) -> (own: Int?, isSent: Bool) {
    if let type = datagram.type, type.isTracker {
      return (nil, datagram.direction.map { $0 == .outbound } ?? type.isTrackerRequest)
    }
    guard let flow else { return (nil, datagram.direction == .outbound) }
    let first = min(flow, flows[flow].reverse ?? flow)
    // An OPEN travels against the flow that its id names.
    let isAgainst = datagram.type == .open && seen.flow == nil
    let isOwn =
      areOwn[first]
      ?? {
        let goesOut = datagram.direction.map { $0 == .outbound } ?? !(isAgainst || flows[flow].isFromOpener == true)
        let isInFirst = (flow == first) != isAgainst
        return goesOut == isInFirst
      }()
    areOwn[first] = isOwn
    let own = isOwn ? first : flows[first].reverse
    return (own, isAgainst ? own != flow : seen.flow != nil && seen.flow == own)
  }
}
