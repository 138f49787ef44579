import Glibc
import ShoalWire

/// A host, a port, or both: what an address may be asked to be.
struct HostPort: Equatable {
  private var host: Address?
  private var port: UInt16?

  /// `192.0.2.7`, `192.0.2.7:7401`, `[2001:db8::1]:7401`, `2001:db8::1` or `:7401`; nil if it is none of these.
  init?(_ text: String) {
    let colons = text.utf8.count { $0 == UInt8(ascii: ":") }
    var name = text[...]
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      name = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      if !rest.isEmpty { guard readPort(rest.dropFirst()) else { return nil } }
    } else if colons == 1, let colon = text.firstIndex(of: ":") {
      name = text[..<colon]
      guard readPort(text[text.index(after: colon)...]) else { return nil }
    }
    if name.isEmpty {
      if port == nil { return nil }
      return
    }
    var ipv4 = in_addr()
    var ipv6 = in6_addr()
    if inet_pton(AF_INET, String(name), &ipv4) == 1 {
      host = Address(ipv4: UInt32(bigEndian: ipv4.s_addr), port: 0)
    } else if inet_pton(AF_INET6, String(name), &ipv6) == 1 {
      let halves = withUnsafeBytes(of: ipv6) {
        ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      }
      host = Address(high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1), port: 0)
    } else {
      return nil
    }
  }

  private mutating func readPort(_ text: Substring) -> Bool {
    port = UInt16(text)
    return port != nil
  }

  func matches(_ address: Address) -> Bool {
    if let host, host.high != address.high || host.low != address.low { return false }
    return port == nil || port == address.port
  }
}
