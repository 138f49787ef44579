import Glibc
import ShoalTerminal
import ShoalWire

/// A host, a port, or both: what an address may be required to be.
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
    if let ipv4 = SystemCall.ipv4(String(name)) {
      host = Address(ipv4: ipv4, port: 0)
    } else if let ipv6 = SystemCall.ipv6(String(name)) {
      host = Address(high: ipv6.high, low: ipv6.low, port: 0)
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
