import ShoalContent
import TestSupport
import Testing

/// Executes the index in Protocol.md, section 13.4: byte i of the file is i modulo 251.
@Suite struct ProtocolIndexTests {
  @Test func index() throws {
    let fields = try #require(ProtocolDocument().vectors("index").first).fields
    let values = Dictionary(grouping: fields, by: \.key).mapValues { $0.map(\.value) }
    let id = try #require(values["id"]?.first.flatMap { Digest(hex: $0) })
    let size = try #require(values["size"]?.first.flatMap { UInt64($0) })
    let exponent = try #require(values["piece_exponent"]?.first.flatMap { UInt8($0) })
    let content = (0..<Int(size)).map { UInt8($0 % 251) }
    var cut = Cut(size: size, pieceExponent: exponent, chunks: 1)
    cut.chunks = UInt32(cut.pieces)
    var found: [Digest] = []
    for piece in 0..<cut.pieces {
      let start = Int(cut.pieceOffset(piece))
      let part = content.span.extracting(start..<start + cut.pieceLength(piece))
      found.append(Blake3.chainingValue(of: part, firstLeaf: UInt64(piece)))
    }
    let last = content.span.extracting(Int(cut.pieceOffset(cut.pieces - 1))...)
    let manifest = Manifest(cut: cut, values: found, lastPiece: last)
    #expect(manifest.id == id && cut.pages == 2 && manifest.bytes.count == cut.manifestLength)
    #expect(found == (0..<cut.pieces).map(manifest.value))
    let index = (0..<2).map { Digest(manifest.bytes.span, at: cut.proofLength + 32 * $0).hex }
    #expect(index == values["index"])

    let head = Array(manifest.bytes.prefix(cut.headLength))
    #expect(Manifest.proves(head: head, of: cut, id: id))
    for page in 0..<2 {
      let (offset, length) = cut.page(page)
      var bytes = Array(manifest.bytes[Int(offset)..<Int(offset) + Int(length)])
      #expect(Manifest.proves(page: page, of: cut, bytes, head: head))
      #expect(!Manifest.proves(page: 1 - page, of: cut, bytes, head: head))
      bytes[bytes.count - 1] ^= 1
      #expect(!Manifest.proves(page: page, of: cut, bytes, head: head))
    }
    for wrong in stride(from: 0, to: head.count, by: 7) {
      var bytes = head
      bytes[wrong] ^= 1
      #expect(!Manifest.proves(head: bytes, of: cut, id: id), "byte \(wrong)")
    }
    // An index that is false although the values are true would be passed on to others.
    var bytes = manifest.bytes
    #expect(Manifest(id: id, cut: cut, verifying: bytes) != nil)
    bytes[cut.proofLength + 40] ^= 1
    #expect(Manifest(id: id, cut: cut, verifying: bytes) == nil)
  }
}
