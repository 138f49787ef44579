import CShoal
import Glibc
import ShoalBase
import ShoalTransport
import ShoalWire

// Safety: addresses, options and waits are locals that are passed with their sizes; bytes are read and written through
// spans' and arrays' memory, which outlives each call.

/// A stream socket that listens, on this machine or on a network, or is connected. It is closed when the last reference
/// is released.
package final class StreamSocket: Sendable {
  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Where a network socket listens; nil for one of this machine.
  package var address: Address? { Address(boundTo: descriptor) }

  deinit { close(descriptor) }

  private static let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)

  // MARK: On this machine

  /// A socket with a name in the file system, which only this user may connect to.
  package static func listen(at path: String) throws(SystemError) -> StreamSocket {
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { throw SystemError(errno, .openSocket, path) }
    let listener = StreamSocket(descriptor)
    // The name gets the mode that the socket has.
    fchmod(descriptor, 0o600)
    guard unsafe withName(path, { unsafe bind(descriptor, $0, $1) }) == 0, unsafe chmod(path, 0o600) == 0,
      Glibc.listen(descriptor, backlog) == 0
    else { throw SystemError(errno, .bind, path) }
    return listener
  }

  /// A connection to such a socket; nil if nobody listens there any more.
  package static func connect(to path: String) throws(SystemError) -> StreamSocket? {
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { throw SystemError(errno, .openSocket, path) }
    let client = StreamSocket(descriptor)
    guard unsafe withName(path, { unsafe Glibc.connect(descriptor, $0, $1) }) != 0 else { return client }
    if errno == ECONNREFUSED || errno == ENOENT { return nil }
    throw SystemError(errno == EAGAIN ? EBUSY : errno, .open, path)
  }

  /// The longest path that such a socket may have.
  package static let longestPath = 107

  private static func withName(_ path: String, _ body: (__CONST_SOCKADDR_ARG, socklen_t) -> Int32) -> Int32 {
    var name = sockaddr_un()
    let bytes = Array(path.utf8)
    guard bytes.count <= longestPath else {
      errno = ENAMETOOLONG
      return -1
    }
    name.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: bytes) }
    return unsafe withUnsafePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body(__CONST_SOCKADDR_ARG(__sockaddr__: $0), socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  // MARK: On a network

  /// A TCP socket that listens at an address.
  package static func listen(at address: Address) throws(SystemError) -> StreamSocket {
    let family = address.isIPv4 ? AF_INET : AF_INET6
    let descriptor = socket(family, kind, 0)
    guard descriptor >= 0 else { throw SystemError(errno, .openSocket, "\(address)") }
    let listener = StreamSocket(descriptor)
    var yes: Int32 = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard unsafe address.withSocketAddress(family: family, { unsafe bind(descriptor, $0, $1) }) == 0,
      Glibc.listen(descriptor, backlog) == 0
    else { throw SystemError(errno, .bind, "TCP \(address)") }
    return listener
  }

  private static let backlog: Int32 = 16

  // MARK: Both

  /// The next that connects; nil if this socket can no longer be used.
  package func accept() -> StreamSocket? {
    while true {
      _ = wait(POLLIN, nil)
      let client = unsafe accept4(
        descriptor, __SOCKADDR_ARG(__sockaddr__: nil), nil, Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue))
      if client >= 0 { return StreamSocket(client) }
      switch errno {
      case EINTR, ECONNABORTED, EAGAIN, EPROTO: continue
      // The process or the system has run out of descriptors or memory; wait until some are free again.
      case EMFILE, ENFILE, ENOMEM, ENOBUFS: usleep(100_000)
      default: return nil
      }
    }
  }

  /// Reads until `isComplete`, the end, or `most` bytes have come; nil if that takes longer than until `deadline`.
  package func read(most: Int, until deadline: Instant, _ isComplete: ([UInt8]) -> Bool) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while bytes.count < most, !isComplete(bytes) {
      guard wait(POLLIN, deadline) else { return nil }
      let count = unsafe Glibc.read(descriptor, &buffer, min(buffer.count, most - bytes.count))
      if count > 0 { bytes += buffer[..<count] }
      if count == 0 { break }
      if count < 0, errno != EAGAIN, errno != EINTR { return nil }
    }
    return bytes
  }

  /// Writes all of these bytes; false if nobody takes them before `deadline`.
  package func write(_ bytes: [UInt8], until deadline: Instant) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard wait(POLLOUT, deadline) else { return false }
      let count = unsafe rest.withUnsafeBytes {
        unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 { rest = rest.dropFirst(count) }
      if count < 0, errno != EAGAIN, errno != EINTR { return false }
    }
    return true
  }

  /// Shuts down writing, and reads a little of what the other side still sends: closing a socket with unread bytes
  /// resets the connection, and the answer could be lost.
  package func finish(until deadline: Instant) {
    shutdown(descriptor, Int32(SHUT_WR))
    _ = read(most: 65_536, until: deadline) { _ in false }
  }

  private func wait(_ events: Int32, _ deadline: Instant?) -> Bool {
    while true {
      let rest = deadline.map { max($0 - SystemClock.now(), 0) / Nanoseconds.millisecond + 1 } ?? -1
      if deadline.map({ SystemClock.now() >= $0 }) == true { return false }
      var ready = pollfd(fd: descriptor, events: Int16(events), revents: 0)
      let count = unsafe poll(&ready, 1, Int32(clamping: rest))
      if count > 0 { return true }
      if count < 0, errno != EINTR { return false }
    }
  }
}
