import ShoalCapture
import ShoalWire
import Testing

@testable import shoal_dump

@Suite struct SegmentTests {
  private func segments(_ count: Int, last: Int = 60) throws -> [[UInt8]] {
    try (0..<count).map { try data(UInt32($0), block(offset: 0, count: $0 == count - 1 ? last : 900)) }
  }

  @Test func aFrameOfSeveralDatagrams() throws {
    let capture = TestCapture()
    capture.add(Array(try segments(3).joined()))
    capture.add(try data(3))
    let lines = try inspect(capture.bytes).lines
    #expect(lines.map { $0.prefix(7) } == ["   1.1 ", "   1.2 ", "   1.3 ", "   2  0"])
    #expect(lines[1].contains(" DATA seq=1 BLOCK file=0 offset=0 content=900 len=942"))
    #expect(lines[2].hasSuffix(" DATA seq=2 BLOCK file=0 offset=0 content=60 len=102"))
    let objects = try objects(inspect(capture.bytes, "--json"))
    #expect(objects.map { $0["part"] as? Int } == [1, 2, 3, nil] && objects.map { $0["n"] as? Int } == [1, 1, 1, 2])
  }

  @Test func oneOfThemIsCorrupt() throws {
    var parts = try segments(4)
    parts[2][100] ^= 1
    let capture = TestCapture()
    capture.add(Array(parts.joined()))
    let lines = try inspect(capture.bytes).lines
    #expect(lines.count == 4 && lines[2].contains(" DATA? len=942 [corrupt: "))
    #expect(try inspect(capture.bytes, "-q", "--assert", "corrupt == 1 && data == 3").status == 0)
  }

  /// A header in the content of a damaged datagram divides it only if checksums say so.
  @Test func contentThatLooksLikeAHeader() throws {
    var datagram = try data(1, block(offset: 0, count: 400))
    for offset in stride(from: 100, to: 400, by: 50) {
      datagram.replaceSubrange(offset..<offset + 3, with: [0x53, 0x68, 1])
    }
    let capture = TestCapture()
    capture.add(datagram)
    let lines = try inspect(capture.bytes).lines
    #expect(lines.count == 1 && lines[0].contains(" DATA? len=442 [corrupt: "))
  }

  @Test func segmentsAreWrittenSeparately() throws {
    let capture = TestCapture()
    capture.add(Array(try segments(3).joined()))
    capture.add(try data(7, attempt: 1))
    let written = try rewritten(capture.bytes)
    var reader = CaptureReader()
    reader.feed(written.span)
    reader.finish()
    var comments: [String?] = []
    while let record = try reader.next() {
      let frame = try IPFrame.parse(linkType: record.linkType, bytes: record.bytes.span)
      let datagram = record.bytes.slice(frame.payload)
      #expect(frame.checksum == .ok && Checksum.isValid(datagram.span))
      comments.append(record.comment.map { String(decoding: $0, as: UTF8.self) })
    }
    #expect(comments == [nil, nil, nil, "resent, attempt 1"])
  }

  /// Frames of several datagrams have no direction if the capture gives none.
  @Test func aDirectionThatIsNotKnownStaysSo() throws {
    let parts = try segments(3).joined()
    let frames = [Array(parts), try data(3)].flatMap { pcapRecord($0, cutTo: $0.count) }
    let written = try rewritten(pcapHeader(linkType: 101) + frames)
    var reader = CaptureReader()
    reader.feed(written.span)
    reader.finish()
    var count = 0
    while let record = try reader.next() {
      #expect(record.direction == nil)
      count += 1
    }
    #expect(count == 4)
  }
}

/// What `-w` writes for a capture.
func rewritten(_ bytes: [UInt8], _ options: String...) throws -> [UInt8] {
  let outcome = try inspectBytes(bytes, ["-w", "-"] + options)
  #expect(outcome.status == 0)
  return outcome.output
}
