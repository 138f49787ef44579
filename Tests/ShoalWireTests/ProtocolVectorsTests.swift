import Foundation
import TestSupport
import Testing

@testable import ShoalContent
@testable import ShoalWire

/// Executes the test vectors of Protocol.md, section 13, and compares its limits and its examples of cuts with the code.
@Suite struct ProtocolVectorsTests {
  private let document: ProtocolDocument

  init() throws { document = try ProtocolDocument() }

  private func lines(of kind: String) throws -> [String] {
    try #require(document.vectors(kind).first, "\(kind)").lines
  }

  /// The bytes that "0a1b", "00*32" or "00..1f" stands for.
  private func bytes(_ notation: some StringProtocol) throws -> [UInt8] {
    if let star = notation.firstIndex(of: "*") {
      let count = try #require(Int(notation[notation.index(after: star)...]))
      return Array(repeating: try bytes(notation[..<star])[0], count: count)
    }
    if let dots = notation.firstRange(of: "..") {
      let first = try bytes(notation[..<dots.lowerBound])[0]
      let last = try bytes(notation[dots.upperBound...])[0]
      return first < last ? Array(first...last) : (last...first).reversed()
    }
    let digits = Array(notation)
    try #require(digits.count % 2 == 0, "\(notation)")
    return try stride(from: 0, to: digits.count, by: 2).map {
      try #require(UInt8(String(digits[$0...$0 + 1]), radix: 16), "\(notation)")
    }
  }

  // MARK: Packets

  @Test func packets() throws {
    for vector in document.vectors("packet") {
      var datagram: [UInt8] = []
      var rows: [Row] = []
      for line in vector.lines {
        // A field without bytes has no bytes in front of its name.
        let notation = line.prefix { $0 != " " }
        let new = try bytes(notation)
        datagram += new
        rows.append(Row(bytes: new, field: line.dropFirst(notation.count).trimmingCharacters(in: .whitespaces)))
      }
      #expect(Checksum.isValid(datagram.span) == true, "\(vector.name)")
      let layout = DatagramLayout(datagram.span)
      #expect(layout.error == nil, "\(vector.name)")
      #expect(fields(of: layout, datagram) == rows, "\(vector.name)")
      #expect(try encodedAnew(datagram) == datagram, "\(vector.name)")
    }
  }

  @Test func everyTypeHasAVector() throws {
    var packets: Set<String> = []
    var messages: Set<String> = []
    for vector in document.vectors("packet") {
      packets.insert(String(vector.name.prefix { $0 != "-" }))
      for line in vector.lines where vector.name.hasPrefix("DATA-") {
        guard let value = line.firstRange(of: "  message = ") else { continue }
        messages.insert(String(line[value.upperBound...]))
      }
    }
    #expect(packets == Set(PacketType.allCases.map(\.name)))
    #expect(messages == Set(MessageType.allCases.map { "\($0.rawValue)" }))
  }

