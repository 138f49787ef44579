import ShoalContent
import ShoalWire

/// A field as the Wireshark dissector needs it: how to read it, and by which name to show it.
struct LuaField: Sendable {
  /// How the dissector reads the field; the names are those of its functions.
  enum Kind: Sendable {
    case number(bytes: Int, FieldStyle)
    case digest, address, text, runs, padding
    /// The remaining bytes: the messages of a DATA, the slice of an ACK, or content.
    case rest
    case list([LuaField])

    /// What two fields that share a name in display filters must have in common: the type, and the names of its values.
    var type: String {
      switch self {
      case .number(let bytes, .code(let names)): "uint\(bytes * 8) \(names)"
      case .number(let bytes, .hex): "uint\(bytes * 8) hex"
      case .number(let bytes, _): "uint\(bytes * 8)"
      case .digest, .padding, .rest: "bytes"
      case .address, .text, .runs: "string"
      case .list: "uint8"
      }
    }
  }
  var name: String
  var kind: Kind
  /// The packet, message or list that declares it, in lower case.
  var owner: String
  /// Whether a datagram may end before it.
  var isLater = false
}

/// Collects the fields of a packet or message; the values that it visits are irrelevant.
struct LuaFields: FieldVisitor {
  private(set) var fields: [LuaField] = []
  private var owner: String
  private var isLater = false

  /// The fields that `group` declares.
  static func of<Group: FieldGroup>(_: Group.Type, owner: String) -> [LuaField] {
    var group = Group()
    var visitor = LuaFields(owner: owner)
    // Only reading and writing can fail, and this visitor does neither.
    try? group.fields(&visitor)
    return visitor.fields
  }

  private init(owner: String) { self.owner = owner }

  private mutating func note(_ name: StaticString, _ kind: LuaField.Kind) {
    fields.append(LuaField(name: name.description, kind: kind, owner: owner, isLater: isLater))
  }

  mutating func u8(_ name: StaticString, _: inout UInt8, _ style: FieldStyle) { note(name, .number(bytes: 1, style)) }
  mutating func u16(_ name: StaticString, _: inout UInt16, _ style: FieldStyle) { note(name, .number(bytes: 2, style)) }
  mutating func u32(_ name: StaticString, _: inout UInt32, _ style: FieldStyle) { note(name, .number(bytes: 4, style)) }
  mutating func u64(_ name: StaticString, _: inout UInt64, _ style: FieldStyle) { note(name, .number(bytes: 8, style)) }
  mutating func digest(_ name: StaticString, _: inout Digest) { note(name, .digest) }
  mutating func address(_ name: StaticString, _: inout Address) { note(name, .address) }
  mutating func text(_ name: StaticString, _: inout String) { note(name, .text) }
  mutating func runs(_ name: StaticString, _: inout [ChunkRun]) { note(name, .runs) }
  mutating func rest(_ name: StaticString, _: inout ByteRange) { note(name, .rest) }
  mutating func padding(to length: Int) { note("padding", .padding) }

  mutating func early(_ name: StaticString, to length: Int) {
    note(name, .rest)
    padding(to: length)
  }

  mutating func later<Group: FieldGroup>(_: inout Group?) {
    isLater = true
    var group = Group()
    try? group.fields(&self)
  }

  mutating func list<Element: FieldGroup>(_ name: StaticString, _: inout [Element]) {
    note(name, .list(LuaFields.of(Element.self, owner: name.description)))
  }
}
