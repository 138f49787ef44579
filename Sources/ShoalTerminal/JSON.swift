/// A JSON value. Its description is compact, on one line, with the keys in the order given.
package enum JSON: Sendable, Equatable, CustomStringConvertible {
  /// Null, also for a number that is not finite.
  case null
  /// A Boolean.
  case bool(Bool)
  /// A signed number.
  case int(Int)
  /// An unsigned number.
  case uint(UInt64)
  /// A number; one that is not finite is written as null.
  case double(Double)
  /// Text.
  case string(String)
  /// Values in order.
  case array([JSON])
  /// Members in order.
  case object([Member])

  /// A key and its value.
  package struct Member: Sendable, Equatable {
    let key: String
    let value: JSON

    /// A member.
    package init(_ key: String, _ value: JSON) { (self.key, self.value) = (key, value) }
  }

  /// A 64-bit identifier as 16 hexadecimal digits, since most readers hold numbers as doubles.
  package static func hex(_ value: UInt64) -> JSON { .string(hexadecimal(value, digits: 16).lowercased()) }

  /// The object with the current time inserted after its first member.
  package func stamped(_ time: Timestamp) -> JSON {
    inserting(Member("time", .string(time.rfc3339)))
  }

  /// The object with a member inserted after its first one.
  package func inserting(_ member: Member) -> JSON {
    guard case .object(var members) = self else { return self }
    members.insert(member, at: min(1, members.count))
    return .object(members)
  }

  /// The text of the value.
  package var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): "\(value)"
    case .uint(let value): "\(value)"
    case .double(let value): value.isFinite ? "\(value)" : "null"
    case .string(let text): Self.literal(text)
    case .array(let values): "[" + values.map(\.description).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { "\(Self.literal($0.key)):\($0.value)" }.joined(separator: ",") + "}"
    }
  }

  private static func literal(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      // JSON requires escapes for the first 32 only, but people also read JSON in terminals.
      case _ where isHostile(scalar):
        for unit in String(scalar).utf16 { result += "\\u" + hexadecimal(UInt64(unit), digits: 4) }
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
  /// An object.
  package init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map(Member.init)) }
  /// An array.
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// Text.
  package init(stringLiteral value: String) { self = .string(value) }
  /// A number.
  package init(integerLiteral value: Int) { self = .int(value) }
  /// A number.
  package init(floatLiteral value: Double) { self = .double(value) }
  /// A Boolean.
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Null.
  package init(nilLiteral: ()) { self = .null }
}
