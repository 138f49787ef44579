/// The end from whose view each connection is shown: the capturing machine; if that is neither end, the responder,
/// since it usually serves the file, and its packets are of interest; or, if no handshake was captured, the end that
/// was seen sending first.
struct QlogViews {
  /// For each connection, by its first flow, whether that flow is the outgoing one.
  private var areOwn: [Int: Bool] = [:]

  /// Of the connection of which `flow` is one direction, the flow that is outgoing in this view, and whether the
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
