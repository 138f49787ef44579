import Foundation
import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

@Suite struct FollowTests {
  /// A file that bob serves to alice, and the capture in which he does.
  private final class Served {
    let content: [UInt8]
    let manifest: Manifest
    let talk: Conversation
    private var sequence: UInt32 = 50

    init(size: Int, name: String = "a/b/film.mkv", seed: UInt64 = 1, offered: Bool = true) throws {
      var random = SeededGenerator(seed: seed)
      content = (0..<size).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
      let cut = Cut(size: UInt64(size), pieceExponent: 10, chunks: UInt32((size + 1_023) / 1_024))
      let bytes = content
      let values = (0..<cut.pieces).map { index in
        let piece = bytes.span.extracting(index * 1_024..<min(size, index * 1_024 + 1_024))
        return Blake3.chainingValue(of: piece, firstLeaf: UInt64(index))
      }
      manifest = Manifest(cut: cut, values: values, lastPiece: bytes.span.extracting(((cut.pieces - 1) * 1_024)...))
      talk = try Conversation()
      var want = Want()
      (want.file, want.id) = (3, manifest.id)
      talk.capture.add(sealed(try DataPacket().datagram(connection: Conversation.bobID) + want.encoded()))
      if offered { try offer(name: name) }
    }

    func offer(name: String = "film.mkv") throws {
      var offer = Offer()
      let cut = manifest.cut
      (offer.file, offer.size, offer.pieceExponent, offer.chunks) = (3, cut.size, cut.pieceExponent, cut.chunks)
      offer.name = name
      try serve(try offer.encoded())
    }

    func serve(_ message: [UInt8]) throws {
      var packet = DataPacket()
      packet.sequence = sequence
      sequence += 1
      let datagram = sealed(try packet.datagram(connection: Conversation.aliceID) + message)
      talk.capture.add(datagram, from: bob, to: alice, outbound: false)
    }

    func serve(_ range: Range<Int>, space: ContentSpace = .content, damaged: Bool = false) throws {
      var block = Block()
      (block.file, block.space, block.offset) = (3, space.rawValue, UInt64(range.lowerBound))
      var bytes = [UInt8](repeating: 0, count: Block.overhead)
      var span = bytes.mutableSpan
      _ = try block.encode(into: &span, contentLength: range.count)
      var part = Array((space == .content ? content : manifest.bytes)[range])
      if damaged { part[0] ^= 1 }
      try serve(bytes + part)
    }

    func serveManifest() throws {
      for start in stride(from: 0, to: manifest.bytes.count, by: 700) {
        try serve(start..<min(start + 700, manifest.bytes.count), space: .manifest)
      }
    }

    /// What `follow` prints and which files it leaves.
    func follow(_ options: String...) throws -> (outcome: Outcome, files: [String: [UInt8]]) {
      let scratch = try Scratch()
      let outcome = try inspect(
        by: "follow", talk.capture.bytes, options: ["-o", scratch.folder("out")] + options)
      var files: [String: [UInt8]] = [:]
      for name in scratch.names(in: "out") { files[name] = try scratch.read("out/\(name)") }
      return (outcome, files)
    }
  }

  @Test func aWholeFile() throws {
    let served = try Served(size: 10_000)
    try served.serveManifest()
    // In no particular order, and some of it twice.
    for start in [5_000, 0, 2_500, 7_500, 2_500] { try served.serve(start..<start + 2_500) }
    let (outcome, files) = try served.follow()
    #expect(outcome.status == 0 && outcome.error == "")
    #expect(outcome.output.contains("complete, BLAKE3 verified"))
    #expect(files == ["film.mkv": served.content])
    let content = served.content
    let id = Blake3.hash(content.span)
    #expect(id == served.manifest.id)
  }

  /// A peer that knows the cut from a ticket requests before the OFFER comes, which may be lost and sent again after
  /// the blocks.
  @Test func anOfferThatComesAfterTheBlocks() throws {
    let served = try Served(size: 10_000, offered: false)
    try served.serveManifest()
    try served.serve(0..<5_000)
    try served.offer()
    try served.serve(5_000..<10_000)
    let (outcome, files) = try served.follow()
    #expect(outcome.status == 0 && outcome.error == "")
    #expect(files == ["film.mkv": served.content])
  }

