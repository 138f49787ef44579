import TestSupport
import Testing

@testable import ShoalWire

/// Compares the tables of Protocol.md with the code.
@Suite struct ProtocolTablesTests {
  private let tables: [String: [[String]]]

  init() throws { tables = try ProtocolDocument().tables }

  private func expectFields(_ rows: [SchemaRow], under heading: String) {
    let expected = rows.map { [$0.offset.map(String.init) ?? "…", $0.size.map(String.init) ?? "…", $0.name] }
    let found = (tables[heading] ?? []).dropFirst().map { Array($0.prefix(3)) }
    #expect(found == expected, "\(heading)")
  }

  @Test func header() { expectFields(Schema.header, under: "### Header") }

  @Test func packets() {
    for packet in Schema.packets {
      let value = String(packet.value, radix: 16)
      expectFields(packet.rows, under: "### \(packet.name) (0x\(value.count < 2 ? "0" : "")\(value))")
    }
  }

  @Test func messages() {
    for message in Schema.messages { expectFields(message.rows, under: "#### \(message.name) (\(message.value))") }
  }

  @Test func codes() {
    expectCodes(CloseCode.allCases, under: "### Close codes")
    expectCodes(Refusal.allCases, under: "### Refusals")
    expectCodes(TrackerError.allCases, under: "### Tracker errors")
  }

  private func expectCodes<Code>(_ codes: [Code], under heading: String)
  where Code: RawRepresentable<UInt16> & CustomStringConvertible {
    let expected = codes.map { ["\($0.rawValue)", $0.description] }
    #expect((tables[heading] ?? []).dropFirst().map { Array($0.prefix(2)) } == expected, "\(heading)")
  }
}
