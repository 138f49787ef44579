import Glibc
import ShoalWire

// Safety: the list of answers is walked before it is freed at the end of the scope; what else the system fills is
// local.

/// Why a host and port were not understood, or were not found.
package enum ResolverError: Error, Hashable, Sendable {
  /// Not "host", "host:port", "[IPv6]:port" or ":port".
  case malformed(String)
  /// What follows the colon is not 0 to 65535.
  case badPort(String)
  /// There is no port, and no default for it.
  case missingPort(String)
  /// There is no host, and one is needed.
  case missingHost(String)
  /// An IPv6 address without brackets whose end might as well be a port.
  case ambiguous(String, address: String, port: String)
  /// No interface has the name or number after the `%`.
  case unknownZone(String, zone: String)
  /// A link-local address that does not say on which interface.
  case missingZone(String)
  /// The name does not exist.
  case unknownHost(String)
  /// The name exists, without an address.
  case noAddress(String)
  /// No name server answered.
  case noAnswer(String)
  /// Anything else, with the system's own words.
  case failed(String, String)
}

extension ResolverError: CustomStringConvertible {
  /// The thing, the cause and, where it helps, the remedy: `"exmaple.org": no such host`. ASCII, whatever the text was.
  package var description: String {
    switch self {
    case .malformed(let text): "\(quoted(text)): not HOST:PORT; write an IPv6 address as [ADDRESS]:PORT"
    case .badPort(let text): "\(quoted(text)): the port must be a number from 0 to 65535"
    case .missingPort(let text): "\(quoted(text)): needs a port, as in HOST:PORT"
    case .missingHost(let text): "\(quoted(text)): needs a host, as in HOST:PORT"
    case .ambiguous(let text, let address, let port):
      "\(quoted(text)): is \(port) a port? write [\(address)]:\(port) if it is, and [\(text)]:PORT if it is not"
    case .unknownZone(let text, let zone):
      "\(quoted(text)): this machine has no interface \(quoted(zone)); see 'ip link'"
    case .missingZone(let text):
      "\(quoted(text)): a link-local address is one of a single link: say which, as in \(text)%eth0"
    case .unknownHost(let host): "\(quoted(host)): no such host"
    case .noAddress(let host): "\(quoted(host)): this name has no address"
    case .noAnswer(let host): "\(quoted(host)): no name server answers; is this machine online?"
    case .failed(let host, let reason): "\(quoted(host)): \(reason)"
    }
  }

  private func quoted(_ text: String) -> String {
    "\"" + text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined() + "\""
  }
}

