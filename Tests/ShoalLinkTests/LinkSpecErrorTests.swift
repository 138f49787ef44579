import ShoalLink
import Testing

@Suite struct LinkSpecErrorTests {
  private static let keys =
    "loss, burst, corrupt, delay, jitter, reorder, duplicate, rate, trace, queue, mtu, outage or seed"

  private static let mistakes: [(text: String, message: String)] = [
    ("", "nothing is set: write for example loss=5%,delay=10ms"),
    (" ", "nothing is set: write for example loss=5%,delay=10ms"),
    ("loss=5%,", "loss=5%,: an item is empty"),
    ("loss=5%,,delay=1ms", "loss=5%,,delay=1ms: an item is empty"),
    ("loss", "loss: write loss=VALUE"),
    ("delay=1ms,clean", "clean: there is no clean; use \(keys)"),
    ("latency=5ms", "latency=5ms: there is no latency; use \(keys)"),
    ("5%", "5%: there is no 5%; use \(keys)"),
    ("los=5%", "los=5%: there is no los; did you mean loss?"),
    ("dealy=5ms", "dealy=5ms: there is no dealy; did you mean delay?"),
    ("dup=5%", "dup=5%: there is no dup; did you mean duplicate?"),
    ("corruption=5%", "corruption=5%: there is no corruption; use \(keys)"),
    ("Loss=5%", "Loss=5%: there is no Loss; did you mean loss?"),
    ("loss=5%,loss=6%", "loss=6%: loss is set twice"),
    ("loss=", "loss=: '' is not a number"),
    ("loss=abc%", "loss=abc%: 'abc%' is not a number"),
    ("loss=5.%", "loss=5.%: '5.%' is not a number"),
    ("loss=.5%", "loss=.5%: '.5%' is not a number"),
    ("loss=1.2.3%", "loss=1.2.3%: '1.2.3%' is not a number"),
    ("loss=+5%", "loss=+5%: '+5%' is not a number"),
    ("loss=5%/", "loss=5%/: '' is not a number"),
    ("loss=none", "loss=none: 'none' is not a number"),
    ("loss=5", "loss=5: loss needs its percent sign"),
    ("loss=0.05", "loss=0.05: loss needs its percent sign"),
    ("loss=5/6%", "loss=5/6%: loss needs its percent sign"),
    ("loss=5ms", "loss=5ms: there is no unit ms; did you mean %?"),
    ("loss=150%", "loss=150%: loss must be 0% to 100%"),
    ("loss=-5%", "loss=-5%: loss must be 0% to 100%"),
    ("corrupt=100.1%", "corrupt=100.1%: corrupt must be 0% to 100%"),
    ("reorder=1%/101%", "reorder=1%/101%: reorder must be 0% to 100%"),
    ("duplicate=99999999999999999999%", "duplicate=99999999999999999999%: duplicate must be 0% to 100%"),
    ("loss=0.00000001%", "loss=0.00000001%: loss must be a multiple of 0.0000001%"),
    ("loss=0.0000000000000000000001%", "loss=0.0000000000000000000001%: loss must be a multiple of 0.0000001%"),
    ("loss=1%/2%/3%", "loss=1%/2%/3%: loss takes one value, or UP/DOWN"),
    ("delay=10", "delay=10: delay needs a unit: us, ms or s"),
    ("delay=10sec", "delay=10sec: there is no unit sec; use us, ms or s"),
    ("delay=10MS", "delay=10MS: there is no unit MS; did you mean ms?"),
    ("delay=601s", "delay=601s: delay must be 0s to 600s"),
    ("jitter=600000.001ms", "jitter=600000.001ms: jitter must be 0s to 600s"),
    ("delay=0.0001us", "delay=0.0001us: delay must be a multiple of 0.001us"),
    ("rate=100", "rate=100: rate needs a unit: bit, kbit, mbit or gbit"),
    ("rate=100mbps", "rate=100mbps: there is no unit mbps; did you mean mbit?"),
    ("rate=100Mbps", "rate=100Mbps: there is no unit Mbps; did you mean mbit?"),
    ("rate=100mb", "rate=100mb: there is no unit mb; did you mean mbit?"),
    ("rate=100MBps", "rate=100MBps: there is no unit MBps; use bit, kbit, mbit or gbit"),
    ("rate=100MB/s", "rate=100MB/s: there is no unit MB; use bit, kbit, mbit or gbit"),
    ("rate=100Mbit/s", "rate=100Mbit/s: a rate is always per second, and / parts up from down; write rate=100mbit"),
    ("rate=1.5gbit/sec", "rate=1.5gbit/sec: a rate is always per second, and / parts up from down; write rate=1.5gbit"),
    ("loss=5% delay=10ms", "loss=5% delay=10ms: write commas without spaces: loss=5%,delay=10ms"),
    ("loss = 5 %; delay= 10ms,mtu=1400", "loss = 5 %; delay= 10ms: write commas without spaces: loss=5%,delay=10ms"),
    ("rate=0bit", "rate=0bit: rate must be 1bit to 1000gbit"),
    ("rate=1001gbit", "rate=1001gbit: rate must be 1bit to 1000gbit"),
    ("rate=0.5bit", "rate=0.5bit: rate must be a multiple of 1bit"),
    ("rate=1mbit,queue=64", "queue=64: queue needs a unit: B, kB, KiB, MB or MiB"),
    ("rate=1mbit,queue=64KB", "queue=64KB: there is no unit KB; did you mean kB?"),
    ("rate=1mbit,queue=64kbit", "queue=64kbit: there is no unit kbit; use B, kB, KiB, MB or MiB"),
    ("rate=1mbit,queue=1001MB", "queue=1001MB: queue must be 0B to 1000MB"),
    ("queue=64kB,loss=1%", "queue=64kB: queue needs rate"),
    ("queue=2bdp,delay=5ms", "queue=2bdp: queue needs rate"),
    ("queue=2bdp,rate=1mbit", "queue=2bdp: queue needs delay"),
    ("rate=1mbit,delay=5ms,queue=1001bdp", "queue=1001bdp: queue must be 0bdp to 1000bdp"),
    ("rate=1mbit,delay=5ms,queue=xbdp", "queue=xbdp: 'x' is not a number"),
    ("rate=1mbit,delay=5ms,queue=1bdp/2bdp/3bdp", "queue=1bdp/2bdp/3bdp: queue takes one value, or UP/DOWN"),
    ("burst=3", "burst=3: burst needs loss"),
    ("loss=1%,burst=0.5", "burst=0.5: burst must be 1 to 10000"),
    ("loss=1%,burst=3x", "burst=3x: burst takes a plain number"),
    ("loss=1%,burst=1.0001", "burst=1.0001: burst must be a multiple of 0.001"),
    ("loss=80%,burst=3", "burst=3: with so much loss the mean run is at least 4"),
    ("burst=3,loss=1%/90%", "burst=3: with so much loss the mean run is at least 9"),
    ("mtu=575", "mtu=575: mtu must be 576 to 65535"),
    ("mtu=65536", "mtu=65536: mtu must be 576 to 65535"),
    ("mtu=1400B", "mtu=1400B: mtu takes a plain number"),
    ("mtu=1400.5", "mtu=1400.5: mtu must be a whole number"),
    ("outage=5s", "outage=5s: write how long it is up and how long it is down, as in outage=5s/2s"),
    ("outage=5s/2s/1s", "outage=5s/2s/1s: write how long it is up and how long it is down, as in outage=5s/2s"),
    ("outage=0s/2s", "outage=0s/2s: outage must be 1ms to 86400s"),
    ("outage=5/2", "outage=5/2: outage needs a unit: us, ms or s"),
    ("seed=1/2", "seed=1/2: both directions share one seed"),
    ("seed=-1", "seed=-1: '-1' is not a number"),
    ("seed=", "seed=: '' is not a number"),
    ("seed=18446744073709551616", "seed=18446744073709551616: seed must be 0 to 18446744073709551615"),
    ("loss\n=5%", "loss?=5%: there is no loss?; did you mean loss?"),
  ]

  @Test(arguments: mistakes)
  func aMistakeIsNamedInOneLine(text: String, message: String) {
    let error = #expect(throws: LinkSpecError.self) { try LinkSpec(parsing: text) }
    #expect(error?.description == message)
  }

  @Test func theProblemIsTyped() {
    let missing = #expect(throws: LinkSpecError.self) { try LinkSpec(parsing: "loss=5%,delay=10") }
    #expect(missing?.item == "delay=10")
    #expect(missing?.problem == .missingUnit(["us", "ms", "s"]))
    let error = #expect(throws: LinkSpecError.self) { try LinkSpec(parsing: "rate=5mbps") }
    #expect(
      error?.problem == .unknownUnit("mbps", suggestion: "mbit", units: ["bit", "kbit", "mbit", "gbit"]))
  }

  @Test func aLongItemIsCutShort() {
    let error = #expect(throws: LinkSpecError.self) {
      try LinkSpec(parsing: "loss=" + String(repeating: "9", count: 100_000) + "%")
    }
    #expect((error?.description.count ?? .max) < 200)
  }
}