  @Test func whatIsMissingOrFalseIsNotWritten() throws {
    let served = try Served(size: 10_000)
    try served.serveManifest()
    // Piece 2 is damaged; pieces 5 to 9 are missing, except for a little.
    try served.serve(0..<2_048)
    try served.serve(2_048..<3_072, damaged: true)
    try served.serve(3_072..<5_200)
    let (outcome, files) = try served.follow()
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("4 of 10 chunks whole, 1 pieces wrong  0-1,3-4"))
    var expected = [UInt8](repeating: 0, count: 10_000)
    for range in [0..<2_048, 3_072..<5_120] { expected.replaceSubrange(range, with: served.content[range]) }
    #expect(files == ["film.mkv.part": expected])
    let json = try objects(served.follow("--json").outcome)
    #expect(json[0]["whole_chunks"] as? String == "0-1,3-4" && json[0]["wrong_pieces"] as? Int == 1)
  }

  @Test func withoutAManifestNothingIsBelieved() throws {
    let served = try Served(size: 10_000)
    try served.serve(0..<10_000)
    let (outcome, files) = try served.follow()
    #expect(outcome.status == 1 && files.isEmpty && outcome.output.contains("the manifest was not fully captured"))
    // A file of one piece has none, and needs none.
    let small = try Served(size: 700, name: "..")
    try small.serve(0..<700)
    let result = try small.follow()
    #expect(result.outcome.status == 0 && result.files == [small.manifest.id.short: small.content])
  }

  @Test func blocksThatLie() throws {
    let served = try Served(size: 3_000)
    try served.serveManifest()
    try served.serve(0..<3_000)
    var block = Block()
    (block.file, block.offset) = (3, .max)
    var bytes = [UInt8](repeating: 1, count: Block.overhead + 5)
    var span = bytes.mutableSpan
    _ = try block.encode(into: &span, contentLength: 5)
    try served.serve(bytes)
    let (outcome, files) = try served.follow()
    #expect(outcome.status == 0 && files == ["film.mkv": served.content])
    #expect(try inspect(by: "follow", TestCapture().bytes).status == 1)
  }

  @Test func theFolderIsMade() throws {
    let served = try Served(size: 5_000)
    let scratch = try Scratch()
    let files = scratch.at("files")
    let missing = try run(["follow", scratch.at("nothing.pcapng"), "-o", files])
    #expect(missing.status == 1 && missing.error.split(separator: "\n").count == 1, "\(missing.error)")
    #expect(!scratch.has("files"))
    let outcome = try inspect(by: "follow", served.talk.capture.bytes, "-o", files)
    #expect(scratch.has("files"), "\(outcome.error)")
    let none = try inspect(by: "follow", TestCapture().bytes, "-o", scratch.at("none/deep"))
    #expect(none.status == 1 && none.error.contains("none/deep: ") && none.error.split(separator: "\n").count == 1)
  }

  @Test func anEmptyFile() throws {
    let talk = try Conversation()
    var want = Want()
    want.id = Blake3.hash(Span())
    talk.capture.add(sealed(try DataPacket().datagram(connection: Conversation.bobID) + want.encoded()))
    let scratch = try Scratch()
    let outcome = try inspect(by: "follow", talk.capture.bytes, "-o", scratch.at("out"))
    #expect(outcome.status == 0 && outcome.output.contains("complete, BLAKE3 verified: "), "\(outcome)")
    #expect(try scratch.read("out/\(want.id.short)").isEmpty)
  }

  @Test func whatIsWantedAndNotOffered() throws {
    let outcome = try Served(size: 10_000, offered: false).follow().outcome
    #expect(outcome.status == 1 && outcome.error.contains("no OFFER was captured for what it wants"))
  }

  /// No file system can hold a file of the claimed size: the error names the file, and nothing is left behind.
  @Test func aFileThatIsTooLarge() throws {
    let served = try Served(size: 10_000, offered: false)
    var offer = Offer()
    (offer.file, offer.size, offer.pieceExponent, offer.chunks, offer.name) = (3, Limits.fileSize, 22, 1, "huge")
    try served.serve(try offer.encoded())
    var block = Block()
    (block.file, block.offset) = (3, Limits.fileSize - 1_000)
    var bytes = [UInt8](repeating: 0, count: Block.overhead)
    var span = bytes.mutableSpan
    _ = try block.encode(into: &span, contentLength: 1_000)
    try served.serve(bytes + [UInt8](repeating: 7, count: 1_000))
    let (outcome, files) = try served.follow()
    #expect(outcome.status == 1 && files.isEmpty)
    #expect(outcome.error.contains("error: \"huge\" cannot be reassembled: larger than"), "\(outcome.error)")
  }
}
