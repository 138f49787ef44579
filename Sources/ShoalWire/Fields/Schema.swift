import ShoalContent

/// One line of a table of fields.
public struct SchemaRow: Hashable, Sendable {
  /// The field's name; `peers[].address` in an entry of the list `peers`.
  public var name: String
  /// Where it begins: in a packet from the datagram's first byte, in a message from its type byte; nil if what
  /// precedes it varies in size.
  public var offset: Int?
  /// Its size in bytes; nil if that varies. A list's is that of its count, its entries have rows of their own.
  public var size: Int?
  /// Whether it was appended by a later revision, so that a datagram of an earlier one ends before it.
  public var isLater = false
}

/// The fields of one packet or message.
public struct SchemaTable: Hashable, Sendable {
  /// The value of its type byte.
  public var value: UInt8
  /// Its name in Protocol.md.
  public var name: String
  /// The fields after the header, or after a message's type and length.
  public var rows: [SchemaRow]
}

/// What the bytes of every packet and message are, without any data: the tables of Protocol.md.
public enum Schema {
  /// The header of every datagram.
  public static let header = rows(Header.self, from: 0)
  /// Every packet, in the order of the type values.
  public static let packets: [SchemaTable] = packetTypes.map { type in
    SchemaTable(value: type.type.rawValue, name: type.type.name, rows: rows(type, from: Limits.headerLength))
  }
  /// Every message, in the order of the type values.
  public static let messages: [SchemaTable] = messageTypes.map { type in
    SchemaTable(value: type.type.rawValue, name: type.type.name, rows: rows(type, from: MessageType.overhead))
  }

  /// The tables of Protocol.md, without the meanings.
  public static func markdown() -> String {
    var text = "### Header\n\n" + markdown(header)
    for packet in packets {
      let value = String(packet.value, radix: 16)
      text += "\n### \(packet.name) (0x\(packet.value < 16 ? "0" : "")\(value))\n\n" + markdown(packet.rows)
    }
    for message in messages { text += "\n#### \(message.name) (\(message.value))\n\n" + markdown(message.rows) }
    return text
  }

  private static func markdown(_ rows: [SchemaRow]) -> String {
    guard !rows.isEmpty else { return "No fields.\n" }
    return rows.reduce("| offset | size | field |\n|---|---|---|\n") { table, row in
      table + "| \(row.offset.map(String.init) ?? "…") | \(row.size.map(String.init) ?? "…") | \(row.name) |\n"
    }
  }

  private static func rows<Group: FieldGroup>(_: Group.Type, from offset: Int) -> [SchemaRow] {
    var group = Group()
    var visitor = SchemaVisitor(offset: offset)
    do throws(WireError) { try group.fields(&visitor) } catch { preconditionFailure("a schema cannot fail: \(error)") }
    return visitor.rows
  }

  fileprivate static let packetTypes: [any Packet.Type] = [
    VersionPacket.self, OpenPacket.self, AcceptPacket.self, DataPacket.self, AckPacket.self, ProbePacket.self,
    ProbedPacket.self, ChallengePacket.self, ResponsePacket.self, ClosePacket.self, ResetPacket.self,
    RetryPacket.self, ConnectPacket.self, ConnectedPacket.self, RegisterPacket.self, RegisteredPacket.self,
    UpdatePacket.self,
    UpdatedPacket.self, FindPacket.self, FoundPacket.self, LookupPacket.self, PeersPacket.self, MapPacket.self,
    MappedPacket.self, DeregisterPacket.self, DeregisteredPacket.self, ErrorPacket.self,
    ListPacket.self, ListedPacket.self,
  ]

  fileprivate static let messageTypes: [any Message.Type] = [
    Want.self, Offer.self, Have.self, Request.self, Cancel.self, Block.self, Refuse.self, Known.self,
    Hello.self, Same.self, Progress.self, Pass.self,
  ]
}

extension PacketType {
  /// The packet of this type: for callers that have only the type byte, and are not performance-critical.
  public var packet: any Packet.Type { Schema.packetTypes.first { $0.type == self }! }
}

extension MessageType {
  /// The message of this type.
  public var message: any Message.Type { Schema.messageTypes.first { $0.type == self }! }
}

extension WireError {
  /// A value out of range in the field `name` of a packet, before which no field varies in size.
  public init<P: Packet>(value name: StaticString, of _: P.Type) {
    let table = Schema.packets.first { $0.value == P.type.rawValue }
    self.init(value: name, at: table?.rows.first { $0.name == name.description }?.offset ?? Limits.headerLength)
  }
}

/// Notes names and sizes; the values that it visits mean nothing.
private struct SchemaVisitor: FieldVisitor {
  var rows: [SchemaRow] = []
  var offset: Int?
  var prefix = ""
  var isLater = false

  init(offset: Int) { self.offset = offset }

  mutating func note(_ name: StaticString, _ size: Int?) {
    rows.append(SchemaRow(name: prefix + name.description, offset: offset, size: size, isLater: isLater))
    if let start = offset, let size { offset = start + size } else { offset = nil }
  }

  mutating func u8(_ name: StaticString, _: inout UInt8, _: FieldStyle) { note(name, 1) }
  mutating func u16(_ name: StaticString, _: inout UInt16, _: FieldStyle) { note(name, 2) }
  mutating func u32(_ name: StaticString, _: inout UInt32, _: FieldStyle) { note(name, 4) }
  mutating func u64(_ name: StaticString, _: inout UInt64, _: FieldStyle) { note(name, 8) }
  mutating func digest(_ name: StaticString, _: inout Digest) { note(name, 32) }
  mutating func address(_ name: StaticString, _: inout Address) { note(name, nil) }
  mutating func text(_ name: StaticString, _: inout String) { note(name, nil) }
  mutating func runs(_ name: StaticString, _: inout [ChunkRun]) { note(name, nil) }
  mutating func rest(_ name: StaticString, _: inout ByteRange) { note(name, nil) }
  mutating func padding(to length: Int) { note("padding", nil) }

  mutating func early(_ name: StaticString, to length: Int) {
    note(name, nil)
    padding(to: length)
  }

  mutating func later<Group: FieldGroup>(_: inout Group?) throws(WireError) {
    isLater = true
    var group = Group()
    try group.fields(&self)
  }

  mutating func list<Element: FieldGroup>(_ name: StaticString, _ value: inout [Element]) throws(WireError) {
    note(name, 1)
    offset = nil
    let outer = prefix
    prefix += "\(name)[]."
    var element = Element()
    try element.fields(&self)
    prefix = outer
  }
}
