import Glibc
import ShoalWire

/// The addresses of this machine.
package enum LocalAddresses {
  /// Where other machines may reach `port` here, best first: the addresses that packets to the internet leave from,
  /// then those of other interfaces; loopback if there is nothing else.
  package static func reachable(port: UInt16) -> [Address] {
    let loopback = Address(ipv4: 0x7f00_0001, port: port)
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [loopback] }
    defer { freeifaddrs(list) }
    var own: [Address] = []
    var entry = list
    while let interface = entry {
      entry = interface.pointee.ifa_next
      let isUp = interface.pointee.ifa_flags & UInt32(IFF_UP) != 0
      guard isUp, let storage = interface.pointee.ifa_addr,
        let address = Address(storage: UnsafeRawPointer(storage))?.with(port: port), !own.contains(address),
        !address.isLoopback, !address.isUnspecified, !address.isLinkLocal
      else { continue }
      own.append(address)
    }
    // No packet is sent there: connecting a UDP socket only asks for the route. The addresses are for documentation
    // (RFC 5737 and 3849) and so have the default route.
    let targets = [
      Address(ipv4: 0xc000_0201, port: 9), Address(high: 0x2001_0db8_0000_0000, low: 1, port: 9),
    ]
    let preferred = targets.compactMap { source(towards: $0)?.with(port: port) }.filter(own.contains)
    let others = own.filter { !preferred.contains($0) }
    // 169.254.0.0/16 is what a machine takes for want of anything better.
    let isFallback = { (address: Address) in address.isIPv4 && address.ipv4 >> 16 == 0xa9fe }
    let all = preferred + others.filter { !isFallback($0) } + others.filter(isFallback)
    return all.isEmpty ? [loopback] : all
  }

  /// The address of ours that a packet to `target` would leave from; nil where there is no route.
  package static func source(towards target: Address) -> Address? {
    connected(to: target) { Address(boundTo: $0) }
  }

  /// The largest IP packet that the way to `target` takes as far as this machine knows: its interface's MTU, unless
  /// the route has one of its own; nil where there is no route.
  package static func mtu(towards target: Address) -> Int? {
    connected(to: target) { descriptor in
      var mtu: Int32 = 0
      var length = socklen_t(MemoryLayout<Int32>.size)
      let result =
        target.isIPv4
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
    guard target.withSocketAddress(family: family, { connect(descriptor, $0, $1) }) == 0 else { return nil }
    return body(descriptor)
  }
}
