import Testing

@testable import ShoalBase
@testable import ShoalContent
@testable import ShoalWire

/// Fills every field with a random value that the wire can carry.
struct RandomFields: FieldVisitor {
  var random: SeededGenerator
  /// Where the fields that take up the rest of the datagram begin.
  var restOffset: Int
  var restCount = 0

  init(_ random: SeededGenerator, restOffset: Int) {
    self.random = random
    self.restOffset = restOffset
  }

  mutating func number<T: FixedWidthInteger>(_ value: inout T) {
    // Short and long numbers alike, so that bounds are reached.
    value = T(truncatingIfNeeded: random.next() >> UInt64.random(in: 0..<64, using: &random))
  }

  mutating func u8(_: StaticString, _ value: inout UInt8, _: FieldStyle) { number(&value) }
  mutating func u16(_ name: StaticString, _ value: inout UInt16, _: FieldStyle) {
    number(&value)
    // A PROBE has the size that it names.
    if name.description == "size" { value = .random(in: 18...1_500, using: &random) }
  }
  mutating func u32(_: StaticString, _ value: inout UInt32, _: FieldStyle) { number(&value) }
  mutating func u64(_: StaticString, _ value: inout UInt64, _: FieldStyle) { number(&value) }

  mutating func digest(_: StaticString, _ value: inout Digest) {
    value = Digest(bytes(32).span)
  }

  mutating func address(_: StaticString, _ value: inout Address) {
    let port = UInt16.random(in: 0 ... .max, using: &random)
    value =
      Bool.random(using: &random)
      ? Address(ipv4: .random(in: 0 ... .max, using: &random), port: port)
      : Address(high: random.next(), low: random.next(), port: port)
  }

  mutating func text(_: StaticString, _ value: inout String) {
    let alphabet: [Character] = ["a", "Z", " ", "/", "\0", "\n", "\"", "ä", "→", "𝄞", "\u{202e}"]
    value = ""
    for _ in 0..<Int.random(in: 0...60, using: &random) { value.append(alphabet.randomElement(using: &random)!) }
  }

  mutating func runs(_: StaticString, _ value: inout [ChunkRun]) {
    value = []
    var next: UInt32 = 0
    for _ in 0..<Int.random(in: 0...30, using: &random) {
      let first = next + .random(in: 0...70_000, using: &random)
      value.append(ChunkRun(first: first, count: .random(in: 1...60_000, using: &random)))
      next = value[value.count - 1].end
    }
  }

  mutating func list<Element: FieldGroup>(_: StaticString, _ value: inout [Element]) throws(WireError) {
    value = []
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      var element = Element()
      try element.fields(&self)
      value.append(element)
    }
  }

  mutating func rest(_: StaticString, _ value: inout ByteRange) {
    restCount = .random(in: 0...100, using: &random)
    value = ByteRange(offset: restOffset, count: restCount)
  }

  mutating func padding(to length: Int) {}
  mutating func later<Group: FieldGroup>(_ value: inout Group?) throws(WireError) {
    value = nil
    guard Bool.random(using: &random) else { return }
    var group = Group()
    try group.fields(&self)
    value = group
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
  }
}

/// A packet with random fields, and its datagram.
func sample<P: Packet>(_: P.Type, _ random: inout SeededGenerator) throws -> (packet: P, datagram: [UInt8]) {
  var packet = P()
  var fields = RandomFields(random, restOffset: Schema.table(of: P.type).rows.last?.offset ?? 0)
  try packet.fields(&fields)
  var datagram = try packet.datagram(connection: fields.random.next(), capacity: 4_000)
  datagram += fields.bytes(fields.restCount)
  random = fields.random
  Datagram.seal(&datagram)
  return (packet, datagram)
}

/// A message with random fields, and its bytes, which will lie at `offset` in a datagram.
func sample<M: Message>(
  _: M.Type, at offset: Int, _ random: inout SeededGenerator
) throws -> (message: M, bytes: [UInt8]) {
  var message = M()
  var fields = RandomFields(random, restOffset: offset + (Schema.table(of: M.type).rows.last?.offset ?? 0))
  try message.fields(&fields)
  var bytes = try message.encoded() + fields.bytes(fields.restCount)
  let length = bytes.count - MessageType.overhead
  (bytes[1], bytes[2]) = (UInt8(length >> 8), UInt8(length & 255))
  random = fields.random
  return (message, bytes)
}

/// A DATA datagram with these messages.
func dataDatagram(_ messages: [[UInt8]]) throws -> [UInt8] {
  var datagram = try DataPacket().datagram(connection: 1) + messages.joined()
  Datagram.seal(&datagram)
  return datagram
}

extension Schema {
  static func table(of type: PacketType) -> SchemaTable { packets.first { $0.value == type.rawValue }! }
  static func table(of type: MessageType) -> SchemaTable { messages.first { $0.value == type.rawValue }! }
}

/// The error that a closure throws, if any.
func failure(_ body: () throws(WireError) -> Void) -> WireError? {
  do throws(WireError) { try body() } catch { return error }
  return nil
}

/// Whether two packets or messages, all of which are `Hashable`, are equal.
func equal<Group: FieldGroup>(_ first: Group, _ second: Group) -> Bool {
  guard let first = first as? AnyHashable, let second = second as? AnyHashable else { return false }
  return first == second
}
