import ShoalContent

/// Adds up the bytes that the encoder would write.
struct SizeVisitor: FieldVisitor {
  /// Where the next field begins.
  private(set) var offset: Int

  @inline(__always) init(from offset: Int) { self.offset = offset }

  @inline(__always) mutating func u8(_: StaticString, _: inout UInt8, _: FieldStyle) { offset += 1 }
  @inline(__always) mutating func u16(_: StaticString, _: inout UInt16, _: FieldStyle) { offset += 2 }
  @inline(__always) mutating func u32(_: StaticString, _: inout UInt32, _: FieldStyle) { offset += 4 }
  @inline(__always) mutating func u64(_: StaticString, _: inout UInt64, _: FieldStyle) { offset += 8 }
  mutating func digest(_: StaticString, _: inout Digest) { offset += 32 }
  mutating func address(_: StaticString, _ value: inout Address) { offset += value.isIPv4 ? 7 : 19 }
  mutating func text(_: StaticString, _ value: inout String) { offset += 1 + value.utf8.count }

  mutating func runs(_: StaticString, _ value: inout [ChunkRun]) {
    offset += 2
    var end: UInt32 = 0
    for run in value {
      offset += run.encodedSize(after: end)
      end = run.end
    }
  }

  mutating func list<Element: FieldGroup>(_: StaticString, _ value: inout [Element]) throws(WireError) {
    offset += 1
    for element in value {
      var element = element
      try element.fields(&self)
    }
  }

  mutating func later<Group: FieldGroup>(_ value: inout Group?) throws(WireError) {
    if var group = value { try group.fields(&self) }
  }

  @inline(__always) mutating func rest(_: StaticString, _: inout ByteRange) {}
  mutating func padding(to length: Int) { offset = max(offset, length) }
}

extension FieldGroup {
  /// Where the fields end that begin at `offset`.
  @inline(__always)
  func end(from offset: Int) -> Int {
    var group = self
    var visitor = SizeVisitor(from: offset)
    // Only reading and writing can fail, and this visitor does neither.
    try? group.fields(&visitor)
    return visitor.offset
  }
}

extension Header {
  /// The bytes of the header.
  static let encodedSize = Header().end(from: 0)
}

extension Packet {
  /// The bytes of header and fields, without those that others write behind them.
  public var encodedSize: Int { end(from: Limits.headerLength) }
}

extension Message {
  /// The bytes of type, length and fields, without those that others write behind them.
  public var encodedSize: Int { end(from: MessageType.overhead) }
}

extension FoundEntry {
  /// The bytes of the entry in a FOUND.
  public var encodedSize: Int { end(from: 0) }
}

extension PeerEntry {
  /// The bytes of the entry in a PEERS.
  public var encodedSize: Int { end(from: 0) }
}

extension ListedEntry {
  /// The bytes of the entry in a LISTED.
  public var encodedSize: Int { end(from: 0) }
}
