import Foundation
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

/// Executes the slices of ACKs in Protocol.md, section 5.5.
@Suite struct ProtocolSliceTests {
  @Test func slices() throws {
    let vectors = try ProtocolDocument().vectors("slice")
    #expect(vectors.count == 3)
    for vector in vectors {
      var values = Dictionary(vector.fields.map { ($0.key, $0.value) }) { first, _ in first }
      let name = vector.name
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
