import CShoal
import Glibc
import ShoalWire

// Safety: each option is a local that is passed with its size; the address lives until `bind` returns.

/// A bound, non-blocking UDP socket. Closed when the last reference goes.
package final class UDPSocket: Sendable {
  /// What is asked of the kernel, which may grant less.
  package struct Options: Sendable {
    /// Bytes of queue, as `net.core.rmem_max` counts them.
    package var receiveBuffer = 8 << 20
    /// Bytes of queue, as `net.core.wmem_max` counts them.
    package var sendBuffer = 8 << 20
    /// Whether to use segmentation offload, sending and receiving.
    package var offload = true
    /// Whether the port is another socket's, which shares it.
    package var sharesPort = false
    /// Whether to use it receiving, if at all: no use where each datagram comes from another peer.
    package var coalesces = true

    package init() {}
  }

  /// For `EventPoll` and the batches.
  package let descriptor: Int32
  /// The address that it is bound to, with the port that the kernel chose.
  package let localAddress: Address
  /// `AF_INET6` (dual-stack if bound to `::`) or `AF_INET`.
  package let family: Int32
  /// Whether the kernel cuts a large buffer into datagrams (`UDP_SEGMENT`, Linux 4.18).
  package let canSegment: Bool
  /// Whether the kernel joins equal datagrams into a large buffer (`UDP_GRO`, Linux 5.0).
  package let canCoalesce: Bool
  /// Bytes of receive queue, as `net.core.rmem_max` counts them; less than asked for means that the limit is low.
  package let grantedReceiveBuffer: Int
  /// The same of the send queue, as `net.core.wmem_max` counts them.
  package let grantedSendBuffer: Int

  /// A socket bound to `address`. `::` receives both IPv6 and IPv4, or IPv4 alone where there is no IPv6.
  package static func bind(to address: Address, options: Options = Options()) throws(SystemError) -> UDPSocket {
    guard !address.isIPv4 else { return try UDPSocket(address, AF_INET, options) }
    do {
      return try UDPSocket(address, AF_INET6, options)
    } catch {
      let hasNoIPv6 = error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL
      guard address.isUnspecified && hasNoIPv6 else { throw error }
      return try UDPSocket(Address(ipv4: 0, port: address.port), AF_INET, options)
    }
  }

  /// A bound socket that this process was given, which it closes.
  package convenience init(adopting descriptor: Int32, options: Options = Options()) throws(SystemError) {
    func option(_ name: Int32) -> Int32 {
      var (value, length) = (Int32(-1), socklen_t(MemoryLayout<Int32>.size))
      return unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : -1
    }
    let family = option(SO_DOMAIN)
    guard option(SO_TYPE) == Int32(SOCK_DGRAM.rawValue), family == AF_INET || family == AF_INET6,
      let address = Address(boundTo: descriptor)
    else { throw SystemError(ENOTSOCK, .bind, "the socket that was passed") }
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    try self.init(descriptor, family, options, address, isBound: true)
  }

  private convenience init(_ address: Address, _ family: Int32, _ options: Options) throws(SystemError) {
    let kind = SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    let descriptor = socket(family, Int32(kind), 0)
    guard descriptor >= 0 else { throw SystemError(errno, .openSocket, address.description) }
    try self.init(descriptor, family, options, address, isBound: false)
  }

  private init(
    _ descriptor: Int32, _ family: Int32, _ options: Options, _ address: Address, isBound: Bool
  ) throws(SystemError) {
    func set(_ level: Int32, _ name: Int32, _ value: Int32) -> Bool {
      var value = value
      return unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }
    func buffer(_ name: Int32, _ force: Int32, _ wanted: Int) -> Int {
      let wanted = Int32(clamping: wanted)
      if !set(SOL_SOCKET, force, wanted) { _ = set(SOL_SOCKET, name, wanted) }
      var granted: Int32 = 0
      var length = socklen_t(MemoryLayout<Int32>.size)
      unsafe getsockopt(descriptor, SOL_SOCKET, name, &granted, &length)
      // The kernel doubles what is asked, for its own bookkeeping.
      return Int(granted) / 2
    }
    // An IPv6 socket takes the options of both levels; IPv4's then apply to mapped addresses. PROBE sets DF and leaves
    // the path MTU to us.
    let udp = Int32(SHOAL_SOL_UDP)
    _ = set(Int32(IPPROTO_IP), IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
    if family == AF_INET6 {
      _ = set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0)
      _ = set(Int32(IPPROTO_IPV6), IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE)
    }
    grantedReceiveBuffer = buffer(SO_RCVBUF, SO_RCVBUFFORCE, options.receiveBuffer)
    grantedSendBuffer = buffer(SO_SNDBUF, SO_SNDBUFFORCE, options.sendBuffer)
    // A size of 0 changes nothing, and fails where the option is unknown.
    canSegment = options.offload && set(udp, SHOAL_UDP_SEGMENT, 0)
    canCoalesce = options.offload && options.coalesces && set(udp, SHOAL_UDP_GRO, 1)
    self.descriptor = descriptor
    self.family = family
    if options.sharesPort { _ = set(SOL_SOCKET, SO_REUSEPORT, 1) }
    var failure: Int32 = 0
    if !isBound {
      failure = unsafe address.withSocketAddress(family: family) {
        unsafe Glibc.bind(descriptor, $0, $1) == 0 ? 0 : errno
      }
    }
    localAddress = Address(boundTo: descriptor) ?? address
    // The kernel says to which of our addresses a datagram came: only where there can be several.
    if localAddress.isUnspecified {
      _ = family == AF_INET6 ? set(Int32(IPPROTO_IPV6), IPV6_RECVPKTINFO, 1) : set(Int32(IPPROTO_IP), IP_PKTINFO, 1)
    }
    guard failure == 0 else {
      let port = failure == EADDRINUSE || failure == EACCES
      // Throwing from here on runs `deinit`, which closes the descriptor.
      throw SystemError(failure, .bind, port ? "UDP port \(address.port)" : address.host)
    }
  }

  /// Lets other sockets of this user, which ask for it, share the port from now on: the system spreads datagrams over
  /// them by the sender's address. A port that another socket has already is not shared, so that it stays an error if
  /// it is another program's.
  package func sharePort() {
    var value: Int32 = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(descriptor) }
}
