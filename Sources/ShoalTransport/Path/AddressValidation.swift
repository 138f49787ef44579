import ShoalContent
import ShoalWire

/// Whether the peer has shown that it receives at an address; until then little is sent there (RFC 9000 §8.1).
struct AddressValidation {
  private(set) var isValidated: Bool
  var received = 0
  private(set) var sent = 0

  init(isValidated: Bool) { self.isValidated = isValidated }

  /// Whether this many bytes may be sent now.
  func allows(_ bytes: Int) -> Bool { isValidated || sent + bytes <= Limits.amplification * received }

  mutating func received(_ bytes: Int) { received += bytes }
  mutating func sent(_ bytes: Int) { sent += bytes }
  mutating func validated() { isValidated = true }
}
