import Glibc

// Safety: addresses are locals that live until the call that takes them returns, and are passed with their size; bytes are
// read into an array whose size the system is told.

/// A socket that a test uses as any program would.
public final class TestSocket: Sendable {
  private let descriptor: Int32

  /// Takes over an open socket.
  public init(_ descriptor: Int32) {
    self.descriptor = descriptor
    // A burst of the test's must not overflow it.
    var size: Int32 = 8 << 20
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, 4)
  }

  /// A datagram socket for IPv4.
  public convenience init() { self.init(socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)) }

  deinit { close(descriptor) }

  /// Binds it; whether that succeeded.
  @discardableResult
  public func bind(_ address: String, port: UInt16 = 0) -> Bool {
    unsafe with(address, port) { unsafe Glibc.bind(descriptor, $0, $1) } == 0
  }

  /// The port that an IPv4 socket is bound to.
  public var port: UInt16 {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    unsafe withUnsafeMutableBytes(of: &address) { bytes in
      let pointer = unsafe bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
      _ = unsafe getsockname(descriptor, __SOCKADDR_ARG(__sockaddr__: pointer), &size)
    }
    return UInt16(bigEndian: address.sin_port)
  }

  /// Connects it; whether that succeeded.
  public func connect(_ address: String, port: UInt16) -> Bool {
    unsafe with(address, port) { unsafe Glibc.connect(descriptor, $0, $1) } == 0
  }

  /// Has a stream socket wait for a connection.
  public func listen(_ address: String, port: UInt16) -> Bool {
    bind(address, port: port) && Glibc.listen(descriptor, 1) == 0
  }

  /// The next connection; nil if none came in time.
  public func accept(within milliseconds: Int32) -> TestSocket? {
    guard isReadable(within: milliseconds) else { return nil }
    let accepted = unsafe Glibc.accept(descriptor, __SOCKADDR_ARG(__sockaddr__: nil), nil)
    return accepted >= 0 ? TestSocket(accepted) : nil
  }

  /// Sends a datagram; whether the system took it.
  @discardableResult
  public func send(_ bytes: [UInt8], to address: String, port: UInt16) -> Bool {
    unsafe with(address, port) { unsafe Int32(sendto(descriptor, bytes, bytes.count, 0, $0, $1)) } == Int32(bytes.count)
  }

  /// Sends bytes on a stream.
  public func sendAll(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// The next datagram, or bytes of a stream; nil if none came in time.
  public func receive(within milliseconds: Int32 = 0) -> [UInt8]? {
    guard isReadable(within: milliseconds) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return count >= 0 ? Array(bytes.prefix(count)) : nil
  }

  private func isReadable(within milliseconds: Int32) -> Bool {
    var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&wait, 1, milliseconds) == 1
  }

  private func with(
    _ address: String, _ port: UInt16, _ body: (__CONST_SOCKADDR_ARG, socklen_t) -> Int32
  ) -> Int32 {
    func call<Address>(_ value: Address) -> Int32 {
      unsafe withUnsafeBytes(of: value) {
        let pointer = unsafe $0.baseAddress!.assumingMemoryBound(to: sockaddr.self)
        return unsafe body(__CONST_SOCKADDR_ARG(__sockaddr__: pointer), socklen_t(MemoryLayout<Address>.size))
      }
    }
    var v6 = sockaddr_in6()
    if unsafe inet_pton(AF_INET6, address, &v6.sin6_addr) == 1 {
      v6.sin6_family = sa_family_t(AF_INET6)
      v6.sin6_port = port.bigEndian
      return call(v6)
    }
    var v4 = sockaddr_in()
    unsafe inet_pton(AF_INET, address, &v4.sin_addr)
    v4.sin_family = sa_family_t(AF_INET)
    v4.sin_port = port.bigEndian
    return call(v4)
  }
}

/// The number of a network interface; 0 if there is none of that name.
public func interfaceIndex(_ name: String) -> UInt32 { unsafe if_nametoindex(name) }
