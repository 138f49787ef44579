import ShoalTransport
import ShoalWire

/// What we want of one peer: a file that it serves to us.
struct Subscription {
  let file: FileKey
  /// The peer's offer; nil before it came.
  var offer: Offer?
  /// The chunks that it announced since, or before its offer arrived.
  var announced: [ChunkRun] = []
  /// The pieces that it has, by our cut; nil while that is not known, or if it cannot be asked.
  var pieces: ChunkSet?
  /// Bytes that are requested and have not come.
  var outstanding = 0
  /// Bytes that came, at all and since the last tick.
  var received: UInt64 = 0
  var sinceTick = 0
  /// Bytes a second lately, and the highest of late.
  var rate = 0.0
  /// When it last sent bytes, or was first asked.
  var progressAt = Instant.zero
  /// It owes bytes and has sent none for too long.
  var isSnubbed = false
}

/// What one peer wants of us.
struct Service {
  let file: FileKey
  /// Chunks that it has not been told of.
  var unannounced: [ChunkRun] = []
  /// Bytes of file queued for it so far.
  var bytes: UInt64 = 0
}

/// What passes between us and one peer, over one connection.
struct Session {
  let connection: ConnectionID
  let address: Address
  let byPeer: Bool
  var isOpen: Bool
  /// By the number that we gave the file.
  var subscriptions: [UInt16: Subscription] = [:]
  /// By the number that the peer gave it.
  var services: [UInt16: Service] = [:]
  var nextNumber: UInt16 = 0

  /// The number under which we want a file here.
  func number(of file: FileKey) -> UInt16? { subscriptions.first { $0.value.file == file }?.key }
}
