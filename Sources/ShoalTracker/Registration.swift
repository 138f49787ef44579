import ShoalWire

/// A peer of a file: who, which file.
struct RegistrationKey: Hashable, Sendable {
  var peer: Address
  var id: Digest
}

/// What a peer has told of a file.
struct Registration: Sendable {
  var key: RegistrationKey
  var cut: Cut
  var name: String
  var chunks: ChunkSet
  /// When it last registered or updated.
  var heard: Instant
  /// Its place in the order in which registrations began.
  let serial: UInt64
}

/// A file that at least one peer has registered.
struct TrackedFile: Sendable {
  /// The slots of its peers' registrations, in no order.
  var members: [Int]
  /// The slot of the peer registered longest, whose name and cut stand for the file.
  var eldest: Int
  /// Whether FIND finds it under its name.
  var isListed = false
}

/// Why a request is refused.
struct Refused: Error {
  var code: TrackerError
  var message: String

  init(_ code: TrackerError, _ message: String) {
    self.code = code
    self.message = message
  }
}
