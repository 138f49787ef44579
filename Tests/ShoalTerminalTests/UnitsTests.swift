import Testing

@testable import ShoalTerminal

@Suite struct UnitsTests {
  @Test(
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (9_994, "9.99 kB"), (9_996, "10.0 kB"), (73_400_000, "73.4 MB"),
      (999_499, "999 kB"), (999_500, "1.00 MB"), (734_003_200, "734 MB"), (4_210_000_000, "4.21 GB"), (.max, "18.4 EB"),
    ] as [(UInt64, String)])
  func sizesInMotion(count: UInt64, expected: String) { #expect(Units.bytes(count) == expected) }

  @Test(
    arguments: [
      (512, "512 B"), (734_003_200, "734.0 MB"), (999_949_999, "999.9 MB"), (999_950_000, "1.0 GB"),
      (425_700_000, "425.7 MB"),
    ] as [(UInt64, String)])
  func totals(count: UInt64, expected: String) { #expect(Units.total(count) == expected) }

  @Test func progressStaysInOneUnitAndRoundsDown() {
    #expect(Units.progress(308_300_000, of: 734_003_200) == "308/734 MB")
    #expect(Units.progress(9_900_000, of: 734_003_200) == "9/734 MB")
    #expect(Units.progress(733_999_999, of: 734_003_200) == "733/734 MB")
    #expect(Units.progress(1_239_999_999, of: 4_210_000_000) == "1.23/4.21 GB")
    #expect(Units.progress(734_003_200, of: 734_003_200) == "734/734 MB")
    #expect(Units.progress(0, of: 0) == "0/0 B")
  }

  @Test func pieces() {
    #expect(Units.binary(1 << 20) == "1 MiB")
    #expect(Units.binary(65536) == "64 KiB")
    #expect(Units.binary(1_572_864) == "1.5 MiB")
    #expect(Units.binary(100) == "100 B")
  }

  @Test func rates() {
    #expect(Units.rate(11_240_000) == "11.2 MB/s")
    #expect(Units.bitRate(11_240_000) == "89.9 Mbit/s")
    #expect(Units.rate(0) == "0 B/s")
    #expect(Units.rate(45_300) == "45.3 kB/s")
    #expect(Units.rate(.nan) == "0 B/s")
    #expect(Units.rate(-1) == "0 B/s")
  }

  @Test(arguments: [
    (0, "0 s"), (0.0002, "0.2 ms"), (0.2, "0.2 s"), (65.3, "65.3 s"), (99.96, "1 min 40 s"), (245, "4 min 05 s"),
    (7500, "2 h 05 min"), (3599.6, "1 h 00 min"), (.infinity, "0 s"),
  ])
  func durations(seconds: Double, expected: String) { #expect(Units.duration(seconds) == expected) }

  @Test(arguments: [
    (37.6, "38 s"), (60, "60 s"), (99.4, "99 s"), (99.5, "2 min"), (240, "4 min"), (3569, "59 min"),
    (3571, "1 h 00 min"), (7500, "2 h 05 min"), (180_000, "2 d 02 h"), (1e12, "over 99 d"),
  ])
  func waits(seconds: Double, expected: String) { #expect(Units.remaining(seconds) == expected) }

  @Test func grouping() {
    #expect(Units.grouped(5871) == "5,871")
    #expect(Units.grouped(0) == "0")
    #expect(Units.grouped(999) == "999")
    #expect(Units.grouped(294_712) == "294,712")
    #expect(Units.grouped(-1_234_567) == "-1,234,567")
    #expect(Units.grouped(Int64.min) == "-9,223,372,036,854,775,808")
    #expect(Units.grouped(UInt64.max) == "18,446,744,073,709,551,615")
  }

  @Test func percentages() {
    #expect(Units.percent(0) == "0%")
    #expect(Units.percent(1) == "100%")
    #expect(Units.percent(0.011) == "1.1%")
    #expect(Units.percent(0.98) == "98.0%")
    #expect(Units.percent(0.0001) == "<0.1%")
    #expect(Units.percent(1e-300) == "<0.1%")
    #expect(Units.percent(0.9999) == "99.9%")
    #expect(Units.percent(318, of: 700, decimals: 0) == "45%")
    #expect(Units.percent(6999, of: 7000, decimals: 0) == "99%")
    #expect(Units.percent(1, of: 200, decimals: 0) == "0.5%")
    #expect(Units.percent(1, of: 0) == "0%")
    #expect(Units.percent(.nan) == "0%")
  }

  @Test func fixedDecimals() {
    #expect(Units.fixed(0.05, 1) == "0.1")
    #expect(Units.fixed(-1.84, 2) == "-1.84")
    #expect(Units.fixed(-0.001, 2) == "0.00")
    #expect(Units.fixed(1.005, 0) == "1")
    #expect(Units.fixed(0.000_310, 6) == "0.000310")
    #expect(Units.fixed(.infinity, 1) == "-")
  }

  @Test func timesOfOptions() {
    for (text, seconds) in [
      ("500ms", 0.5), ("30", 30), ("30s", 30), ("1.5", 1.5), ("30sec", 30), ("1m", 60), ("5min", 300), ("2h", 7_200),
      ("1d", 86_400), ("0", 0),
    ] {
      #expect(Units.parseTime(text) == seconds, "\(text)")
    }
    for refused in ["", "s", "1 m", "-1", "1M", "1e3", "1.2.3", ".", "٣", "+1", "1us"] {
      #expect(Units.parseTime(refused) == nil, "\(refused)")
    }
  }

  @Test func sizesOfOptions() {
    #expect(Units.parseBytes("65536") == 65536)
    #expect(Units.parseBytes("64kB") == 64_000)
    #expect(Units.parseBytes("1MiB") == 1_048_576)
    #expect(Units.parseBytes("1.5MiB") == 1_572_864)
    #expect(Units.parseBytes("2TiB") == 2 << 40)
    #expect(Units.parseBytes("16777215TiB") != nil)
    for refused in [
      "", "64K", "1M", "1mb", "MiB", "-1", "1.2.3", "0.5B", "16777216TiB", "1 MiB", "٣", "+1", "1e3", ".",
    ] {
      #expect(Units.parseBytes(refused) == nil, "\(refused)")
    }
  }
}
