import Glibc
import ShoalTerminal
import Testing

@Suite struct TimestampTests {
  @Test(
    arguments: [
      (0, 0, "1970-01-01T00:00:00.000Z"), (1_795_356_194, 802_999_999, "2026-11-22T14:03:14.802Z"),
      (951_782_400, 0, "2000-02-29T00:00:00.000Z"), (4_107_542_399, 999_000_000, "2100-02-28T23:59:59.999Z"),
      (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"), (-1, 500_000_000, "1969-12-31T23:59:59.500Z"),
      (-62_135_596_800, 0, "0001-01-01T00:00:00.000Z"), (253_402_300_799, 0, "9999-12-31T23:59:59.000Z"),
    ] as [(Int64, Int64, String)])
  func universalTime(seconds: Int64, nanoseconds: Int64, expected: String) {
    #expect(Timestamp(seconds: seconds, nanoseconds: nanoseconds).rfc3339 == expected)
  }

  @Test func agreesWithTheLibrary() {
    for step in Int64(0)..<2000 {
      let seconds = -2_000_000_000 + step * 3_456_789
      let text = Timestamp(seconds: seconds).rfc3339
      #expect(text.split { !$0.isNumber }.prefix(6).compactMap { Int32($0) } == calendarTime(Int(seconds)))
    }
  }

  @Test func localTime() {
    let text = Timestamp(seconds: 1_795_356_189).localTime
    let fields = calendarTime(1_795_356_189, isLocal: true).suffix(3)
    #expect(text.split(separator: ":").compactMap { Int32($0) } == Array(fields))
    #expect(text.count == 8)
  }

  @Test func nowIsNow() { #expect(Timestamp.now.rfc3339 > "2025") }
}
