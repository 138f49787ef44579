import ShoalContent

/// One field of a decoded datagram: its name, its place, and its value.
public struct LayoutRow: Hashable, Sendable {
  /// A field's value, in a form for people and programs.
  public enum Value: Hashable, Sendable {
    case number(UInt64, FieldStyle)
    case digest(Digest)
    case address(Address)
    case text(String)
    case runs([ChunkRun])
    case bytes
    /// The heading of a list's entry, or of a message, whose fields follow one level deeper.
    case group
  }
  /// The name that Protocol.md gives the field.
  public var name: String
  /// Its place in the datagram.
  public var range: ByteRange
  /// Its value.
  public var value: Value
  /// 0 for a field of the packet, 1 for one of a list's entry or of a message in it.
  public var depth: Int
}

/// Notes the place and the value of each field, as it decodes.
public struct Layout: FieldVisitor, ~Copyable, ~Escapable {
  var decoder: Decoder
  /// The fields seen so far.
  public private(set) var rows: [LayoutRow] = []
  var depth = 0

  /// Reads `bytes` from `offset` to `end`.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>, from offset: Int = 0, to end: Int? = nil, depth: Int = 0) {
    decoder = Decoder(bytes, from: offset, to: end)
    self.depth = depth
  }

  /// Where the next field begins.
  public var offset: Int { decoder.offset }

  mutating func note(_ name: String, _ start: Int, _ value: LayoutRow.Value) {
    let range = ByteRange(offset: start, count: decoder.offset - start)
    rows.append(LayoutRow(name: name, range: range, value: value, depth: depth))
  }

  /// Notes a number of one byte.
  public mutating func u8(_ name: StaticString, _ value: inout UInt8, _ style: FieldStyle) throws(WireError) {
    let start = offset
    try decoder.u8(name, &value, style)
    note(name.description, start, .number(UInt64(value), style))
  }
  /// Notes a number of two bytes.
  public mutating func u16(_ name: StaticString, _ value: inout UInt16, _ style: FieldStyle) throws(WireError) {
    let start = offset
    try decoder.u16(name, &value, style)
    note(name.description, start, .number(UInt64(value), style))
  }
  /// Notes a number of four bytes.
  public mutating func u32(_ name: StaticString, _ value: inout UInt32, _ style: FieldStyle) throws(WireError) {
    let start = offset
    try decoder.u32(name, &value, style)
    note(name.description, start, .number(UInt64(value), style))
  }
  /// Notes a number of eight bytes.
  public mutating func u64(_ name: StaticString, _ value: inout UInt64, _ style: FieldStyle) throws(WireError) {
    let start = offset
    try decoder.u64(name, &value, style)
    note(name.description, start, .number(value, style))
  }
  /// Notes 32 bytes.
  public mutating func digest(_ name: StaticString, _ value: inout Digest) throws(WireError) {
    let start = offset
    try decoder.digest(name, &value)
    note(name.description, start, .digest(value))
  }
  /// Notes an address.
  public mutating func address(_ name: StaticString, _ value: inout Address) throws(WireError) {
    let start = offset
    try decoder.address(name, &value)
    note(name.description, start, .address(value))
  }
  /// Notes a text.
  public mutating func text(_ name: StaticString, _ value: inout String) throws(WireError) {
    let start = offset
    try decoder.text(name, &value)
    note(name.description, start, .text(value))
  }
  /// Notes runs of chunks, as one row.
  public mutating func runs(_ name: StaticString, _ value: inout [ChunkRun]) throws(WireError) {
    let start = offset
    try decoder.runs(name, &value)
    note(name.description, start, .runs(value))
  }
  /// Notes the count, and for each entry a heading and its fields one level deeper.
  public mutating func list<Element: FieldGroup>(
    _ name: StaticString, _ value: inout [Element]
  ) throws(WireError) {
    var count: UInt8 = 0
    try u8(name, &count, .decimal)
    for i in 0..<Int(count) {
      let row = rows.count
      let start = offset
      note("\(name)[\(i)]", start, .group)
      depth += 1
      var element = Element()
      try element.fields(&self)
      depth -= 1
      rows[row].range.count = offset - start
    }
  }
  /// Notes appended fields, unless the datagram ends here.
  public mutating func later<Group: FieldGroup>(_ value: inout Group?) throws(WireError) {
    guard decoder.offset < decoder.end else { return }
    var group = Group()
    try group.fields(&self)
  }
  /// Notes everything that is left as one row.
  public mutating func rest(_ name: StaticString, _ value: inout ByteRange) throws(WireError) {
    let start = offset
    try decoder.rest(name, &value)
    note(name.description, start, .bytes)
  }
  /// Notes the padding, if there is any.
  public mutating func padding(to length: Int) throws(WireError) {
    let start = offset
    try decoder.padding(to: length)
    if offset > start { note("padding", start, .bytes) }
  }
}
