import Foundation
import Glibc
import TestSupport
import Testing

@testable import shoal_wan

/// A running `shoal-wan`, with sockets at both ends.
final class RunningWan {
  let name = RunningWan.newName()
  private let program: RunningProgram

  /// Starts it and waits until it is ready.
  init(_ link: String, _ more: String...) throws {
    program = try RunningProgram("shoal-wan", ["--json", "--name", name, "--link", link] + more)
    let ready = try nextObject()
    guard ready["event"] as? String == "ready" else { throw Failure("not ready: \(ready)") }
  }

  // So that it removes its namespaces, which it cannot do when it is killed.
  deinit { try? end(by: SIGTERM) }

  /// Ends it as Ctrl-C would; returns its last object.
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
