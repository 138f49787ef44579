import Glibc

// Safety: the arrays have as many bytes as the family's addresses and their texts, and the system is told how long the
// text may be.

/// An address with the length of its network prefix: `10.77.0.1/24`, `fd53:686f:616c::1/64`.
struct InterfaceAddress: Equatable, CustomStringConvertible {
  enum Kind: Equatable {
    case ipv4([UInt8])
    case ipv6([UInt8])
  }
  let kind: Kind
  let prefix: Int

  /// Reads an address; nil if `text` is not one.
  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let prefix = Int(parts[1]) else { return nil }
    if let bytes = InterfaceAddress.bytes(AF_INET, String(parts[0]), 4), (1...32).contains(prefix) {
      (kind, self.prefix) = (.ipv4(bytes), prefix)
    } else if let bytes = InterfaceAddress.bytes(AF_INET6, String(parts[0]), 16), (1...128).contains(prefix) {
      (kind, self.prefix) = (.ipv6(bytes), prefix)
    } else {
      return nil
    }
  }

  var isIPv6: Bool { if case .ipv6 = kind { true } else { false } }

  /// The address alone.
  var host: String {
    var text = [CChar](repeating: 0, count: 64)
    switch kind {
    case .ipv4(let bytes): unsafe inet_ntop(AF_INET, bytes, &text, 64)
    case .ipv6(let bytes): unsafe inet_ntop(AF_INET6, bytes, &text, 64)
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  var description: String { "\(host)/\(prefix)" }

  /// The IPv4 mask of a prefix.
  static func mask(_ prefix: Int) -> [UInt8] {
    let mask = UInt32(truncatingIfNeeded: ~UInt64(0) << UInt64(32 - prefix))
    return (0..<4).map { UInt8(truncatingIfNeeded: mask >> UInt32(24 - 8 * $0)) }
  }

  private static func bytes(_ family: Int32, _ text: String, _ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return unsafe inet_pton(family, text, &bytes) == 1 ? bytes : nil
  }
}
