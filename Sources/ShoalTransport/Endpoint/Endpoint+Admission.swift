import ShoalBase
import ShoalWire

// Which connection gives way when there is no place for a newcomer whose address is proven: Protocol.md §A.3.
extension Endpoint {
  /// Makes a place for one more connection of a host; false if that is not possible.
  ///
  /// A closing connection goes first. Otherwise the host with the most connections gives up the one that has been
  /// without content for longest: at once if the newcomer's host would still have fewer, else only if that one has been
  /// idle for a while. A host at its own limit gives up one of its own, or is refused.
  mutating func makeRoom(for host: HostKey, at now: Instant) -> Bool {
    let own = hosts.connections(of: host)
    let group = own < configuration.maxConnectionsPerHost ? nil : host
    let most = group == nil ? hosts.mostConnections : own
    let isFairer = most >= own + 2
    guard isFairer || now >= hosts.crowdedUntil(group), let victim = idlest(group, most) else { return false }
    let idleAt = connections[victim].lastContentAt + Constants.idleBeforeOthers
    guard isFairer || connections[victim].state == .closing || idleAt <= now else {
      hosts.crowded(group, until: idleAt)
      return false
    }
    evict(victim)
    return true
  }

  /// Of the connections of one host, or of all hosts that have `count` of them, one that is closing or, if there is
  /// none, the one that has carried no content for longest.
  private func idlest(_ host: HostKey?, _ count: Int) -> Int? {
    var found: Int?
    for slot in connections.slotsInUse where connections[slot].standing == .proven {
      let candidate = connections[slot].host
      guard host == nil ? hosts.connections(of: candidate) == count : candidate == host else { continue }
      if connections[slot].state == .closing { return slot }
      if let best = found, connections[slot].lastContentAt >= connections[best].lastContentAt { continue }
      found = slot
    }
    return found
  }

  /// Ends a connection and forgets it, so that its place is free at once.
  private mutating func evict(_ slot: Int) {
    if connections[slot].state == .established || connections[slot].handshake.isAnnounced {
      events.append(.closed(connections.id(slot), code: CloseCode.busy.rawValue, byPeer: false))
    }
    if connections[slot].state != .closing { replies.busy(connections[slot].remoteID, to: connections[slot].address) }
    remove(slot)
  }
}
