import ShoalWire

/// An event of a connection: a packet, the end of a wait, or a request of its owner.
enum ConnectionEvent: Hashable {
  case ownerOpens
  case ownerSends
  case ownerEnds
  /// Its place is needed by another.
  case placeNeeded
  /// A packet with our id, which only a peer that has received our ACCEPT knows.
  case proof
  /// A packet of this type; DATA is well formed.
  case packet(PacketType)
  case malformedData
  /// An OPEN or ACCEPT has gone unanswered for a while; others may follow.
  case unanswered
  /// The last of them has gone unanswered.
  case givenUp
  /// Nothing was heard for as long as is allowed.
  case idle
  /// No numbered packet was sent for a third of that.
  case keepAlive
  /// Nothing was acknowledged for a probe timeout.
  case probeTimeout
  /// A connection that is over has been remembered for long enough.
  case lingered
}

/// The reaction to an event: the action, and the next state; nil means that the connection is forgotten.
struct Reaction: Equatable {
  enum Action: Equatable {
    case nothing
    /// Uses the packet's contents, and answers nothing.
    case take
    /// Keeps it for later.
    case wait
    case send(PacketType)
  }

  var action: Action
  var next: ConnectionState?
}

/// The table of Protocol.md §4.3, which a test compares with this one: connections use it to change their state, and to
/// take packets or ignore them.
enum StateTable {
  /// The reaction to an event in a state; a nil state means that there is no connection. Nil if the event cannot happen
  /// there.
  static func reaction(to event: ConnectionEvent, in state: ConnectionState?) -> Reaction? {
    guard let state else { return beginning(event) }
    switch state {
    case .established: return established(event)
    case .opening: return opening(event)
    case .accepting: return accepting(event)
    case .closing: return closing(event)
    }
  }

  /// Whether a packet of this type is processed in this state.
  static func takes(_ type: PacketType, in state: ConnectionState) -> Bool {
    guard let reaction = reaction(to: .packet(type), in: state) else { return false }
    return reaction.action != .nothing || reaction.next != state
  }

  private static func beginning(_ event: ConnectionEvent) -> Reaction? {
    switch event {
    case .ownerOpens: Reaction(action: .send(.open), next: .opening)
    case .packet(.open): Reaction(action: .send(.accept), next: .accepting)
    case .packet(.data), .malformedData: Reaction(action: .send(.reset), next: nil)
    case .packet: Reaction(action: .nothing, next: nil)
    default: nil
    }
  }

  private static func opening(_ event: ConnectionEvent) -> Reaction? {
    switch event {
    case .packet(.accept): Reaction(action: .send(.ack), next: .established)
    case .packet(.retry), .unanswered: Reaction(action: .send(.open), next: .opening)
    case .packet(.version), .packet(.close), .ownerEnds: Reaction(action: .nothing, next: .closing)
    case .givenUp: Reaction(action: .nothing, next: .opening)
    case .idle: Reaction(action: .nothing, next: nil)
    // It belongs to another connection: what the peer opens has an id of its own.
    case .packet(.open): nil
    case .packet, .malformedData: Reaction(action: .nothing, next: .opening)
    case .ownerSends: Reaction(action: .wait, next: .opening)
    default: nil
    }
  }

  private static func accepting(_ event: ConnectionEvent) -> Reaction? {
    switch event {
    case .proof: Reaction(action: .nothing, next: .established)
    case .packet(.open), .unanswered: Reaction(action: .send(.accept), next: .accepting)
    case .packet(.reset), .givenUp: Reaction(action: .nothing, next: .accepting)
    case .idle: Reaction(action: .nothing, next: nil)
    case .ownerSends: Reaction(action: .wait, next: .accepting)
    case .ownerEnds: Reaction(action: .send(.close), next: .closing)
    // Any other packet first establishes the connection, and is then processed.
    default: nil
    }
  }

  private static func established(_ event: ConnectionEvent) -> Reaction? {
    switch event {
    case .packet(.data), .packet(.accept): Reaction(action: .send(.ack), next: .established)
    case .packet(.ack), .packet(.probed): Reaction(action: .take, next: .established)
    case .packet(.probe): Reaction(action: .send(.probed), next: .established)
    case .packet(.challenge): Reaction(action: .send(.response), next: .established)
    case .packet(.close), .packet(.reset): Reaction(action: .nothing, next: .closing)
    case .packet: Reaction(action: .nothing, next: .established)
    case .malformedData, .idle, .ownerEnds: Reaction(action: .send(.close), next: .closing)
    case .ownerSends, .keepAlive, .probeTimeout: Reaction(action: .send(.data), next: .established)
    case .placeNeeded: Reaction(action: .send(.close), next: nil)
    default: nil
    }
  }

  private static func closing(_ event: ConnectionEvent) -> Reaction? {
    switch event {
    case .packet(.data), .malformedData: Reaction(action: .send(.close), next: .closing)
    case .packet, .ownerSends, .ownerEnds: Reaction(action: .nothing, next: .closing)
    case .lingered, .placeNeeded: Reaction(action: .nothing, next: nil)
    default: nil
    }
  }
}
