import Shoal
import ShoalBase
import ShoalContent
import Synchronization
import TestSupport
import Testing

/// Files read and hashed by several threads at once.
@Suite struct PieceScanTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func file(_ size: Int) throws -> (file: File, bytes: [UInt8]) {
    var generator = SeededGenerator(seed: UInt64(size))
    let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    let file = try File.create(scratch.at("file\(size)"))
    try file.write(bytes.span, at: 0)
    return (file, bytes)
  }

  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 700_001])
  func piecesComeInOrderWhoeverReadThem(_ size: Int) throws {
    let (file, bytes) = try file(size)
    let cut = Cut(size: UInt64(size), chunking: .size(65_536))
    let reports = Mutex<[UInt64]>([])
    let pieces = try PieceScan.map(file, cut, count: cut.pieces) { done in
      reports.withLock { $0.append(done) }
    } _: { piece, content in
      (piece, Blake3.hash(content))
    }
    let expected = (0..<cut.pieces).map { piece in
      let start = Int(cut.pieceOffset(piece))
      return Blake3.hash(bytes[start..<start + cut.pieceLength(piece)].span)
    }
    #expect(try #require(pieces).map(\.1) == expected)
    #expect(try #require(pieces).map(\.0) == Array(0..<cut.pieces))
    let seen = reports.withLock { $0 }
    #expect(seen == seen.sorted() && seen.last == (size > 0 ? UInt64(size) : nil))
  }

  @Test func aFileThatEndsTooSoonIsNoFile() throws {
    let (file, _) = try file(200_000)
    let cut = Cut(size: 200_001, chunking: .size(65_536))
    #expect(try PieceScan.map(file, cut, count: cut.pieces, progress: { _ in }, _: { piece, _ in piece }) == nil)
    // Those before its end are there.
    #expect(try PieceScan.map(file, cut, count: 3, progress: { _ in }, _: { piece, _ in piece }) == [0, 1, 2])
  }
}
