import Glibc
import TestSupport
import Testing

@testable import ShoalTerminal

@Suite(.inRealTime) struct ConsoleTests {
  private func console(_ words: String..., output: Int32, error: Int32) throws -> Console {
    guard case .run(let invocation) = try shoal.parse(["get", "t"] + words) else { throw UsageError("") }
    return Console(
      program: "shoal", invocation: invocation, output: output, error: error,
      environment: Environment(["LANG": "C.UTF-8", "TERM": "xterm"]))
  }

  @Test func linesGoToTheirStreams() throws {
    let (output, error) = (try Pipe(), try Pipe())
    let console = try console(output: output.writer, error: error.writer)
    console.print("ticket")
    console.print(["event": "done"])
    console.note("note")
    console.detail("detail")
    console.warning("careful")
    console.error("broken")
    console.log("listening", at: Timestamp(seconds: 1_795_356_187, nanoseconds: 218_000_000))
    #expect(output.read() == "ticket\n{\"event\":\"done\"}\n")
    #expect(
      error.read() == "note\nshoal: warning: careful\nshoal: error: broken\n2026-11-22T14:03:07.218Z listening\n")
  }

  @Test func eventsCarryTheirTime() throws {
    let (output, error) = (try Pipe(), try Pipe())
    let console = try console(output: output.writer, error: error.writer)
    let time = Timestamp(seconds: 1_795_356_187, nanoseconds: 218_000_000)
    console.emit(["event": "done", "peers": 2], at: time)
    console.emit([:], at: time)
    #expect(
      output.read()
        == #"{"event":"done","time":"2026-11-22T14:03:07.218Z","peers":2}"# + "\n"
        + #"{"time":"2026-11-22T14:03:07.218Z"}"# + "\n")
  }

  @Test func quietMeansErrorsOnly() throws {
    let (output, error) = (try Pipe(), try Pipe())
    let console = try console("--quiet", "--progress=always", output: output.writer, error: error.writer)
    console.note("note")
    console.detail("detail")
    console.warning("careful")
    console.log("log")
    var feed = Feed()
    feed.run(seconds: 2, rate: 1e6)
    console.progress(feed.state)
    feed.run(seconds: 2, rate: 1e6)
    console.progress(feed.state)
    console.error("broken")
    console.print("data")
    #expect(error.read() == "shoal: error: broken\n")
    #expect(output.read() == "data\n")
  }

  @Test func verboseTellsDetails() throws {
    let error = try Pipe()
    let console = try console("-v", "--color", "always", output: error.writer, error: error.writer)
    console.detail("mtu 1472")
    console.error("broken")
    #expect(error.read() == "mtu 1472\nshoal: \u{1B}[31merror:\u{1B}[0m broken\n")
  }

  @Test func logLinesGoAboveTheProgressLine() throws {
    let (output, screen) = (try Pipe(), try Screen(columns: 50))
    let console = try console(output: output.writer, error: screen.terminal)
    var feed = Feed()
    console.progress(feed.state)
    console.note("before")
    #expect(screen.read() == "before\r\n")
    feed.run(seconds: 1, rate: 10_000_000)
    console.progress(feed.state)
    let frame = "\rfilm.mkv   1%   10/734 MB  10.0 MB/s  3 peers\u{1B}[K"
    #expect(screen.read() == frame)
    console.note("hello")
    #expect(screen.read() == "\r\u{1B}[Khello\r\n" + frame)
    console.print("path")
    #expect(screen.read() == "" && output.read() == "path\n")
    screen.resize(columns: 35)
    console.note("narrow")
    // The screen has wrapped the line.
    #expect(screen.read() == "\r\u{1B}[1A\u{1B}[Jnarrow\r\n\rfilm.mkv   1%  10.0 MB/s\u{1B}[K")
    console.endProgress()
    #expect(screen.read() == "\r\u{1B}[K")
    console.endProgress()
    console.note("after")
    #expect(screen.read() == "after\r\n")
  }

  @Test func dataOnTheSameScreenGoesAboveTheProgressLine() throws {
    let screen = try Screen(columns: 60)
    let console = try console(output: screen.terminal, error: screen.terminal)
    var feed = Feed()
    console.progress(feed.state)
    feed.run(seconds: 1, rate: 10_000_000)
    console.progress(feed.state)
    _ = screen.read()
    console.print("row")
    #expect(screen.read().hasPrefix("\r\u{1B}[Krow\r\n\rfilm.mkv"))
  }

  @Test func fullDiskIsReported() throws {
    let (full, error) = (SystemCall.open("/dev/full", O_WRONLY), try Pipe())
    defer { close(full) }
    let console = try console(output: full, error: error.writer)
    #expect(console.outputFailure == nil)
    console.print("data")
    console.print("more")
    #expect(console.outputFailure == "standard output: No space left on device")
  }

  @Test func closedOutputEndsTheProcessQuietly() async {
    await #expect(processExitsWith: .exitCode(141)) {
      signal(SIGPIPE, SIG_IGN)
      let pipe = try Pipe()
      close(pipe.reader)
      Console(program: "shoal", output: pipe.writer).print("data")
    }
    await #expect(processExitsWith: .signal(SIGPIPE)) {
      signal(SIGPIPE, SIG_DFL)
      let pipe = try Pipe()
      close(pipe.reader)
      Console(program: "shoal", output: pipe.writer).print("data")
    }
  }

  @Test func manyThreadsWriteWholeLines() async throws {
    let (output, error) = (try Pipe(), try Pipe())
    let console = try console(output: output.writer, error: error.writer)
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<8 {
        group.addTask(priority: .high) { for line in 0..<20 { console.print("worker \(worker) line \(line)") } }
      }
    }
    let lines = output.read().split(separator: "\n")
    #expect(lines.count == 160 && Set(lines).count == 160)
    #expect(lines.allSatisfy { $0.split(separator: " ").count == 4 })
  }
}
