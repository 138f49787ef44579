import Glibc
import ShoalWire

// Safety: the lists are walked, and their texts copied, before they are freed at the end of the scope; what the kernel
// fills is local, and passed with its size.

/// The addresses of this machine.
package enum LocalAddresses {
  /// The addresses at which other machines may reach a socket bound to `socket`, best first: see
  /// `LocalAddress.ticket(of:)`.
  package static func reachable(_ socket: Address) -> [Address] {
    guard socket.isUnspecified else { return [socket] }
    let own = LocalAddress.ticket(of: all().filter { $0.address.isIPv4 || !socket.isIPv4 })
    return (own.isEmpty ? [Address(ipv4: 0x7f00_0001, port: 0)] : own).map { $0.with(port: socket.port) }
  }

  /// Every address of those of this machine's interfaces that are up.
  package static func all() -> [LocalAddress] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    let states = ipv6States()
    // These addresses are reserved for documentation (RFC 5737 and 3849), so they take the default route.
    let targets = [Address(ipv4: 0xc000_0201, port: 9), Address(high: 0x2001_0db8 << 32, low: 1, port: 9)]
    let sources = Set(targets.compactMap { source(towards: $0)?.with(port: 0) })
    var own: [LocalAddress] = []
    var entry = unsafe list
    while let interface = unsafe entry {
      unsafe entry = unsafe interface.pointee.ifa_next
      let flags = unsafe interface.pointee.ifa_flags
      guard flags & UInt32(IFF_UP) != 0, let storage = unsafe interface.pointee.ifa_addr,
        let address = unsafe Address(storage: UnsafeRawPointer(storage))?.with(port: 0)
      else { continue }
      var found = unsafe LocalAddress(address, on: String(cString: interface.pointee.ifa_name))
      // Without a cable, or a process at its other end.
      found.isRunning = flags & UInt32(IFF_RUNNING) != 0
      if let state = states[address] {
        found.isTemporary = state & 0x01 != 0
        found.isDeprecated = state & 0x20 != 0
        // Duplicate address detection has not finished, or has failed.
        found.isTentative = state & 0x48 != 0
      }
      own.append(found)
    }
    let names = Set(own.map(\.interface))
    let bridges = names.filter(isInternalBridge)
    let leading = Set(own.filter { sources.contains($0.address) }.map(\.interface))
    for i in own.indices {
      own[i].isInternal = bridges.contains(own[i].interface)
      own[i].hasDefaultRoute = leading.contains(own[i].interface)
    }
    return own
  }

  /// Whether it is a bridge without a physical device, so that only containers and virtual machines are behind it.
  private static func isInternalBridge(_ interface: String) -> Bool {
    let place = "/sys/class/net/\(interface)"
    guard unsafe access(place + "/bridge", F_OK) == 0, let ports = unsafe opendir(place + "/brif") else { return false }
    defer { unsafe closedir(ports) }
    while let port = unsafe readdir(ports) {
      let name = unsafe withUnsafeBytes(of: &port.pointee.d_name) {
        unsafe String(cString: $0.bindMemory(to: CChar.self).baseAddress!)
      }
      if !name.hasPrefix("."), unsafe access("/sys/class/net/\(name)/device", F_OK) == 0 { return false }
    }
    return true
  }

  /// The kernel's flags of each IPv6 address, `IFA_F_...` of `linux/if_addr.h`.
  private static func ipv6States() -> [Address: UInt8] {
    guard let file = unsafe fopen("/proc/net/if_inet6", "re") else { return [:] }
    defer { unsafe fclose(file) }
    var states: [Address: UInt8] = [:]
    var line = [CChar](repeating: 0, count: 256)
    while let text = unsafe fgets(&line, Int32(line.count), file) {
      // Address, interface, prefix length, scope, flags, name.
      let fields = unsafe String(cString: text).split(whereSeparator: \.isWhitespace)
      guard fields.count == 6, fields[0].utf8.count == 32, let high = UInt64(fields[0].prefix(16), radix: 16),
        let low = UInt64(fields[0].suffix(16), radix: 16), let index = UInt32(fields[1], radix: 16),
        let flags = UInt32(fields[4], radix: 16)
      else { continue }
      let address = Address(high: high, low: low, port: 0)
      let scope = address.isLinkLocal ? index : 0
      states[Address(high: high, low: low, port: 0, scope: scope)] = UInt8(truncatingIfNeeded: flags)
    }
    return states
  }

  /// The address of ours that a packet to `target` would leave from; nil if there is no route.
  package static func source(towards target: Address) -> Address? {
    connected(to: target) { Address(boundTo: $0) }
  }

  /// The path MTU to `target` as far as this machine knows: the interface's MTU, unless the route has one of its own;
  /// nil if there is no route.
  package static func mtu(towards target: Address) -> Int? {
    connected(to: target) { descriptor in
      var mtu: Int32 = 0
      var length = socklen_t(MemoryLayout<Int32>.size)
      let result =
        unsafe target.isIPv4
        ? getsockopt(descriptor, Int32(IPPROTO_IP), IP_MTU, &mtu, &length)
        : getsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_MTU, &mtu, &length)
      return result == 0 && mtu > 0 ? Int(mtu) : nil
    }
  }

  /// Connects a UDP socket, which sends nothing and only asks for the route.
  private static func connected<Value>(to target: Address, _ body: (Int32) -> Value?) -> Value? {
    let family = target.isIPv4 ? AF_INET : AF_INET6
    let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard unsafe target.withSocketAddress(family: family, { unsafe connect(descriptor, $0, $1) }) == 0 else {
      return nil
    }
    return body(descriptor)
  }
}
