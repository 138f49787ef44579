import Foundation
import Testing

@testable import ShoalWire

/// Holds the tables of Protocol.md against the code.
@Suite struct ProtocolTablesTests {
  private let tables: [String: [[String]]]

  init() throws {
    let here = URL(filePath: #filePath).resolvingSymlinksInPath()
    let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    tables = Self.tables(of: try String(contentsOf: root.appending(path: "Protocol.md"), encoding: .utf8))
  }

  /// The cells of the first table under each heading, without the rows of titles and dashes.
  private static func tables(of text: String) -> [String: [[String]]] {
    var tables: [String: [[String]]] = [:]
    var heading = ""
    var isDone = false
    for line in text.components(separatedBy: "\n") {
      if line.hasPrefix("#") {
        heading = line.trimmingCharacters(in: .whitespaces)
        tables[heading] = []
        isDone = false
      } else if line.hasPrefix("|"), !isDone {
        let cells = line.components(separatedBy: "|").dropFirst().map {
          $0.replacingOccurrences(of: "&nbsp;", with: " ").trimmingCharacters(in: CharacterSet(charactersIn: " `"))
        }
        tables[heading, default: []].append(cells)
      } else {
        isDone = !(tables[heading] ?? []).isEmpty
      }
    }
    return tables.mapValues { Array($0.dropFirst(2)) }
  }

  private func expectFields(_ rows: [SchemaRow], under heading: String) {
    let expected = rows.map { [$0.offset.map(String.init) ?? "…", $0.size.map(String.init) ?? "…", $0.name] }
    let found = tables[heading]?.map { Array($0.prefix(3)) }
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
    #expect(tables[heading]?.map { Array($0.prefix(2)) } == expected, "\(heading)")
  }
}
