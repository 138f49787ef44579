import ShoalContent
import TestSupport
import Testing

@testable import ShoalSwarm

/// Executes the manifest in Protocol.md, section 13.4: byte i of the file is i modulo 251.
@Suite struct ProtocolManifestTests {
  @Test func manifest() throws {
    let fields = try #require(ProtocolDocument().vectors("manifest").first).fields
    let values = Dictionary(grouping: fields, by: \.key).mapValues { $0.map(\.value) }
    let id = try #require(values["id"]?.first.flatMap { Digest(hex: $0) })
    let size = try #require(values["size"]?.first.flatMap { UInt64($0) })
    let exponent = try #require(values["piece_exponent"]?.first.flatMap { UInt8($0) })
    let leaf = try #require(values["leaf"]?.first)
    let siblings = try #require(values["sibling"])
    let chaining = try #require(values["value"])
    let expected = leaf + siblings.joined() + chaining.joined()

    let content = (0..<Int(size)).map { UInt8($0 % 251) }
    var cut = Cut(size: size, pieceExponent: exponent, chunks: 0)
    cut.chunks = UInt32(cut.pieces)
    let pieces = (0..<cut.pieces).map { piece in
      let start = Int(cut.pieceOffset(piece))
      return Array(content[start..<start + cut.pieceLength(piece)])
    }
    let found = pieces.enumerated().map { number, piece in
      Blake3.chainingValue(of: piece.span, firstLeaf: cut.pieceOffset(number) / UInt64(Blake3.leafBytes))
    }
    let last = try #require(pieces.last)
    let made = Manifest(cut: cut, values: found, lastPiece: last.span)
    #expect(made.id == id && Blake3.hash(content.span) == id)
    #expect(found.map(\.hex) == chaining)
    #expect(made.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == expected)
    #expect(made.bytes.count == cut.manifestLength && siblings.count == (cut.leaves - 1).nonzeroBitCount)

    #expect(Manifest.proves(cut, id: id, made.bytes))
    let read = try #require(Manifest(id: id, cut: cut, proven: made.bytes))
    for (number, piece) in pieces.enumerated() {
      let isRight = read.verify(number, piece.span)
      #expect(isRight, "piece \(number)")
    }
    for wrong in 0..<made.bytes.count {
      var bytes = made.bytes
      bytes[wrong] ^= 1
      #expect(
        !Manifest.proves(cut, id: id, bytes) || Manifest(id: id, cut: cut, proven: bytes) == nil, "byte \(wrong)")
    }
  }

  @Test func chainingValues() throws {
    let rows = try #require(ProtocolDocument().vectors("chaining").first).lines.map { $0.split(separator: " ") }
    #expect(rows.count == 8)
    for row in rows {
      let (first, length) = (try #require(Int(row[0])), try #require(Int(row[1])))
      let content = (0..<length).map { UInt8((first * Blake3.leafBytes + $0) % 251) }
      #expect(Blake3.chainingValue(of: content.span, firstLeaf: UInt64(first)).hex == row[2])
    }
  }
}
