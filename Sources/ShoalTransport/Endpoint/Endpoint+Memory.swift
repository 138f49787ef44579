import ShoalBase
import ShoalWire

// The memory that peers can make us use: Protocol.md §A.3.
extension Endpoint {
  /// Lets a window have room for twice as many packets, if its host may take so much.
  mutating func grow(_ slot: Int) {
    let connection = connections.at(slot)
    guard hosts.mayTake(connection.pointee.send.memory, connection.pointee.host) else { return }
    connection.pointee.send.grow()
    account(slot)
  }

  /// Something was acknowledged: an empty window gives back what it took.
  mutating func settle(_ slot: Int) {
    let connection = connections.at(slot)
    if connection.pointee.send.isEmpty, connection.pointee.send.capacity > SendWindow.leastCapacity {
      connection.pointee.send.shrink()
    }
    account(slot)
  }

  /// A message for which there is no memory ends its connection: none can be left out.
  mutating func endOverdrawn(_ slot: Int, at now: Instant) {
    guard connections.at(slot).pointee.state != .closing else { return }
    events.append(.closed(connections.id(slot), code: CloseCode.busy.rawValue, byPeer: false))
    end(slot, CloseCode.busy.rawValue, "messages are not taken", at: now)
  }

  /// Charges a connection's host with what the connection takes now.
  mutating func account(_ slot: Int) {
    let connection = connections.at(slot)
    let memory = connection.pointee.memory
    guard memory != connection.pointee.charged else { return }
    hosts.took(memory - connection.pointee.charged, connection.pointee.host)
    connection.pointee.charged = memory
  }
}
