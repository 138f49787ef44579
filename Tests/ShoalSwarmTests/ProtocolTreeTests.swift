import ShoalContent
import TestSupport
import Testing

/// Executes the tree in Protocol.md, section 13.4: byte i of the file is i modulo 251.
@Suite struct ProtocolTreeTests {
  @Test func tree() throws {
    let fields = try #require(ProtocolDocument().vectors("tree").first).fields
    let values = Dictionary(grouping: fields, by: \.key).mapValues { $0.map(\.value) }
    let id = try #require(values["id"]?.first.flatMap { Digest(hex: $0) })
    let size = try #require(values["size"]?.first.flatMap { UInt64($0) })
    let exponent = try #require(values["piece_exponent"]?.first.flatMap { UInt8($0) })
    let blocks = try #require(values["block"])

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
    #expect(found.map(\.hex) == values["value"])
    let last = try #require(pieces.last)
    let manifest = Manifest(cut: cut, values: found, lastPiece: last.span)
    #expect(manifest.id == id)
    let tree = BlockTree.values(of: content.span, at: 0)
    #expect(tree.map(\.hex) == blocks && Int(cut.treeLength) == 32 * blocks.count)
    for piece in 0..<cut.pieces {
      let place = cut.tree(ofPiece: piece)
      let part = Array(tree[Int(place.lowerBound) / 32..<Int(place.upperBound) / 32])
      let bytesOfPiece = pieces[piece]
      let inside = BlockTree.values(of: bytesOfPiece.span, at: cut.pieceOffset(piece))
      #expect(part == inside)
      let bytes = part.flatMap { value in (0..<32).map { value[$0] } }
      #expect(BlockTree.values(bytes) == part)
      #expect(BlockTree.content(of: place, in: cut)?.lowerBound == cut.pieceOffset(piece))
      #expect(BlockTree.content(of: place, in: cut)?.count == cut.pieceLength(piece))
      #expect(manifest.proves(part, of: piece) == (part.count > 1))
      var wrong = part
      wrong[0] = id
      #expect(!manifest.proves(wrong, of: piece) && !manifest.proves(part, of: piece ^ 1))
    }
    // A file of one piece folds to its id.
    let whole = Manifest(id: id, unproven: Cut(size: size, pieceExponent: 22, chunks: 1))
    #expect(whole.proves(tree, of: 0) && !whole.proves(Array(tree.dropLast()), of: 0))
  }
}
