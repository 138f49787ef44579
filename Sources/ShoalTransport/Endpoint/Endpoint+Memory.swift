import ShoalBase
import ShoalWire

// The memory that peers can make this endpoint use: Protocol.md §A.3.
extension Endpoint {
  /// Doubles the room in a send window, if its host's share allows it.
  mutating func grow(_ slot: Int) {
    guard hosts.mayTake(connections[slot].sendWindow.memory, connections[slot].host) else { return }
    connections[slot].sendWindow.grow()
    account(slot)
  }

  /// Ends a connection if there was no memory for one of its messages: none can be left out.
  mutating func endOverdrawn(_ slot: Int, at now: Instant) {
    guard connections[slot].state != .closing else { return }
    let id = connections.id(slot)
    connections[slot].end(.busy, "messages are not taken", on: .ownerEnds, id, &events, at: now)
  }

  /// Charges a connection's host with what the connection takes now.
  mutating func account(_ slot: Int) {
    let change = connections[slot].takeMemoryChange()
    if change != 0 { hosts.took(change, connections[slot].host) }
  }
}