  @Test func theProofThatTwoConnectionsAreWithOnePeer() throws {
    let fields = try #require(document.vectors("same").first).fields
    let values = try fields.map { try #require(UInt64($0.value, radix: 16)) }
    try #require(values.count == 5)
    let kept = ConnectionIDs(opener: values[0], responder: values[1])
    #expect(Same.proof(kept: kept, ended: ConnectionIDs(opener: values[2], responder: values[3])) == values[4])
    let packet = try #require(document.vectors("packet").first { $0.name == "DATA-hello" })
    #expect(packet.lines.contains { $0.hasPrefix(fields[4].value) })
  }

  /// A line of a vector.
  private struct Row: Equatable {
    var bytes: [UInt8]
    var field: String
  }

  /// A layout as lines of a vector.
  private func fields(of layout: DatagramLayout, _ datagram: [UInt8]) -> [Row] {
    var rows: [Row] = []
    var prefix = ""
    for row in layout.rows {
      let range = row.range.offset..<row.range.end
      if row.value == .group, row.name.hasSuffix("]") {
        prefix = row.name + "."
      } else if row.value == .group {
        prefix = ""
        let body = range.lowerBound + MessageType.overhead
        rows.append(
          Row(bytes: [datagram[range.lowerBound]], field: "message = \(datagram[range.lowerBound])"))
        rows.append(
          Row(bytes: Array(datagram[range.lowerBound + 1..<body]), field: "length = \(range.upperBound - body)"))
      } else {
        if row.depth == 0 { prefix = "" }
        let value = shown(row.value, size: range.count).map { " = " + $0 } ?? ""
        rows.append(Row(bytes: Array(datagram[range]), field: prefix + row.name + value))
      }
    }
    return rows
  }

  private func shown(_ value: LayoutRow.Value, size: Int) -> String? {
    switch value {
    case .number(let number, .hex):
      let digits = String(number, radix: 16)
      return "0x" + String(repeating: "0", count: 2 * size - digits.count) + digits
    case .number(let number, _): return "\(number)"
    case .address(let address): return "\(address)"
    case .text(let text): return "\"\(text)\""
    case .runs(let runs):
      let parts = runs.map { $0.count == 1 ? "\($0.first)" : "\($0.first)-\($0.end - 1)" }
      return "[" + parts.joined(separator: ",") + "]"
    case .digest, .bytes, .group: return nil
    }
  }

  /// The datagram that results from decoding this one and encoding it again.
  private func encodedAnew(_ datagram: [UInt8]) throws -> [UInt8] {
    let (header, type) = try Header.decode(datagram.span)
    var anew = try encodedAnew(type.packet, header.connection, datagram)
    if type == .ack { anew += datagram[anew.count...] }
    if type == .data || type == .open {
      let start = type == .data ? DataPacket.overhead : OpenPacket.overhead
      var messages: [UInt8] = []
      var reader = MessageReader(datagram.span, from: start)
      while type == .data || !reader.isAtPadding, let (type, body) = try reader.next() {
        let known = try #require(type)
        messages += try encodedAnew(known.message, datagram, body)
      }
      anew.replaceSubrange(start..<(type == .data ? start : start + messages.count), with: messages)
    }
    Datagram.seal(&anew)
    return anew
  }

  private func encodedAnew<P: Packet>(_: P.Type, _ connection: UInt64, _ datagram: [UInt8]) throws -> [UInt8] {
    try P.decode(datagram.span).datagram(connection: connection, capacity: datagram.count)
  }

  private func encodedAnew<M: Message>(_: M.Type, _ datagram: [UInt8], _ body: ByteRange) throws -> [UInt8] {
    let message = try M.decode(datagram.span, body)
    guard let block = message as? Block else { return try message.encoded() }
    var head = [UInt8](repeating: 0, count: Block.overhead)
    var span = head.mutableSpan
    _ = try block.encode(into: &span, contentLength: block.content.count)
    return head + datagram[block.content.offset..<block.content.end]
  }

  // MARK: The rest

  @Test func checksums() throws {
    for line in try lines(of: "crc32c") {
      let words = line.split(separator: " ")
      let input = try bytes(words[0])
      let expected = try #require(UInt32(words[1], radix: 16))
      #expect(CRC32C.checksum(input.span) == expected, "\(line)")
      #expect(CRC32C.portable(input.span) == expected, "\(line)")
    }
  }

  @Test func varints() throws {
    var seen: Set<UInt64> = []
    for line in try lines(of: "varint") {
      let words = line.split(separator: " ")
      let (input, value) = (try bytes(words[0]), try #require(UInt64(words[2])))
      var offset = 0
      #expect(Varint.read(input.span, &offset) == value && offset == input.count, "\(line)")
      guard seen.insert(value).inserted else { continue }
      var output = [UInt8](repeating: 0, count: 8)
      var span = output.mutableSpan
      var end = 0
      #expect(Varint.write(value, &span, &end) && end == input.count, "\(line)")
      #expect(Array(output[..<end]) == input, "\(line)")
    }
  }

  /// The rows of the table under a heading, with the commas removed from numbers.
  private func rows(under heading: String) throws -> [[String]] {
    try #require(document.tables[heading], "\(heading)").dropFirst().map { row in
      row.map { $0.replacing(",", with: "") }
    }
  }

  @Test func limits() throws {
    let found = try rows(under: "### Protocol limits").map { $0.prefix(2).joined(separator: " ") }
    let (exponents, window) = (Limits.pieceExponents, Limits.window)
    #expect(
      found == [
        "version \(Limits.version)", "headerLength \(Limits.headerLength)",
        "smallestDatagram \(Limits.smallestDatagram)", "largestDatagram \(Limits.largestDatagram)",
        "chunks \(Limits.chunks)", "fileSize \(Limits.fileSize)",
        "pieceExponents \(exponents.lowerBound)–\(exponents.upperBound)",
        "window \(window.lowerBound)–\(window.upperBound)", "trackedRuns \(Limits.trackedRuns)",
        "nameLength \(Limits.nameLength)",
        "listingBytes \(Limits.listingBytes)", "listingEntries \(Limits.listingEntries)",
        "listingDepth \(Limits.listingDepth)",
        "amplification \(Limits.amplification)",
      ])
  }

  @Test func cuts() throws {
    for row in try rows(under: "### Examples of cuts") {
      let asked = row[1].split(separator: " ")
      let number = asked.last.flatMap { Int($0) } ?? 0
      let chunking: Chunking
      switch asked[0] {
      case "default": chunking = .automatic
      case "chunks": chunking = .count(number)
      default: chunking = .size(number)
      }
      let cut = Cut(size: try #require(UInt64(row[0])), chunking: chunking)
      #expect(cut.isValid, "\(row)")
      #expect(["\(cut.pieceSize)", "\(cut.pieces)", "\(cut.chunks)"] == Array(row[2...]), "\(row)")
    }
    let twenty = Cut(size: 1_000_000, chunking: .count(20))
    let pieces = (0..<20).map { chunk in
      let range = twenty.pieces(ofChunks: chunk, chunk + 1)
      return range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)–\(range.upperBound - 1)"
    }
    let sentence = document.text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
    #expect(sentence.contains(pieces.dropLast().joined(separator: ", ") + " and \(pieces[19])."))
  }
}
