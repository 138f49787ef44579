import ShoalContent
import ShoalTerminal
import ShoalWire

/// Writes decoded fields as the members of a JSON object.
struct JSONFields: FieldVisitor, ~Copyable {
  /// The text so far, which goes back to its owner after the visit.
  var out: TextBuffer
  /// Whether the next member follows another, so that it needs a comma.
  var follows: Bool

  private mutating func key(_ name: StaticString) {
    out.append(follows ? ",\"" : "\"")
    follows = true
    out.append(name)
    out.append("\":")
  }

  private mutating func number(_ name: StaticString, _ value: UInt64, _ style: FieldStyle) {
    key(name)
    if case .code(let names) = style, let text = CodeText.name(names, value) {
      quoted(text)
    } else {
      out.append(value)
    }
  }

  private mutating func quoted(_ text: String) {
    out.append("\"")
    out.append(text)
    out.append("\"")
  }

  mutating func u8(_ name: StaticString, _ value: inout UInt8, _ style: FieldStyle) {
    number(name, UInt64(value), style)
  }
  mutating func u16(_ name: StaticString, _ value: inout UInt16, _ style: FieldStyle) {
    number(name, UInt64(value), style)
  }
  mutating func u32(_ name: StaticString, _ value: inout UInt32, _ style: FieldStyle) {
    number(name, UInt64(value), style)
  }
  /// Writes ids as hexadecimal digits, and also numbers that are too large for most readers, whose numbers are doubles.
  mutating func u64(_ name: StaticString, _ value: inout UInt64, _ style: FieldStyle) {
    guard style == .hex || value > 1 << 53 else { return number(name, value, style) }
    key(name)
    out.append("\"")
    out.append(hex: value, 16)
    out.append("\"")
  }
  mutating func digest(_ name: StaticString, _ value: inout Digest) {
    key(name)
    quoted(value.hex)
  }
  mutating func address(_ name: StaticString, _ value: inout Address) {
    key(name)
    quoted("\(value)")
  }
  mutating func text(_ name: StaticString, _ value: inout String) {
    key(name)
    out.append(JSON.string(value).description)
  }
  mutating func runs(_ name: StaticString, _ value: inout [ChunkRun]) {
    key(name)
    quoted(RunText(value).whole)
  }
  /// Writes how many bytes there are; messages are written one by one elsewhere.
  mutating func rest(_ name: StaticString, _ value: inout ByteRange) {
    guard !name.isMessages else { return }
    key(name)
    out.append(value.count)
  }
  mutating func padding(to length: Int) {}
  mutating func later<Group: FieldGroup>(_ value: inout Group?) throws(WireError) {
    if var group = value { try group.fields(&self) }
  }

  mutating func list<Element: FieldGroup>(_ name: StaticString, _ value: inout [Element]) throws(WireError) {
    key(name)
    out.append("[")
    for index in value.indices {
      out.append(index > 0 ? ",{" : "{")
      follows = false
      try value[index].fields(&self)
      out.append("}")
    }
    out.append("]")
    follows = true
  }
}

extension StaticString {
  fileprivate var isMessages: Bool { description == "messages" }
}
