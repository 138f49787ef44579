import ShoalTerminal
import ShoalWire

/// A datagram as a JSON object.
enum JSONLine {
  static func object(_ datagram: Datagram, _ seen: Observation) -> JSON {
    var type: PacketType?
    var fields: [JSON.Member] = []
    var error: [JSON.Member] = []
    do throws(WireError) {
      let (header, known) = try Header.decode(datagram.bytes.bytes)
      type = known
      fields = [.init("version", .uint(UInt64(header.version))), .init("connection", .hex(header.connection))]
      fields += try members(known, datagram)
    } catch let failure {
      fields = []
      error = [.init("error", .string("\(failure)"))]
    }
    return .object(
      [
        .init("n", .uint(datagram.number)), .init("time", datagram.time.map { .string(seconds($0)) } ?? .null),
        .init("src", .string("\(datagram.source)")), .init("dst", .string("\(datagram.destination)")),
        .init("type", type.map { .string($0.name) } ?? .null), .init("length", .int(datagram.length)),
        .init("checksum", checksum(datagram)), .init("fields", .object(fields)),
      ] + error + analysis(datagram, seen))
  }

  /// The marks, and what else is known in the light of earlier datagrams. Numbers are those of `n`, times seconds.
  private static func analysis(_ datagram: Datagram, _ seen: Observation) -> [JSON.Member] {
    var members = [JSON.Member("marks", .array(seen.marks.marks.map { .string($0.name) }))]
    func add(_ name: String, _ value: JSON?) { if let value { members.append(.init(name, value)) } }
    func reference(_ name: String, _ reference: Observation.Reference) {
      guard reference.number > 0 else { return }
      add(name, .uint(reference.number))
      add("\(name)_ago", reference.span.map { .string(seconds($0)) })
    }
    if datagram.part > 0 { add("part", .int(datagram.part)) }
    reference("first", seen.first)
    reference("cause", seen.cause)
    reference("request", seen.request)
    if let corruption = datagram.isOurs ? datagram.corruption : nil {
      add("computed", .string(hex(UInt64(corruption.computed), 8)))
      add("mend", corruption.mend.map { ["byte": .int($0.byte), "bit": .int($0.bit)] })
    }
    guard seen.sequence != nil || seen.next != nil else { return members }
    add("in_flight", .int(seen.inFlight))
    add("window_edge", seen.windowEdge.map { .uint(UInt64(UInt32(truncatingIfNeeded: $0))) })
    if seen.goBack > 0 { add("go_back", .int(Int(seen.goBack))) }
    if seen.next != nil { add("acked", .int(seen.acknowledgedBytes)) }
    add("rtt", seen.roundTrip.map { .string(seconds($0)) })
    return members
  }

  private static func seconds(_ time: UInt64) -> String {
    let (whole, part) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
    return "\(whole).\(digits(part, 9))"
  }

  private static func checksum(_ datagram: Datagram) -> JSON {
    guard datagram.isOurs else { return .null }
    return switch datagram.verdict {
    case .ok: "ok"
    case .corrupt: "bad"
    case .unknown: .null
    }
  }

  private static func members(_ type: PacketType, _ datagram: Datagram) throws(WireError) -> [JSON.Member] {
    let bytes = datagram.bytes.bytes
    switch type {
    case .data:
      let packet = try DataPacket.read(bytes)
      return try members(of: packet, rest: .array(messages(datagram, from: packet.messages.offset)))
    case .ack:
      let packet = try AckPacket.read(bytes)
      let missing = RunText(missingIn: packet, datagram.bytes).map { JSON.string($0.whole) } ?? .null
      return try members(of: packet) + [.init("missing", missing)]
    default: return try members(type.packet, bytes)
    }
  }

  private static func members<P: Packet>(_: P.Type, _ bytes: RawSpan) throws(WireError) -> [JSON.Member] {
    try members(of: P.decode(bytes))
  }

  private static func messages(_ datagram: Datagram, from offset: Int) throws(WireError) -> [JSON] {
    var objects: [JSON] = []
    try datagram.messages(from: offset) { (bytes, part) throws(WireError) in
      if let type = part.type {
        objects.append(.object([.init("message", .string(type.name))] + (try members(type.message, bytes, part.body))))
      } else {
        objects.append(["message": .null, "value": .uint(UInt64(part.value)), "content": .int(part.body.count)])
      }
    }
    return objects
  }

  private static func members<M: Message>(
    _: M.Type, _ bytes: RawSpan, _ body: ByteRange
  ) throws(WireError) -> [JSON.Member] {
    try members(of: M.decode(bytes, body))
  }

  private static func members(of group: some FieldGroup, rest: JSON? = nil) throws(WireError) -> [JSON.Member] {
    var group = group
    var fields = JSONFields(rest: rest)
    try group.fields(&fields)
    return fields.members
  }
}

/// Makes members of decoded fields.
private struct JSONFields: FieldVisitor {
  var members: [JSON.Member] = []
  /// What stands for the bytes that are not fields, if not their number.
  let rest: JSON?

  init(rest: JSON?) { self.rest = rest }

  private mutating func add(_ name: StaticString, _ value: JSON) { members.append(.init(name.description, value)) }

  private mutating func number(_ name: StaticString, _ value: UInt64, _ style: FieldStyle) {
    if case .code(let names) = style, let text = names.name(of: value) {
      add(name, .string(text))
    } else {
      add(name, .uint(value))
    }
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
  mutating func u64(_ name: StaticString, _ value: inout UInt64, _: FieldStyle) { add(name, .hex(value)) }
  mutating func digest(_ name: StaticString, _ value: inout Digest) { add(name, .string(value.hex)) }
  mutating func address(_ name: StaticString, _ value: inout Address) { add(name, .string("\(value)")) }
  mutating func text(_ name: StaticString, _ value: inout String) { add(name, .string(value)) }
  mutating func runs(_ name: StaticString, _ value: inout [ChunkRun]) { add(name, .string(RunText(value).whole)) }
  mutating func rest(_ name: StaticString, _ value: inout ByteRange) { add(name, rest ?? .int(value.count)) }
  mutating func padding(to length: Int) {}

  mutating func list<Element: FieldGroup>(_ name: StaticString, _ value: inout [Element]) throws(WireError) {
    var entries: [JSON] = []
    for i in value.indices {
      var fields = JSONFields(rest: nil)
      try value[i].fields(&fields)
      entries.append(.object(fields.members))
    }
    add(name, .array(entries))
  }
}
