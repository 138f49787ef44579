import Foundation
import ShoalWire
import Testing

@testable import ShoalTransport

/// Executes the slices of ACKs in Protocol.md, section 5.5.
@Suite struct ProtocolSliceTests {
  @Test func slices() throws {
    let here = URL(filePath: #filePath).resolvingSymlinksInPath()
    let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Protocol.md"), encoding: .utf8)
    let blocks = text.components(separatedBy: "\n```vector slice ").dropFirst()
    #expect(blocks.count == 3)
    for block in blocks {
      var values: [String: String] = [:]
      for line in block.components(separatedBy: "\n").prefix(while: { $0 != "```" }).dropFirst() {
        let parts = line.components(separatedBy: " = ")
        values[parts[0]] = parts[1]
      }
      let name = block.prefix { $0 != "\n" }
      let first = try #require(values["next"].flatMap { UInt32($0) })
      var window = ReceiveWindow(first: Numbering.first(first), limit: 65_536)
      for run in try #require(values["received"]).trimmingCharacters(in: CharacterSet(charactersIn: "[]")).split(
        separator: ",")
      {
        let ends = try run.split(separator: "-").map { try #require(UInt32($0)) }
        let numbers = [ends[0], ends[ends.count - 1]].map { Numbering.expand($0, near: Numbering.first(first)) }
        for number in numbers[0]...numbers[1] { window.insert(number) }
      }
      var bytes = [UInt8](repeating: 0, count: Constants.ackLength - AckPacket.overhead)
      let next = window.next
      var room = bytes.mutableSpan
      let slice = window.slice(from: next, into: &room)
      let hex = bytes[..<slice.length].map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      let found = [
        "next": "\(UInt32(truncatingIfNeeded: window.next))", "top": "\(UInt32(truncatingIfNeeded: window.top))",
        "first": "\(UInt32(truncatingIfNeeded: next))", "count": "\(slice.count)",
        "encoding": "\(slice.encoding.rawValue)", "slice": hex,
      ]
      values["received"] = nil
      #expect(values == found, "\(name)")
    }
  }
}
