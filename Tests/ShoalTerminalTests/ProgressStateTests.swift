import Testing

@testable import ShoalTerminal

/// A transfer of 734 MB that has a clock of its own.
struct Feed {
  var state: ProgressState
  var now = 100.0
  var verified: UInt64 = 0
  var accepted: UInt64 = 0
  var total: UInt64 = 734_003_200

  init(name: String = "film.mkv", resumed: UInt64 = 0, total: UInt64 = 734_003_200) {
    state = ProgressState(name: name)
    verified = resumed
    self.total = total
    tell()
  }

  mutating func tell(peers: Int = 3, loss: Double = 0.011) {
    state.update(verified: verified, accepted: accepted, of: total, peers: peers, loss: loss, at: now)
  }

  /// Lets time pass at a steady rate, with ten updates a second.
  mutating func run(seconds: Double, rate: Double) {
    for _ in 0..<Int((seconds * 10).rounded()) {
      now += 0.1
      accepted += UInt64(rate / 10)
      verified = min(verified + UInt64(rate / 10), total)
      tell()
    }
  }

  func line(_ columns: Int = 80) -> String { state.liveLine(columns: columns, unicode: true) }
}

@Suite struct ProgressStateTests {
  @Test func sampleLine() {
    var feed = Feed(resumed: 308_300_000 - 112_000_000)
    feed.run(seconds: 10, rate: 11_200_000)
    #expect(feed.line() == "film.mkv  42% ████▏      308/734 MB  11.2 MB/s  ETA 38 s  3 peers  loss 1.1%")
    #expect(feed.state.plainLine(unicode: true) == "film.mkv 42% 308 MB 11.2 MB/s ETA 38 s 3 peers loss 1.1%")
    let ascii = feed.state.liveLine(columns: 80, unicode: false)
    #expect(ascii == "film.mkv  42% ####       308/734 MB  11.2 MB/s  ETA 38 s  3 peers  loss 1.1%")
  }

