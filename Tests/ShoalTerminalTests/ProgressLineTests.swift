import Testing

@testable import ShoalTerminal

@Suite struct ProgressLineTests {
  private func line(_ policy: Policy) throws -> ProgressLine {
    let pipe = try Pipe()
    return ProgressLine(terminal: Terminal(pipe.writer, environment: Environment(["LANG": "C.UTF-8"])), policy: policy)
  }

  /// The times, from the start, at which something is written during a transfer that is updated ten times a second.
  private func times(_ line: inout ProgressLine, seconds: Double, rate: Double) -> [Double] {
    var feed = Feed()
    var result: [Double] = []
    for _ in 0..<Int(seconds * 10) {
      if !line.show(feed.state, at: Timestamp(seconds: 0)).isEmpty { result.append(feed.now - 100) }
      feed.run(seconds: 0.1, rate: rate)
    }
    return result
  }

  @Test func liveLineWaitsThenComesFiveTimesASecond() throws {
    var line = try line(.always)
    let frames = times(&line, seconds: 10, rate: 1_000_000)
    #expect(abs(frames[0] - 0.5) < 0.01)
    #expect(zip(frames, frames.dropFirst()).allSatisfy { $1 - $0 > 0.19 && $1 - $0 < 0.21 })
  }

  @Test func plainLinesComeAtTenthsOrThirtySeconds() throws {
    var line = try line(.auto)
    // 10 % takes 7.34 s.
    let steps = times(&line, seconds: 60, rate: 10_000_000)
    #expect(steps.count == 8 && steps.allSatisfy { abs(($0 / 7.34) - ($0 / 7.34).rounded()) < 0.1 })
    var slow = try self.line(.auto)
    #expect(times(&slow, seconds: 100, rate: 100_000).map { Int($0.rounded()) } == [30, 60, 90])
    var fast = try self.line(.auto)
    let rushed = times(&fast, seconds: 4, rate: 180_000_000)
    #expect(zip(rushed, rushed.dropFirst()).allSatisfy { $1 - $0 > 0.99 } && rushed.count == 3)
  }

  @Test func plainLineHasAStamp() throws {
    var line = try line(.auto)
    var feed = Feed()
    _ = line.show(feed.state, at: Timestamp(seconds: 0))
    feed.run(seconds: 10, rate: 11_100_000)
    let text = line.show(feed.state, at: Timestamp(seconds: 1_795_356_194, nanoseconds: 802_000_000))
    #expect(text == "2026-11-22T14:03:14.802Z film.mkv 15% 111 MB 11.1 MB/s ETA 56 s 3 peers loss 1.1%\n")
  }

  @Test func neverIsNever() throws {
    var line = try line(.never)
    #expect(times(&line, seconds: 60, rate: 10_000_000).isEmpty)
    #expect(line.end().isEmpty)
  }

  @Test func phasesAreMilestones() throws {
    var line = try line(.auto)
    var state = ProgressState(name: "f")
    state.show(phase: "finding peers", at: 0)
    #expect(line.show(state, at: Timestamp(seconds: 0)).isEmpty)
    state.show(phase: "finding peers", at: 1.5)
    #expect(line.show(state, at: Timestamp(seconds: 0)).hasSuffix(" f finding peers\n"))
    state.show(phase: "finding peers", at: 9)
    #expect(line.show(state, at: Timestamp(seconds: 0)).isEmpty)
    state.show(phase: "checking", done: 1, of: 100, at: 10)
    #expect(line.show(state, at: Timestamp(seconds: 0)).hasSuffix(" f checking 1% 1/100 B\n"))
  }
}
