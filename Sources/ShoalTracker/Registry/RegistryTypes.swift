import ShoalContent
import ShoalWire

/// Identifies a registration: a peer and a file.
struct RegistrationKey: Hashable, Sendable {
  var peer: Address
  var id: Digest
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

/// Where a registration is, or would be.
struct Found {
  /// The entry; `chainEnd` if there is none.
  var entry = chainEnd
  /// The first peer of the same host that has registered the file; `chainEnd` if there is none.
  var first = chainEnd
}
