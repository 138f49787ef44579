import TestSupport
import Testing

@testable import ShoalContent

/// Executes the listing in Protocol.md, section 13.7.
@Suite struct ProtocolListingTests {
  @Test func listing() throws {
    let vector = try #require(ProtocolDocument().vectors("listing").first)
    var bytes: [UInt8] = []
    var fields: [String] = []
    for line in vector.lines {
      let digits = Array(line.prefix { $0 != " " })
      bytes += stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
      fields.append(String(line.dropFirst(digits.count + 2)))
    }
    let listing = try Listing(bytes)
    var shown = [
      "magic", "version = 1", "content", "size = \(listing.cut.size)", "piece_exponent = \(listing.cut.pieceExponent)",
      "chunks = \(listing.cut.chunks)", "entries = \(listing.entries.count)",
    ]
    for (index, entry) in listing.entries.enumerated() {
      shown += ["kind = \(entry.kind.rawValue)", "depth = \(entry.depth)", "name = \"\(listing.name(index))\""]
      if entry.kind == .link {
        shown.append("target = \"\(listing.target(index))\"")
      } else {
        shown.append("modified = \(entry.modified)")
      }
      if entry.kind.isFile { shown += ["size = \(entry.size)", "id"] }
    }
    #expect(fields == shown)
    // The writer produces the same bytes.
    var writer = ListingWriter()
    for (index, entry) in listing.entries.enumerated() {
      writer.add(
        entry.kind, listing.name(index), depth: Int(entry.depth), modified: entry.modified, size: entry.size,
        target: listing.target(index))
    }
    let content = Blake3.hash(Array("#!/bin/sh\n".utf8).span)
    let written = try writer.draft().with(content, ids: [Blake3.hash(Span()), content])
    #expect(written.bytes == bytes && listing.contentID == content)
    #expect(listing.entries.indices.map(listing.path) == ["b", "c", "ä", "ä/run.sh"])
  }
}
