import Foundation
import Testing

@testable import shoal_dump

/// The fields of one of our JSON lines under the names that the dissector gives them, as tshark prints them.
struct WiresharkFields {
  private(set) var values: [String: [String]] = [:]

  init(_ line: [String: Any]) throws {
    let type = try #require(line["type"] as? String)
    values["type"] = [try number("type", "header", type.lowercased())]
    values["checksum"] = nil
    try add(try #require(line["fields"] as? [String: Any]), type.lowercased())
  }

  private mutating func add(_ object: [String: Any], _ owner: String) throws {
    for (key, value) in object where key != "message" || owner == "error" {
      if key == "messages" {
        for message in try #require(value as? [[String: Any]]) {
          try add(message, try #require(message["message"] as? String).lowercased())
        }
        continue
      }
      guard !["missing", "left"].contains(key) else {
        values[key] = ["\(value)"]
        continue
      }
      let from = ["version", "connection"].contains(key) ? "header" : owner
      let field = try #require(LuaDissector.all.first { $0.name == key && $0.owner == from }, "\(from).\(key)")
      let name = LuaDissector.filter(field)
      if case .list = field.kind {
        let entries = try #require(value as? [[String: Any]])
        values[name, default: []].append("\(entries.count)")
        for entry in entries { try add(entry, key) }
      } else if case .number(8, _) = field.kind, let digits = value as? String {
        values[name, default: []].append("\(try #require(UInt64(digits, radix: 16)))")
      } else {
        if case .rest = field.kind, value as? Int == 0 { continue }
        let text = try (value as? String) ?? "\(#require(value as? Int))"
        values[name, default: []].append(try number(key, from, text))
      }
    }
  }

  /// The number of a code that has a name; other texts as they are.
  private func number(_ key: String, _ owner: String, _ text: String) throws -> String {
    let field = LuaDissector.all.first { $0.name == key && $0.owner == owner }
    guard case .number(_, .code(let names))? = field?.kind else { return text }
    return (0..<256).first { names.name(of: UInt64($0)) == text }.map { "\($0)" } ?? text
  }

  /// What tshark prints for a field, converted to what we print: numbers in decimal, and of bytes only how many.
  static func plain(_ cell: String?, _ kind: LuaField.Kind) -> String {
    (cell ?? "").components(separatedBy: ";").map { text in
      switch kind {
      case .rest where !text.isEmpty: "\(text.count / 2)"
      case .number(_, .hex): UInt64(text.dropFirst(2), radix: 16).map { "\($0)" } ?? text
      default: text
      }
    }.joined(separator: ";")
  }
}
