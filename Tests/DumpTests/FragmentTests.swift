import Testing

@testable import shoal_dump

/// Fragments of IP packets are named one by one, and not reassembled.
@Suite struct FragmentTests {
  /// A pcap file of IPv4 packets: two fragments of UDP, whole packets around them.
  private func capture() throws -> [UInt8] {
    let whole = pcapRecord(try data(7), cutTo: 28)
    return pcapHeader(linkType: 101) + whole + fragment(offset: 0, more: true, count: 1_480)
      + fragment(offset: 1_480, more: false, count: 100) + whole
  }

  private func fragment(offset: Int, more: Bool, count: Int) -> [UInt8] {
    let field = offset / 8 | (more ? 0x2000 : 0)
    let header: [UInt8] =
      [0x45, 0, UInt8((20 + count) >> 8), UInt8((20 + count) & 255), 0, 77, UInt8(field >> 8), UInt8(field & 255)]
      + [64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1]
    let packet = header + [UInt8](repeating: 0x53, count: count)
    let lengths = [1_700_000_000, 0, UInt32(packet.count), UInt32(packet.count)]
    return lengths.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } } + packet
  }

  @Test func withAllEachHasItsLine() throws {
    let outcome = try inspect(try capture(), "--all")
    #expect(
      outcome.lines[1...2] == [
        "   2  0.000000 10.0.0.2 > 10.0.0.1 IP fragment 0+ of id 77 (UDP) len=1480",
        "   3  0.000000 10.0.0.2 > 10.0.0.1 IP fragment 1480 of id 77 (UDP) len=100",
      ])
    #expect(outcome.lines.count == 4 && outcome.error == "" && outcome.status == 0)
    let some = try inspect(try capture())
    #expect(some.lines.count == 2)
    #expect(some.error == "shoal-dump: not shown: 2 IP fragments (not reassembled; --all lists them)\n")
  }

  @Test func inJSONAndWithFilters() throws {
    let json = try inspect(try capture(), "--all", "--json").lines
    #expect(
      json[2].hasSuffix(
        #""src":"10.0.0.2","dst":"10.0.0.1","type":null,"len":100,"checksum":null,"fields":{},"marks":[],"#
          + #""fragment":{"id":77,"offset":1480,"more":false,"protocol":17}}"#), "\(json[2])")
    #expect(try inspect(try capture(), "--all", "-f", "len == 1480B").lines.count == 1)
    #expect(try inspect(try capture(), "--all", "-f", "dst == 10.0.0.2").lines.isEmpty)
    #expect(try inspect(try capture(), "--all", "-x", "-f", "n == 3").lines.count == 8)
  }

  @Test func theyAreWrittenAsTheyWere() throws {
    let (status, written) = try inspectBytes(try capture(), ["--all", "-w", "-"])
    #expect(status == 0)
    #expect(try inspect(written, "--all").packets == inspect(try capture(), "--all").packets)
  }
}