/// Turns what people write into addresses.
package enum Resolver {
  /// A host (a name, a numeric address without brackets, or empty) and a port.
  package struct HostPort: Hashable, Sendable {
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
      self.host = host
      self.port = port
    }

    /// `host:port`, `[IPv6]:port` or `:port`.
    package var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
  }

  /// Reads "host:port", "[IPv6]:port", ":port", and with a default port also "host" and a bare IPv6 address.
  package static func parse(_ text: String, defaultPort: UInt16? = nil) throws(ResolverError) -> HostPort {
    let host: Substring
    let rest: Substring
    if text.utf8.first == UInt8(ascii: "[") {
      guard let end = text.lastIndex(of: "]") else { throw .malformed(text) }
      host = text[text.index(after: text.startIndex)..<end]
      rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.utf8.first == UInt8(ascii: ":"), isIPv6(String(host)) else { throw .malformed(text) }
    } else {
      let colon = text.firstIndex(of: ":") ?? text.endIndex
      // Two colons are an IPv6 address.
      let isBare = text[colon...].dropFirst().contains(":")
      if isBare { try checkBare(text) }
      host = isBare ? text[...] : text[..<colon]
      rest = isBare ? "" : text[colon...]
    }
    guard isHost(host) else { throw .malformed(text) }
    guard !rest.isEmpty else {
      guard !host.isEmpty else { throw .missingHost(text) }
      guard let defaultPort else { throw .missingPort(text) }
      return HostPort(host: String(host), port: defaultPort)
    }
    let digits = rest.dropFirst()
    guard !digits.isEmpty, digits.utf8.allSatisfy({ 48...57 ~= $0 }), let port = UInt16(digits) else {
      throw .badPort(text)
    }
    return HostPort(host: String(host), port: port)
  }

  /// Whether it is an IPv6 address, whatever its zone.
  private static func isIPv6(_ host: String) -> Bool {
    host.contains(":") && numeric(String(host.prefix { $0 != "%" })) != nil
  }

  /// Checks an IPv6 address without brackets: it may stand alone, unless what follows its last colon could just as well
  /// be a port.
  private static func checkBare(_ text: String) throws(ResolverError) {
    guard let colon = text.lastIndex(of: ":") else { return }
    let (address, port) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
    let endsInPort = !port.isEmpty && port.utf8.allSatisfy { 48...57 ~= $0 } && isIPv6(address)
    if endsInPort, isIPv6(text), !text.contains("%") { throw .ambiguous(text, address: address, port: port) }
    guard isIPv6(text), !endsInPort else { throw .malformed(text) }
  }

  /// Whether it is a name or a numeric address, judged by its characters alone.
  private static func isHost(_ text: Substring) -> Bool {
    text.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 32 || 48...57 ~= byte || ".-_:%".utf8.contains(byte)
    }
  }

  /// The address that `host` spells, if it is numeric: "192.0.2.7", "2001:db8::1", "fe80::1%eth0".
  package static func numeric(_ host: String, port: UInt16 = 0) -> Address? {
    var ipv4 = in_addr()
    if unsafe inet_pton(AF_INET, host, &ipv4) == 1 { return Address(ipv4: UInt32(bigEndian: ipv4.s_addr), port: port) }
    let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    var ipv6 = in6_addr()
    guard let first = parts.first, unsafe inet_pton(AF_INET6, String(first), &ipv6) == 1 else { return nil }
    var scope: UInt32 = 0
    if parts.count == 2 {
      let zone = String(parts[1])
      scope = unsafe UInt32(zone) ?? if_nametoindex(zone)
      guard scope != 0 else { return nil }
    }
    return unsafe withUnsafeBytes(of: ipv6) { unsafe Address(ipv6: $0.baseAddress!, port: port, scope: scope) }
  }

  /// The addresses of `host`, best first; at once if it is numeric, otherwise through `getaddrinfo`, which may block
  /// for many seconds: never call it on an event loop.
  package static func resolve(_ host: String, port: UInt16) throws(ResolverError) -> [Address] {
    guard !host.isEmpty else { throw .missingHost(host) }
    if let address = numeric(host, port: port) { return [try placed(address, host)] }
    guard isHost(host[...]) else { throw .malformed(host) }
    if isIPv6(host), let zone = host.firstIndex(of: "%") {
      throw .unknownZone(host, zone: String(host[host.index(after: zone)...]))
    }
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, nil, &hints, &list)
    let cause = errno
    guard code == 0 else { throw error(code, host, cause) }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [Address] = []
    var entry = unsafe list
    while let info = unsafe entry {
      if let storage = unsafe info.pointee.ai_addr, let address = unsafe Address(storage: UnsafeRawPointer(storage)),
        !addresses.contains(address.with(port: port))
      {
        addresses.append(address.with(port: port))
      }
      unsafe entry = unsafe info.pointee.ai_next
    }
    guard !addresses.isEmpty else { throw .noAddress(host) }
    return addresses
  }

  /// Checks that a link-local address names its interface.
  private static func placed(_ address: Address, _ host: String) throws(ResolverError) -> Address {
    guard address.isLinkLocal else { return address }
    guard address.scope != 0 else { throw .missingZone(host) }
    var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    guard unsafe if_indextoname(address.scope, &name) != nil else { throw .unknownZone(host, zone: "\(address.scope)") }
    return address
  }

  /// The addresses in their order, but with IPv6 and IPv4 alternating: if one leads nowhere, the next is of the other
  /// kind (RFC 8305 section 4).
  package static func inTurn(_ addresses: [Address]) -> [Address] {
    guard let first = addresses.first else { return [] }
    var families = [addresses.filter { $0.isIPv4 == first.isIPv4 }, addresses.filter { $0.isIPv4 != first.isIPv4 }]
    var list: [Address] = []
    while list.count < addresses.count {
      for family in families.indices where !families[family].isEmpty { list.append(families[family].removeFirst()) }
    }
    return list
  }

  static func error(_ code: Int32, _ host: String, _ cause: Int32) -> ResolverError {
    switch code {
    case EAI_NONAME: .unknownHost(host)
    // EAI_NODATA and EAI_ADDRFAMILY, which Swift does not see.
    case -5, -9: .noAddress(host)
    case EAI_AGAIN: .noAnswer(host)
    case EAI_SYSTEM: unsafe .failed(host, String(cString: strerror(cause)))
    default: unsafe .failed(host, String(cString: gai_strerror(code)))
    }
  }
}
