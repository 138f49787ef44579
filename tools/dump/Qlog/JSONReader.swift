/// Reads one JSON value (RFC 8259) from untrusted bytes, as far as a qlog needs it.
struct JSONReader {
  indirect enum Value {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([Value])
    case object([String: Value])

    subscript(_ key: String) -> Value? { if case .object(let members) = self { members[key] } else { nil } }
    var number: Double? { if case .number(let value) = self { value } else { nil } }
    var string: String? { if case .string(let value) = self { value } else { nil } }
  }

  /// The deepest nesting that is read: our own qlogs are less deep, and recursion must end.
  private static let deepest = 32
  private let bytes: ArraySlice<UInt8>
  private var place: Int

  /// The value, and nothing but white space after it; nil if the bytes are something else.
  static func read(_ bytes: ArraySlice<UInt8>) -> Value? {
    var reader = JSONReader(bytes)
    guard let value = reader.value(depth: 0) else { return nil }
    reader.skip()
    return reader.place == bytes.endIndex ? value : nil
  }

  private init(_ bytes: ArraySlice<UInt8>) { (self.bytes, place) = (bytes, bytes.startIndex) }

  private var next: UInt8? { place < bytes.endIndex ? bytes[place] : nil }

  private mutating func skip() {
    while let byte = next, byte == 0x20 || (9...13).contains(byte) { place += 1 }
  }

  private mutating func take(_ text: StaticString) -> Bool {
    let text = text.description.utf8
    guard bytes.endIndex - place >= text.count, bytes[place...].starts(with: text) else { return false }
    place += text.count
    return true
  }

  private mutating func value(depth: Int) -> Value? {
    skip()
    guard depth < Self.deepest, let byte = next else { return nil }
    switch byte {
    case UInt8(ascii: "{"): return object(depth)
    case UInt8(ascii: "["): return array(depth)
    case UInt8(ascii: "\""): return string().map(Value.string)
    case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
    case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
    case UInt8(ascii: "n"): return take("null") ? .null : nil
    default: return number()
    }
  }

  private mutating func object(_ depth: Int) -> Value? {
    place += 1
    var members: [String: Value] = [:]
    skip()
    if take("}") { return .object(members) }
    repeat {
      skip()
      guard next == UInt8(ascii: "\""), let key = string() else { return nil }
      skip()
      guard take(":"), let value = value(depth: depth + 1) else { return nil }
      members[key] = value
      skip()
    } while take(",")
    return take("}") ? .object(members) : nil
  }

  private mutating func array(_ depth: Int) -> Value? {
    place += 1
    var values: [Value] = []
    skip()
    if take("]") { return .array(values) }
    repeat {
      guard let value = value(depth: depth + 1) else { return nil }
      values.append(value)
      skip()
    } while take(",")
    return take("]") ? .array(values) : nil
  }

  private mutating func number() -> Value? {
    let start = place
    while let byte = next, (48...57).contains(byte) || "+-.eE".utf8.contains(byte) { place += 1 }
    guard place > start, let value = Double(String(decoding: bytes[start..<place], as: UTF8.self)), value.isFinite
    else {
      return nil
    }
    return .number(value)
  }

  private mutating func string() -> String? {
    place += 1
    var text: [UInt8] = []
    while let byte = next {
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): guard escape(&text) else { return nil }
      default: text.append(byte)
      }
    }
    return nil
  }

  private mutating func escape(_ text: inout [UInt8]) -> Bool {
    guard let byte = next else { return false }
    place += 1
    switch byte {
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "u"):
      guard bytes.endIndex - place >= 4,
        let unit = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
      else { return false }
      place += 4
      // Half of a surrogate pair is no character.
      text += String(Unicode.Scalar(unit) ?? "\u{FFFD}").utf8
    default: text.append(byte)
    }
    return true
  }
}
