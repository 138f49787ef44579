import ShoalWire
import Testing

@testable import shoal_dump

@Suite struct HexTests {
  private func close() throws -> [UInt8] {
    var close = ClosePacket()
    close.reason = "so long, and thanks"
    return try close.datagram(connection: 0xabcd)
  }

  private func digits(_ bytes: some Collection<UInt8>) -> String { bytes.map { hex(UInt64($0), 2) }.joined() }

  private func rows(_ bytes: [UInt8]) -> [(offset: Int, bytes: ArraySlice<UInt8>)] {
    stride(from: 0, to: bytes.count, by: 16).map { ($0, bytes[$0..<min($0 + 16, bytes.count)]) }
  }

  @Test func everyKindOfDump() throws {
    let bytes = try close()
    let words = bytes.map { hex(UInt64($0), 2) }
    let xxd = rows(bytes).map { row in
      let pairs = stride(from: row.bytes.startIndex, to: row.bytes.endIndex, by: 2)
        .map { digits(row.bytes[$0..<min($0 + 2, row.bytes.endIndex)]) }
      return "\(hex(UInt64(row.offset), 8)): \(pairs.joined(separator: " "))  Sh..beadface.12"
    }
    let hexdump = rows(bytes).map { row in
      let halves = [row.bytes.prefix(8), row.bytes.dropFirst(8)].map { $0.map { hex(UInt64($0), 2) } }
      return
        "\(hex(UInt64(row.offset), 8))  \(halves.map { $0.joined(separator: " ") }.joined(separator: "  "))  |Sh..|"
    }
    let tcpdump =
      ["12:00:00.000000 IP 10.0.0.2.7402 > 10.0.0.1.7401: UDP, length 38"]
      + xxd.map { "\t0x" + $0.dropFirst(4).replacing(": ", with: ":  ") }
    let dumps = [
      digits(bytes), words.joined(separator: " "), xxd.joined(separator: "\n"), tcpdump.joined(separator: "\n"),
      (hexdump + [hex(UInt64(bytes.count), 8)]).joined(separator: "\n"), "0x" + words.joined(separator: "\n0x"),
    ]
    for dump in dumps { #expect(HexText.bytes(dump) == bytes, "\(dump)") }
    for bad in ["", "xyz", "123", "53 68\nhello world"] { #expect(HexText.bytes(bad) == nil, "\(bad)") }
  }

  /// Of every length, so that the last row and the last group occur in every length that they can have.
  @Test func rowsOfEveryLength() {
    for count in 17..<50 {
      let bytes = [0x53, 0x68] + (2..<UInt8(count)).map { $0 &* 37 }
      let rows = rows(bytes)
      let words = rows.map { row in row.bytes.map { hex(UInt64($0), 2) }.joined(separator: " ") }
      let groups = rows.map { row in
        stride(from: row.bytes.startIndex, to: row.bytes.endIndex, by: 2)
          .map { digits(row.bytes[$0..<min($0 + 2, row.bytes.endIndex)]) }.joined(separator: " ")
      }
      func lines(_ line: (Int) -> String) -> String { rows.indices.map(line).joined(separator: "\n") }
      let dumps = [
        "xxd": lines { "\(hex(UInt64($0 * 16), 8)): \(groups[$0])  Sh..ad be" },
        "tcpdump": lines { "\t0x\(hex(UInt64($0 * 16), 4)):  \(groups[$0])" },
        "tshark": lines { column("\(hex(UInt64($0 * 16), 4))  \(words[$0])", 56) + "ad:be.. |ef" },
        "od": lines { "\(hex(UInt64($0 * 16), 6)) \(words[$0])" } + "\n\(hex(UInt64(count), 6))",
      ]
      for (name, dump) in dumps { #expect(HexText.bytes(dump) == bytes, "\(name) \(dump)") }
    }
  }

  @Test func aDatagramAndAPacketWithOne() throws {
    let bytes = try close()
    let bare = try run(["--hex"], input: Array(digits(bytes).utf8))
    #expect(bare.status == 0 && bare.lines[0] == "CLOSE code=done reason=\"so long, and thanks\" len=38")
    #expect(bare.lines.contains("  code              16-17    0 done"))
    let record = pcapRecord(bytes, cutTo: bytes.count).dropFirst(16)
    let packet = try run(["--hex", "--json"], input: Array(digits(record).utf8))
    #expect(packet.output.contains(#""src":"10.0.0.2:7402""#) && packet.output.contains(#""type":"CLOSE""#))
    var damaged = bytes
    damaged[20] ^= 4
    let corrupt = try run(["--hex"], input: Array(digits(damaged).utf8))
    #expect(corrupt.status == 1 && corrupt.lines[0].contains("flipping bit 2 of byte 20 mends it"))
    #expect(try run(["--hex"], input: Array("00112233".utf8)).status == 1)
    #expect(try run(["--hex", "file"]).status == 2)
  }

  @Test func whatBytesPrints() throws {
    let bytes = try data(7, block(offset: 0, count: 100))
    var damaged = try close()
    damaged[20] ^= 4
    for datagram in [try close(), bytes, damaged, Array(bytes.dropLast(3))] {
      let capture = TestCapture()
      capture.add(datagram)
      for options in [["-x"], ["-x", "-v"]] {
        let printed = try inspect(capture.bytes, options: options).output
        #expect(HexText.bytes(printed) == datagram, "\(printed)")
      }
    }
    let two = TestCapture()
    for _ in 0..<2 { two.add(bytes) }
    #expect(HexText.bytes(try inspect(two.bytes, "-x").output) == nil)
  }

  @Test func bytesWithTheirFields() throws {
    let capture = TestCapture()
    capture.add(try close())
    let lines = try inspect(capture.bytes, "-x").lines
    let checksum = digits(try close()[4..<8])
    let spaced = stride(from: 0, to: 8, by: 2).map { checksum.dropFirst($0).prefix(2) }.joined(separator: " ")
    #expect(lines[1].hasPrefix("  0000 |53 68|01|0a|\(spaced)|00 00 00 00 00 00 ab cd  Sh.."))
    #expect(lines[1].hasSuffix("  magic version type checksum connection"))
    #expect(lines[2].hasPrefix("  0010 |00 00|13 73 6f 20 6c 6f 6e 67 2c") && lines[2].hasSuffix("  code reason"))
    #expect(lines[3].hasSuffix("thanks"))
  }
}
