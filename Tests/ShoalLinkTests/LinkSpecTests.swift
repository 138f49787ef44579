import ShoalBase
import ShoalLink
import Testing

@Suite struct LinkSpecTests {
  private let full =
    "loss=5%,corrupt=1%,delay=10ms,jitter=2ms,reorder=1%,duplicate=0.1%,rate=100mbit,queue=64kB,burst=3,mtu=1400,"
    + "outage=5s/2s,seed=7"

  @Test func everyKeyIsRead() throws {
    let expected = LinkParameters(
      loss: 0.05, burst: 3, corrupt: 0.01, duplicate: 0.001, reorder: 0.01, delay: 10 * .millisecond,
      jitter: 2 * .millisecond, rate: 100_000_000, queue: 64_000, mtu: 1_400,
      outage: Outage(up: 5 * .second, down: 2 * .second))
    #expect(try LinkSpec(parsing: full) == LinkSpec(both: expected, seed: 7))
  }

  @Test func upAndDownAreApart() throws {
    let spec = try LinkSpec(parsing: "rate=20mbit/100mbit,loss=0%/5%,delay=5ms,mtu=none/1400,queue=auto/1MB")
    #expect(spec.up == LinkParameters(delay: 5 * .millisecond, rate: 20_000_000))
    #expect(
      spec.down
        == LinkParameters(loss: 0.05, delay: 5 * .millisecond, rate: 100_000_000, queue: 1_000_000, mtu: 1_400))
    #expect(spec.seed == nil)
  }

  @Test(arguments: [
    ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
  ])
  func timesHaveUnits(unit: String, scale: Int64) throws {
    #expect(try LinkSpec(parsing: "delay=2\(unit)").up.delay == 2 * scale)
    #expect(try LinkSpec(parsing: "delay=0.125\(unit)").up.delay == scale / 8)
  }

  private static let rates: [(String, Int64?)] = [
    ("1bit", 1), ("2kbit", 2_000), ("1.5mbit", 1_500_000), ("1gbit", 1_000_000_000), ("10Mbit", 10_000_000),
    ("1000gbit", 1_000_000_000_000), ("none", nil),
  ]

  @Test(arguments: rates)
  func ratesHaveUnits(text: String, bits: Int64?) throws {
    #expect(try LinkSpec(parsing: "rate=\(text)").down.rate == bits)
  }

  private static let sizes: [(String, Int?)] = [
    ("0B", 0), ("100B", 100), ("64kB", 64_000), ("64KiB", 65_536), ("1.5MB", 1_500_000), ("2MiB", 2_097_152),
    ("1000MB", 1_000_000_000), ("auto", nil),
  ]

  @Test(arguments: sizes)
  func sizesHaveUnits(text: String, bytes: Int?) throws {
    #expect(try LinkSpec(parsing: "rate=1mbit,queue=\(text)").up.queue == bytes)
  }

  @Test(
    arguments: [
      ("rate=100mbit,delay=20ms,queue=1bdp", 500_000, 500_000),
      ("queue=0.1bdp,delay=20ms,rate=100mbit", 50_000, 50_000),
      ("rate=20mbit/100mbit,delay=10ms/30ms,queue=2bdp", 200_000, 1_000_000),
      ("rate=20mbit/100mbit,delay=10ms/30ms,queue=2bdp/64kB", 200_000, 64_000),
      ("rate=1mbit,delay=10ms,queue=auto/0bdp", nil, 0), ("rate=none/8mbit,delay=1ms,queue=4bdp", nil, 8_000),
      ("rate=1000gbit,delay=60s,queue=1000bdp", 1_000_000_000, 1_000_000_000),
    ] as [(String, Int?, Int?)])
  func queuesInBandwidthDelayProducts(text: String, up: Int?, down: Int?) throws {
    let spec = try LinkSpec(parsing: text)
    #expect(spec.up.queue == up && spec.down.queue == down)
    #expect(try LinkSpec(parsing: "\(spec)") == spec)
  }

  @Test func theEndsOfTheRangesAreIn() throws {
    for text in [
      "loss=0%", "loss=100%", "loss=100.000%", "delay=60s", "jitter=0us", "rate=1bit", "mtu=576", "mtu=65535",
      "loss=1%,burst=1", "loss=1%,burst=10000", "loss=100%,burst=2", "loss=50%,burst=1", "loss=80%,burst=4",
      "outage=1ms/86400s", "seed=0", "seed=18446744073709551615", "corrupt=0.0000001%",
    ] {
      #expect(throws: Never.self) { try LinkSpec(parsing: text) }
    }
  }

  @Test func spacesAroundItemsAreAllowed() throws {
    #expect(try LinkSpec(parsing: " loss=5%, delay=10ms ") == LinkSpec(parsing: "loss=5%,delay=10ms"))
  }

  @Test func cleanIsClean() throws {
    #expect(try LinkSpec(parsing: "clean") == .clean)
    #expect(try LinkSpec(parsing: "loss=0%,delay=0ms,rate=none") == .clean)
    #expect(LinkSpec.clean.isClean)
    #expect(try LinkSpec(parsing: "seed=3").isClean)
    #expect(try LinkSpec(parsing: "loss=0%,burst=3,rate=none,queue=9kB").isClean)
    for item in [
      "loss=1%", "corrupt=1%", "delay=1ms", "jitter=1ms", "reorder=1%", "duplicate=1%", "rate=1mbit", "mtu=1400",
      "outage=1s/1s", "loss=0%/1%",
    ] {
      #expect(try !LinkSpec(parsing: item).isClean)
    }
  }

  @Test(arguments: [
    ("clean", "clean"),
    ("seed=7", "seed=7"),
    ("rate=20mbit/100mbit", "rate=20mbit/100mbit"),
    ("delay=10ms/10000us,loss=5.0%/5%", "loss=5%,delay=10ms"),
    ("delay=0ms/1500us", "delay=0s/1.5ms"),
    ("jitter=0.5us", "jitter=0.5us"),
    ("rate=1500kbit,queue=64KiB", "rate=1.5mbit,queue=65.536kB"),
    ("mtu=none/1400", "mtu=none/1400"),
    ("loss=0%,burst=3", "loss=0%,burst=3"),
    ("loss=5%,burst=none/2.5", "loss=5%,burst=none/2.5"),
    ("rate=none,queue=64kB", "rate=none,queue=64kB"),
    ("rate=1gbit,queue=auto/0B", "rate=1gbit,queue=auto/0B"),
    ("corrupt=0.0000001%", "corrupt=0.0000001%"),
    ("outage=90s/0.25s", "outage=90s/250ms"),
  ])
  func itPrintsCanonically(text: String, canonical: String) throws {
    let spec = try LinkSpec(parsing: text)
    #expect(spec.description == canonical)
    #expect(try LinkSpec(parsing: canonical) == spec)
  }

  @Test func theFullSpecPrintsInTheCanonicalOrder() throws {
    #expect(
      try LinkSpec(parsing: full).description
        == "loss=5%,burst=3,corrupt=1%,delay=10ms,jitter=2ms,reorder=1%,duplicate=0.1%,rate=100mbit,queue=64kB,"
        + "mtu=1400,outage=5s/2s,seed=7")
  }

  @Test func randomSpecsComeBackEqual() throws {
    var generator = SeededGenerator(seed: 1)
    func number(_ range: ClosedRange<Int64>) -> Int64 {
      // As many small numbers as large ones.
      let wide = generator.next() >> (1 + generator.next() % 62)
      return range.lowerBound + Int64(wide % UInt64(range.upperBound - range.lowerBound + 1))
    }
    func parameters(_ outage: Outage?) -> LinkParameters {
      LinkParameters(
        loss: Double(number(0...500_000_000)) / 1_000_000_000,
        burst: generator.chanceOfHalf() ? nil : Double(number(1_000...10_000_000)) / 1_000,
        corrupt: Double(number(0...1_000_000_000)) / 1_000_000_000,
        duplicate: Double(number(0...1_000_000_000)) / 1_000_000_000,
        reorder: Double(number(0...1_000_000_000)) / 1_000_000_000,
        delay: number(0...60_000_000_000), jitter: number(0...60_000_000_000),
        rate: generator.chanceOfHalf() ? nil : number(1...1_000_000_000_000),
        queue: generator.chanceOfHalf() ? nil : Int(number(0...1_000_000_000)),
        mtu: generator.chanceOfHalf() ? nil : Int(number(576...65_535)), outage: outage)
    }
    for _ in 0..<300 {
      let outage =
        generator.chanceOfHalf()
        ? nil : Outage(up: number(1_000_000...86_400_000_000_000), down: number(1_000_000...86_400_000_000_000))
      let spec = LinkSpec(
        up: parameters(outage), down: parameters(outage), seed: generator.chanceOfHalf() ? nil : generator.next())
      #expect(try LinkSpec(parsing: spec.description) == spec)
    }
  }
}

extension SeededGenerator {
  fileprivate mutating func chanceOfHalf() -> Bool { next() & 1 == 0 }
}
