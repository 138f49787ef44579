import Foundation
import TestSupport
import Testing

@testable import ShoalTracker

/// A short day as a test; `tools/lab/trackerday` makes a page of a whole one.
struct TrackerDayTests {
  private static let file = ProcessInfo.processInfo.environment["SHOAL_TRACKER_DAY"]

  @Test func aDayOfATracker() throws {
    let isWhole = Self.file != nil
    let peers = isWhole ? environmentNumber("SHOAL_TRACKER_DAY_PEERS") ?? 300 : 20
    var day = TrackerDay(hours: isWhole ? 24 : 2, peers: peers)
    day.run()
    let minutes = day.minutes
    if let file = Self.file {
      let text = ([TrackerDay.Minute.titles] + minutes.map(\.line)).joined(separator: "\n") + "\n"
      try text.write(toFile: file, atomically: true, encoding: .utf8)
    }
    // Those that are there are registered, but for those that have just come or gone without a word.
    for minute in minutes.dropFirst(5) {
      #expect(minute.registrations >= minute.peers * 9 / 10, "minute \(minute.minute)")
      #expect(minute.registrations <= minute.peers * 11 / 10 + 5, "minute \(minute.minute)")
    }
    let crowd = minutes[day.crowdAt]
    #expect(crowd.peers >= peers && crowd.named > peers, "the first answer already names peers")
    // A flood leaves nothing behind.
    let (before, after) = (minutes[day.floodAt - 1], minutes[day.floodAt + 4])
    #expect(minutes[day.floodAt].forged > 1_500 && after.kilobytes < before.kilobytes + 200)
    #expect(abs(after.registrations - before.registrations) <= max(8, before.registrations / 2))
    // What was lost is there again by the end of the minute.
    let lost = minutes[day.lossAt]
    #expect(lost.registrations >= lost.peers * 9 / 10)
    #expect(minutes[day.greedAt + 1].limited > 1_000 && minutes[day.greedAt - 1].limited == 0)
  }
}
