import ShoalWire
import TestSupport
import Testing

@testable import Shoal

/// What is read of a file for what is asked of it.
@Suite struct SpanCacheTests {
  private static let size = 3_000_000
  private static let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 * 31 >> 3) }

  private func source(_ scratch: Scratch) throws -> SourceFile {
    let file = try File.create(scratch.at("a"))
    let content = Self.content
    try file.write(content.span, at: 0)
    return SourceFile(file, asHashed: try file.status())
  }

  /// Reads a range as it is sent, in blocks, and checks every byte.
  private func send(
    _ range: Range<Int>, by step: Int, _ source: SourceFile, _ spans: inout SpanCache, as number: UInt32 = 1
  ) {
    var room = [UInt8](repeating: 0, count: step)
    for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      let length = min(step, range.upperBound - start)
      var checksum: UInt32 = 7
      var span = room.mutableSpan
      var target = span._mutatingExtracting(..<length)
      let isRead = spans.read(
        source, number, UInt64(start), length, ahead: range.upperBound - start - length, into: &target, &checksum)
      #expect(isRead && room[..<length] == Self.content[start..<start + length], "at \(start)")
      let expected = CRC32C.checksum(room.span.extracting(..<length), continuing: 7)
      #expect(checksum == expected, "at \(start)")
    }
  }

  @Test func crumbsAreReadAsCrumbs() throws {
    let scratch = try Scratch()
    let source = try source(scratch)
    var spans = SpanCache()
    for start in stride(from: 0, to: Self.size, by: 262_144) { send(start..<start + 1, by: 1_158, source, &spans) }
    #expect(spans.bytesRead == 12)
  }

  @Test(arguments: [1, 1_158, 8_000, 65_465])
  func nothingIsReadTwiceNorInVain(step: Int) throws {
    let scratch = try Scratch()
    let source = try source(scratch)
    var spans = SpanCache()
    for range in [100_000..<165_536, 1_000_001..<1_400_000, 2_990_000..<3_000_000] {
      let before = spans.bytesRead
      send(step == 1 ? range.lowerBound..<range.lowerBound + 3_000 : range, by: step, source, &spans)
      #expect(spans.bytesRead - before == (step == 1 ? 3_000 : range.count), "\(range)")
    }
  }

  /// Downloads of the same content at the same time share a span; others have their own.
  @Test func spansAreShared() throws {
    let scratch = try Scratch()
    let source = try source(scratch)
    var spans = SpanCache()
    for start in stride(from: 0, to: 1 << 20, by: 4_096) {
      for reader in 0..<5 {
        var (room, checksum) = ([UInt8](repeating: 0, count: 1_024), UInt32(0))
        let offset = (start + reader * 1_024) % (1 << 20)
        var span = room.mutableSpan
        _ = spans.read(source, 1, UInt64(offset), 1_024, ahead: (1 << 20) - offset - 1_024, into: &span, &checksum)
      }
    }
    #expect(spans.bytesRead <= 1 << 20 + 65_536)
    send(0..<65_536, by: 1_000, source, &spans, as: 2)
    #expect(spans.bytesRead > 1 << 20)
  }

  @Test func whatWasWrittenIsReadAnew() throws {
    let scratch = try Scratch()
    let file = try File.create(scratch.at("b"))
    let content = Self.content
    try file.write(content.span, at: 0)
    let source = SourceFile(file, asHashed: nil)
    var spans = SpanCache()
    send(0..<65_536, by: 1_000, source, &spans)
    let change: [UInt8] = [1, 2, 3]
    try file.write(change.span, at: 30_000)
    spans.invalidate(1, 30_000, 3)
    var (room, checksum) = ([UInt8](repeating: 0, count: 3), UInt32(0))
    var span = room.mutableSpan
    let isRead = spans.read(source, 1, 30_000, 3, ahead: 500, into: &span, &checksum)
    #expect(isRead && room == change)
  }

  @Test func whatIsNotThereIsNotSent() throws {
    let scratch = try Scratch()
    let source = try source(scratch)
    var spans = SpanCache()
    for (offset, length, ahead) in [(Self.size - 5, 10, 0), (Self.size - 5, 10, 900), (Self.size, 1, 0)] {
      var (room, checksum) = ([UInt8](repeating: 0, count: length), UInt32(0))
      var span = room.mutableSpan
      let isRead = spans.read(source, 1, UInt64(offset), length, ahead: ahead, into: &span, &checksum)
      #expect(!isRead, "\(offset)")
    }
  }

  /// There are more spans than are kept: the oldest go, and nothing else changes.
  @Test func theOldestSpanGoes() throws {
    let scratch = try Scratch()
    let source = try source(scratch)
    var spans = SpanCache()
    for start in stride(from: 0, to: Self.size - 3_000, by: 10_000) {
      send(start..<start + 3_000, by: 1_000, source, &spans)
    }
    let before = spans.bytesRead
    send(2_990_000..<2_993_000, by: 1_000, source, &spans)
    #expect(spans.bytesRead == before, "the newest is still there")
    send(0..<3_000, by: 1_000, source, &spans)
    #expect(spans.bytesRead == before + 3_000)
  }
}
