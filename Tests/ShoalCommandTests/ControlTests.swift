import Glibc
import Shoal
import ShoalBase
import ShoalTransport
import Synchronization
import TestSupport
import Testing

@testable import ShoalCommand

/// The control sockets of processes.
@Suite(.inRealTime) struct ControlTests {
  private func after(_ seconds: Nanoseconds) -> Instant { SystemClock.now() + seconds * .second }

  /// There are few threads for tasks, and other tests keep them busy: even an immediate answer may take long here.
  private func server(
    _ scratch: Scratch, patience: Nanoseconds = 60 * .second, answer: [UInt8] = Array("ok\n".utf8)
  ) throws -> String {
    let path = scratch.at("socket")
    SmallServer(
      try StreamSocket.listen(at: path), patience: patience,
      .init(most: 100, isComplete: { $0.contains(10) }, answer: { _ in answer }))
    return path
  }

  private func ask(_ path: String, _ request: String = "x\n") async throws -> String? {
    guard let socket = try StreamSocket.connect(to: path) else { return nil }
    return try await waiting { [self] in
      guard socket.write(Array(request.utf8), until: after(60)),
        let bytes = socket.read(most: 1_000, until: after(60), { _ in false })
      else { return nil }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  @Test func whoAsksIsAnswered() async throws {
    let scratch = try Scratch()
    let path = try server(scratch)
    #expect(try await ask(path) == "ok\n")
    #expect(try await ask(path, "two\nlines\n") == "ok\n")
    #expect(TestFile.mode(path) == 0o600)
  }

  /// Clients that say nothing, never read, or send without end: the next is answered once their time is up.
  @Test func theSlowKeepNobodyForLong() async throws {
    let scratch = try Scratch()
    let path = try server(scratch, patience: .second / 4, answer: [UInt8](repeating: 65, count: 1 << 20))
    var silent: [StreamSocket?] = []
    for _ in 0..<SmallServer.mostClients { silent.append(try StreamSocket.connect(to: path)) }
    for socket in silent.prefix(4) { _ = socket?.write(Array("x\n".utf8), until: after(1)) }
    for _ in 0..<200 {
      if try await ask(path)?.isEmpty == false { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("nobody is answered any more")
  }

  @Test func whatIsTooLongIsNotRead() async throws {
    let scratch = try Scratch()
    let path = try server(scratch)
    let answer = try await ask(path, String(repeating: "y", count: 100_000))
    #expect(answer == "ok\n" || answer == nil)
  }

  @Test func whatIsLeftBehindIsRemoved() throws {
    let scratch = try Scratch()
    let folder = ControlFolder(runtime: scratch.path)
    #expect(try folder.processes().isEmpty)
    let (_, own) = try folder.listen(as: 1)
    #expect(own == scratch.at("shoal/1.sock"))
    // The one that listened is gone; its name is there.
    #expect(scratch.names(in: "shoal") == ["1.sock"])
    let (socket, _) = try folder.listen(as: 2)
    #expect(scratch.names(in: "shoal") == ["2.sock"])
    #expect(try folder.processes().map(\.process) == ["2"])
    let (again, _) = try folder.listen(as: 2)
    #expect(try folder.processes().map(\.process) == ["2"])
    withExtendedLifetime((socket, again)) {}
  }

  @Test func aFolderThatOthersCanEnterIsNotUsed() throws {
    let scratch = try Scratch()
    try scratch.folder("shoal")
    TestFile.restrict(scratch.at("shoal"), to: 0o755)
    let folder = ControlFolder(runtime: scratch.path)
    #expect(throws: SystemError.self) { try folder.listen(as: 1) }
    #expect(throws: SystemError.self) { try folder.processes() }
    let link = try Scratch()
    #expect(TestFile.makeLink(link.at("shoal"), to: scratch.path))
    #expect(throws: SystemError.self) { try ControlFolder(runtime: link.path).listen(as: 1) }
  }

  @Test func aPathThatIsTooLongIsAnError() throws {
    let scratch = try Scratch()
    let path = scratch.at(String(repeating: "a", count: StreamSocket.longestPath))
    #expect(throws: SystemError.self) { try StreamSocket.listen(at: path) }
  }

  // MARK: HTTP

  private func http(_ request: String) async -> String {
    let answer = await MetricsService.answer(Array(request.utf8)) { "shoal_up_seconds 1\n" }
    return answer.map { String(decoding: $0, as: UTF8.self) } ?? "nothing"
  }

  @Test func metricsAreServed() async {
    let answer = await http("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
    #expect(answer.hasSuffix("Content-Length: 19\r\nConnection: close\r\n\r\nshoal_up_seconds 1\n"))
    #expect(await http("HEAD /metrics?x HTTP/1.0\n\n").hasSuffix("Content-Length: 19\r\nConnection: close\r\n\r\n"))
  }

  @Test(
    arguments: [
      ("GET / HTTP/1.1\r\n\r\n", "404"), ("POST /metrics HTTP/1.1\r\n\r\n", "405"), ("\r\n\r\n", "400"),
      ("GET  /metrics HTTP/1.1\r\n\r\n", "400"), ("GET /metrics\r\n\r\n", "400"), ("GET /metrics HTTP/1.1\r\n", "400"),
      ("GET /../../etc/passwd HTTP/1.1\r\n\r\n", "404"), ("\u{0}\u{1}\u{2}\r\n\r\n", "400"),
    ])
  func whatIsWrongIsSaid(_ request: String, _ status: String) async {
    #expect(await http(request).hasPrefix("HTTP/1.1 \(status) "))
  }

  @Test func headsWithoutEndAreRefused() async {
    let head = "GET /metrics HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 5_000)
    #expect(await http(String(head.prefix(MetricsService.longest))).hasPrefix("HTTP/1.1 431 "))
    #expect(await http("") == "nothing")
  }

  @Test func labelsAreEscaped() {
    #expect(MetricsText.label("a\"b\\c") == "a\\\"b\\\\c")
    #expect(MetricsText.label("\u{1B}[2J\n") == "\\\\x1B[2J\\\\n")
  }

  @Test func metricsListenHereUnlessTold() throws {
    func address(_ text: String) throws -> String {
      "\(try invocation("share", "f", "--metrics", text).first("metrics")!.metricsAddress())"
    }
    #expect(try address(":9740") == "127.0.0.1:9740")
    #expect(try address("9740") == "127.0.0.1:9740")
    #expect(try address("0.0.0.0:9740") == "0.0.0.0:9740")
    #expect(try address("[::1]:9740") == "[::1]:9740")
    #expect(
      failure { _ = try address("example.org:9740") }.hasPrefix("2 usage: --metrics example.org:9740: needs a numeric"))
  }
}
