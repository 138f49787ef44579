import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// What downloads and uploads want to be sent and done. They know of no endpoint: the swarm carries it out after they
/// have returned.
struct Outbox {
  /// An action that only the swarm can take, because it concerns several files or a whole connection.
  enum Demand: Equatable {
    /// A peer sent content that does not match the file's id.
    case distrust(Address, Lie)
    /// A peer broke the protocol.
    case drop(LinkKey, CloseCode, String)
    /// A peer announced more than was kept: request the file from it again, under another number.
    case askAnew(LinkKey)
  }

  /// What to send, in this order.
  enum Item {
    case message([UInt8])
    case range(Payload)
  }

  private(set) var items: [(to: LinkKey, item: Item)] = []
  private(set) var demands: [Demand] = []
  private var events = Queue<SwarmEvent>()
  /// When to review something, if that is sooner than planned.
  private(set) var wakeAt = Instant.distantFuture

  /// Queues a message for a peer. One that fits in no datagram would be a bug here, and is not sent.
  mutating func post(_ message: some Message, to link: LinkKey) {
    if let bytes = try? message.encoded() { items.append((link, .message(bytes))) }
  }

  /// Queues a message that is encoded already.
  mutating func post(encoded message: [UInt8], to link: LinkKey) { items.append((link, .message(message))) }

  /// Queues two messages for the same datagram, so that they keep their order.
  mutating func post(_ first: some Message, then second: some Message, to link: LinkKey) {
    if let bytes = try? first.encoded() + second.encoded() { items.append((link, .message(bytes))) }
  }

  /// Queues bytes of a file.
  mutating func send(_ range: Payload, to link: LinkKey) { items.append((link, .range(range))) }

  mutating func demand(_ demand: Demand) { demands.append(demand) }

  mutating func emit(_ event: SwarmEvent) { events.append(event) }

  mutating func nextEvent() -> SwarmEvent? { events.popFirst() }

  mutating func wake(at instant: Instant) { wakeAt = min(wakeAt, instant) }

  /// Takes everything that is to be sent.
  mutating func takeItems() -> [(to: LinkKey, item: Item)] {
    defer { items.removeAll(keepingCapacity: true) }
    return items
  }

  mutating func takeDemands() -> [Demand] {
    defer { demands.removeAll(keepingCapacity: true) }
    return demands
  }

  /// Notes that the tick has taken place.
  mutating func sleep() { wakeAt = .distantFuture }
}

/// The resources that the files of a swarm share.
struct SwarmResources {
  var outbox = Outbox()
  var budget: PieceBudget
  var requests = RequestAllowance()
  var random: SeededGenerator
}

/// The bytes of pieces that may be gathered or verified at a time, over all files.
struct PieceBudget {
  let limit: Int
  private(set) var used = 0
  /// Whether a piece could not be begun because too much is buffered.
  var isFull = false

  init(limit: Int) { self.limit = limit }

  /// Whether another piece fits. One is always allowed, however long it is.
  func hasRoom(for length: Int) -> Bool { used == 0 || used + length <= limit }

  mutating func take(_ length: Int) { used += length }

  mutating func giveBack(_ length: Int) {
    used -= length
    assert(used >= 0, "more was given back than was taken")
  }
}
