import ShoalBase
import ShoalContent
import ShoalWire

/// Identifies a registration: a peer and a file.
struct RegistrationKey: Hashable, Sendable {
  var peer: Address
  var id: Digest
}

/// What a peer has reported about a file.
struct Registration: Sendable {
  var key: RegistrationKey
  var cut: Cut
  var name: String
  var chunks: BitSet
  /// When it last registered or updated.
  var heard: Instant
  /// Its place in the order in which registrations began.
  let serial: UInt64
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
