import ShoalBase
import ShoalWire
import Testing

@testable import shoal_dump

@Suite struct HostileCaptureTests {
  /// Whatever the datagrams contain, the text is ASCII without control characters, and nothing traps.
  @Test func randomDatagrams() throws {
    var random = SeededGenerator(seed: 8)
    let capture = TestCapture()
    for index in 0..<6_000 {
      let type = PacketType.allCases[index % PacketType.allCases.count].rawValue
      let count = Int.random(in: 0...70, using: &random)
      let mask: UInt8 = Bool.random(using: &random) ? 7 : .max
      let body = (0..<count).map { _ in UInt8.random(in: 0 ... .max, using: &random) & mask }
      let header: [UInt8] = [0x53, 0x68, type == 1 ? 0 : 1, type, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
      let isSealed = index % 10 > 0
      capture.add(isSealed ? sealed(header + body) : header + body)
    }
    for options in [["-v"], ["--json"]] {
      let outcome = try inspect(capture.bytes, options[0])
      #expect(outcome.status == 0)
      if options == ["-v"] { #expect(outcome.output.utf8.allSatisfy { (0x20..<0x7f).contains($0) || $0 == 10 }) }
    }
  }

  @Test func names() throws {
    let capture = TestCapture()
    var find = FindPacket()
    find.name = "\u{1B}[2J\u{202E}\u{200B}\n\"\\ä\u{9B}\u{2028}"
    try capture.add(find)
    var close = ClosePacket()
    close.reason = "\r\u{7F}"
    try capture.add(close)
    let lines = try inspect(capture.bytes).lines
    #expect(lines.count == 2)
    #expect(lines[0].contains(#" name="\x1B[2J\u{202E}\u{200B}\n\"\\\u{E4}\u{9B}\u{2028}" "#))
    #expect(lines[1].contains(#" reason="\r\x7F" "#))
  }

  @Test func memoryIsBounded() {
    var recent = Recent<Int, Int>(capacity: 3)
    for key in 0..<10 { recent.insert(key * key, for: key) }
    #expect((0..<10).map { recent[$0] } == [nil, nil, nil, nil, nil, nil, nil, 49, 64, 81])
    recent.insert(1, for: 7)
    recent.insert(2, for: 20)
    #expect(recent[7] == nil && recent[8] == 64 && recent[20] == 2)
  }
}
