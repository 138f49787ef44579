import Foundation
import Glibc
import TestSupport
import Testing

@testable import shoal_wan

/// A `shoal-wan` that runs, and sockets at both of its ends.
final class RunningWan {
  let name = RunningWan.newName()
  private let program: RunningProgram

  /// Starts it and waits until it is ready.
  init(_ link: String, _ more: String...) throws {
    program = try RunningProgram("shoal-wan", ["--json", "--name", name, "--link", link] + more)
    let ready = try nextObject()
    guard ready["event"] as? String == "ready" else { throw Failure("not ready: \(ready)") }
  }

  // So that it removes its namespaces, which it cannot when it is killed.
  deinit { try? end(by: SIGTERM) }

  /// Ends it as Ctrl-C would; its last object.
  func stop() throws -> [String: Any] {
    program.send(SIGINT)
    let last = try nextObject()
    #expect(try program.finish().signal == SIGINT)
    #expect(last["event"] as? String == "done")
    return last
  }

  /// Ends it by a signal.
  func end(by signal: Int32) throws {
    program.send(signal)
    _ = try program.finish()
  }

  private func nextObject() throws -> [String: Any] {
    guard let line = try program.nextLine() else { throw Failure("ended early: \(try program.finish())") }
    return try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
  }

  static func newName() -> String { "swt\(getpid() % 100_000)x\(Int.random(in: 0..<100_000))" }

  /// Runs one to its end.
  static func run(_ arguments: [String]) throws -> Outcome { try RunningProgram.run("shoal-wan", arguments) }

  // MARK: Sockets

  func datagramSocket(_ side: Int, _ address: String, port: UInt16) throws -> TestSocket {
    let socket = try makeSocket(side, AF_INET, SOCK_DGRAM)
    guard socket.bind(address, port: port) else { throw Failure(system: address) }
    return socket
  }

  func streamSocket(_ side: Int) throws -> TestSocket { try makeSocket(side, AF_INET6, SOCK_STREAM) }

  private func makeSocket(_ side: Int, _ family: Int32, _ type: __socket_type) throws -> TestSocket {
    let namespace = try Namespace(existing: "\(name)-\(side == 0 ? "a" : "b")")
    return TestSocket(try namespace.inside { socket(family, Int32(type.rawValue), 0) })
  }
}

/// A socket in a namespace.
final class TestSocket: Sendable {
  private let descriptor: Int32

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    // A burst of the test's must not overflow it.
    var size: Int32 = 8 << 20
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, 4)
  }

  deinit { close(descriptor) }

  func bind(_ address: String, port: UInt16) -> Bool {
    unsafe with(address, port) { unsafe Glibc.bind(descriptor, $0, $1) } == 0
  }

  func connect(_ address: String, port: UInt16) -> Bool {
    unsafe with(address, port) { unsafe Glibc.connect(descriptor, $0, $1) } == 0
  }

  func listen(_ address: String, port: UInt16) -> Bool { bind(address, port: port) && Glibc.listen(descriptor, 1) == 0 }

  func accept(within milliseconds: Int32) -> TestSocket? {
    guard isReadable(within: milliseconds) else { return nil }
    let accepted = Glibc.accept(descriptor, nil, nil)
    return accepted >= 0 ? TestSocket(accepted) : nil
  }

  func send(_ bytes: [UInt8], to address: String, port: UInt16) -> Bool {
    unsafe with(address, port) { unsafe Int32(sendto(descriptor, bytes, bytes.count, 0, $0, $1)) } == Int32(bytes.count)
  }

  func sendAll(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// The next datagram, or bytes of a stream; nil: none came in time.
  func receive(within milliseconds: Int32) -> [UInt8]? {
    guard isReadable(within: milliseconds) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
    return count >= 0 ? Array(bytes.prefix(count)) : nil
  }

  private func isReadable(within milliseconds: Int32) -> Bool {
    var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&wait, 1, milliseconds) == 1
  }

  private func with(_ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    func call<Address>(_ value: Address) -> Int32 {
      unsafe withUnsafeBytes(of: value) {
        unsafe body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(MemoryLayout<Address>.size))
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