  @Test func partsAreDroppedInOrder() {
    var feed = Feed(resumed: 308_300_000 - 112_000_000)
    feed.run(seconds: 10, rate: 11_200_000)
    let lines = [
      (77, "film.mkv  42% ████▏      308/734 MB  11.2 MB/s  ETA 38 s  3 peers  loss 1.1%"),
      (76, "film.mkv  42%  308/734 MB  11.2 MB/s  ETA 38 s  3 peers  loss 1.1%"),
      (67, "film.mkv  42%  308/734 MB  11.2 MB/s  ETA 38 s  3 peers  loss 1.1%"),
      (66, "film.mkv  42%  308/734 MB  11.2 MB/s  ETA 38 s  3 peers"),
      (55, "film.mkv  42%  308/734 MB  11.2 MB/s  ETA 38 s"),
      (46, "film.mkv  42%  11.2 MB/s  ETA 38 s"),
      (35, "film.mkv  42%  11.2 MB/s  ETA 38 s"),
      (34, "fil…mkv  42%  11.2 MB/s  ETA 38 s"),
    ]
    for (columns, text) in lines { #expect(feed.line(columns) == text, "\(columns)") }
    for columns in 1...120 { #expect(displayWidth(feed.line(columns)) <= max(columns - 1, 1)) }
  }

  @Test func longNamesGiveWayBeforeParts() {
    var feed = Feed(name: "a-very-long-name-of-a-film-that-nobody-has-seen.mkv")
    feed.run(seconds: 10, rate: 10_000_000)
    #expect(feed.line(100).hasPrefix("a-very-long-nam…"))
    #expect(feed.line(100).hasSuffix("loss 1.1%"))
    #expect(displayWidth(feed.line(100)) == 99)
  }

  @Test func hostileNamesAreEscaped() {
    var feed = Feed(name: "a\u{1B}[2J\r\u{202E}")
    feed.run(seconds: 1, rate: 1e6)
    #expect(feed.line().hasPrefix(#""a\x1B[2J\r\u{202E}" "#))
    #expect(ProgressState(name: "é").plainLine(unicode: false).hasPrefix(#""\u{E9}""#))
  }

  @Test func rateIsThereAtOnceAndFollowsInThreeSeconds() {
    var feed = Feed()
    feed.run(seconds: 0.2, rate: 10_000_000)
    #expect(feed.line().contains("10.0 MB/s"))
    feed.run(seconds: 20, rate: 10_000_000)
    feed.run(seconds: 3, rate: 20_000_000)
    // A step of 10 MB/s has reached 1 - 1/e of its height.
    #expect(feed.line().contains("16.3 MB/s"))
  }

  @Test func rateDoesNotDependOnHowOftenItIsTold() {
    var rare = Feed()
    rare.now += 6
    rare.accepted = 60_000_000
    rare.tell()
    #expect(rare.line().contains("10.0 MB/s"))
    rare.accepted += 5_000_000
    rare.tell()
    rare.now += 0.5
    rare.tell()
    #expect(rare.line().contains("10.0 MB/s"))
  }

  @Test func phaseDuringTheTransferDoesNotDisturbTheRate() {
    var feed = Feed()
    feed.run(seconds: 10, rate: 10_000_000)
    feed.state.show(phase: "finding peers", at: feed.now + 0.099)
    feed.run(seconds: 0.1, rate: 10_000_000)
    #expect(feed.line().contains("10.0 MB/s"))
  }

  @Test func waitIsSmoothedOverFifteenSeconds() {
    var feed = Feed(total: 10_000_000_000)
    feed.run(seconds: 60, rate: 10_000_000)
    #expect(feed.line().contains("ETA 16 min"))
    feed.run(seconds: 3, rate: 20_000_000)
    // The rate of the long average is 11.8 MB/s by now, not 16.3.
    #expect(feed.line().contains("ETA 13 min"))
  }

  @Test func noWaitInTheFirstThreeSeconds() {
    var feed = Feed()
    feed.run(seconds: 2.8, rate: 10_000_000)
    #expect(!feed.line().contains("ETA"))
    feed.run(seconds: 0.3, rate: 10_000_000)
    #expect(feed.line().contains("ETA"))
  }

  @Test func stallReplacesRateAndWait() {
    var feed = Feed()
    feed.run(seconds: 10, rate: 10_000_000)
    feed.run(seconds: 2.8, rate: 0)
    #expect(feed.line().contains("MB/s") && !feed.line().contains("stalled"))
    feed.run(seconds: 1.3, rate: 0)
    #expect(feed.line().contains("  stalled 4 s  3 peers"))
    #expect(!feed.line().contains("MB/s") && !feed.line().contains("ETA"))
    feed.run(seconds: 600, rate: 0)
    #expect(feed.line().contains("stalled 10 min"))
    feed.run(seconds: 0.1, rate: 10_000_000)
    #expect(!feed.line().contains("stalled"))
  }

  @Test func resumedBytesCountForThePercentNotForTheRate() {
    var feed = Feed(resumed: 367_001_600)
    feed.run(seconds: 1, rate: 1_000_000)
    #expect(feed.line().hasPrefix("film.mkv  50% "))
    #expect(feed.line().contains("  1.00 MB/s"))
  }

  @Test func percentNeverFallsAndIsHundredOnlyWhenFinished() {
    var feed = Feed(total: 1000)
    feed.verified = 500
    feed.tell()
    feed.verified = 300
    feed.tell()
    #expect(feed.line().hasPrefix("film.mkv  50%"))
    feed.verified = 1000
    feed.tell()
    #expect(feed.line().hasPrefix("film.mkv  99% "))
    feed.state.finish()
    #expect(feed.line().hasPrefix("film.mkv 100% ██████████ "))
    #expect(!feed.line().contains("ETA"))
  }

  @Test func smallPercentagesAreNotZero() {
    var feed = Feed()
    #expect(feed.line().hasPrefix("film.mkv   0% "))
    feed.verified = 1000
    feed.tell()
    #expect(feed.line().hasPrefix("film.mkv <0.1% "))
    feed.verified = 3_600_000
    feed.tell()
    #expect(feed.line().hasPrefix("film.mkv 0.5% "))
  }

  @Test func phases() {
    var state = ProgressState(name: "film.mkv")
    state.show(phase: "finding peers", at: 10)
    #expect(state.liveLine(columns: 80, unicode: true) == "film.mkv  finding peers")
    state.show(phase: "finding peers", at: 22.5)
    #expect(state.liveLine(columns: 80, unicode: true) == "film.mkv  finding peers 12 s")
    state.show(phase: "checking", done: 308_300_000, of: 734_003_200, at: 23)
    #expect(state.liveLine(columns: 80, unicode: true) == "film.mkv  checking 42%  308/734 MB")
    #expect(state.plainLine(unicode: true) == "film.mkv checking 42% 308/734 MB")
    #expect(state.milestone == .init(phase: "checking", tenth: 4))
    state.update(verified: 308_300_000, accepted: 0, of: 734_003_200, peers: 1, loss: 0, at: 24)
    #expect(
      state.liveLine(columns: 80, unicode: true) == "film.mkv  42% ████▏      308/734 MB  0 B/s  1 peer  loss 0%")
  }
}
