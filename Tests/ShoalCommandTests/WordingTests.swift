import ShoalBase
import ShoalContent
import ShoalTerminal
import ShoalWire
import Testing

@testable import Shoal
@testable import ShoalCommand

@Suite struct WordingTests {
  @Test func linesAreHarmless() {
    #expect(harmless("\"film.mkv\" is a name: say") == "\"film.mkv\" is a name: say")
    #expect(harmless("a\u{1B}[31m b\nc\u{202E}d é") == "a\\x1B[31m b\\nc\\u{202E}d é")
  }

  @Test func wordsForAShell() {
    #expect(shellWord("film.mkv") == "film.mkv")
    #expect(shellWord("loss=5%,delay=10ms") == "loss=5%,delay=10ms")
    #expect(shellWord("shoal:6b0c?tracker=a&peer=b") == "'shoal:6b0c?tracker=a&peer=b'")
    #expect(shellWord("it's") == "'it'\\''s'")
    #expect(shellWord("") == "''")
  }

  @Test func cuts() {
    #expect(Cut(size: 0).words == "empty")
    #expect(Cut(size: 5).words == "5 B, 1 chunk")
    #expect(Cut(size: 734_003_200, chunking: .size(1 << 20)).words == "734.0 MB, 700 chunks of 1 MiB")
    #expect(Cut(size: 734_003_200).usualChunk.bytes == 1 << 20)
    let twenty = Cut(size: 10_000_000, chunking: .count(20))
    #expect(twenty.words == "10.0 MB, 20 chunks of about 512 KiB")
    #expect(twenty.usualChunk.isEven == false)
  }

  @Test func lookups() {
    let cut = Cut(size: 45_875_200, chunking: .count(700))
    let (all, some) = (Swift.RangeSet(0..<700), Swift.RangeSet([0..<302, 318..<334]))
    let result = LookupResult(
      id: Digest(hex: someID)!, name: "film.mkv", total: 3,
      peers: [
        .init(
          address: Address(ipv4: 0xc000_0207, port: 7401), cut: cut, have: 700, chunks: all, age: .seconds(4)),
        .init(address: Address(ipv4: 0xc000_0209, port: 7401), cut: cut, have: 318, chunks: some, age: .seconds(1)),
      ])
    let text = LookupText(result)
    #expect(
      text.lines() == [
        "film.mkv  \(someID)  45.9 MB  700 chunks",
        "192.0.2.7:7401  700  100%  seen 4 s ago",
        "192.0.2.9:7401  318   45%  seen 1 s ago  0-301,318-333",
        "and 1 more peer",
      ])
    #expect(
      text.objects[1].description.hasPrefix(
        "{\"event\":\"peer\",\"address\":\"192.0.2.9:7401\",\"have\":318,\"chunks\":700,\"complete\":false,"))
    #expect(text.objects.last?.description.hasPrefix("{\"event\":\"done\",\"id\":\"\(someID)\"") == true)
  }

  @Test func rates() {
    var meter = RateMeter()
    #expect(meter.remaining(1) == nil)
    for step in 0...100 { meter.add(UInt64(step) * 1_000, at: 5 + Double(step) / 10) }
    #expect(abs(meter.rate - 10_000) < 1)
    #expect(abs((meter.remaining(50_000) ?? 0) - 5) < 0.01)
  }
}
