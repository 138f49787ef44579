import ShoalBase
import ShoalContent

/// Reads the fields of a packet from a datagram. Every read is checked: hostile bytes give an error, never a trap.
public struct Decoder: FieldVisitor, ~Copyable, ~Escapable {
  let bytes: Span<UInt8>
  /// Where the next field begins.
  public private(set) var offset: Int
  /// Where this group of fields must end: the datagram's end, or a message's.
  let end: Int
  /// The most runs that are taken of a list of them, and which these are if there are more.
  var runLimit: (most: Int, lot: UInt64)?

  /// Reads `bytes` from `offset` to `end`, which must lie inside.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>, from offset: Int = 0, to end: Int? = nil) {
    self.bytes = bytes
    self.offset = offset
    self.end = end ?? bytes.count
  }

  @inline(__always)
  private mutating func take(_ count: Int, _ name: StaticString) throws(WireError) -> Int {
    guard end - offset >= count else { throw WireError(.truncated, name, at: offset) }
    defer { offset += count }
    return offset
  }

  /// Reads one byte.
  @inline(__always)
  public mutating func u8(_ name: StaticString, _ value: inout UInt8, _ style: FieldStyle) throws(WireError) {
    value = bytes[try take(1, name)]
  }
  /// Reads two bytes, big-endian.
  @inline(__always)
  public mutating func u16(_ name: StaticString, _ value: inout UInt16, _ style: FieldStyle) throws(WireError) {
    value = bytes.bigEndian(at: try take(2, name), as: UInt16.self)
  }
  /// Reads four bytes, big-endian.
  @inline(__always)
  public mutating func u32(_ name: StaticString, _ value: inout UInt32, _ style: FieldStyle) throws(WireError) {
    value = bytes.bigEndian(at: try take(4, name), as: UInt32.self)
  }
  /// Reads eight bytes, big-endian.
  @inline(__always)
  public mutating func u64(_ name: StaticString, _ value: inout UInt64, _ style: FieldStyle) throws(WireError) {
    value = bytes.bigEndian(at: try take(8, name), as: UInt64.self)
  }

  /// Reads 32 bytes.
  public mutating func digest(_ name: StaticString, _ value: inout Digest) throws(WireError) {
    let at = try take(32, name)
    value = Digest(bytes, at: at)
  }

  /// Reads family, address and port; fails for a family other than 4 and 6.
  public mutating func address(_ name: StaticString, _ value: inout Address) throws(WireError) {
    let start = offset
    var family: UInt8 = 0
    try u8(name, &family, .decimal)
    value = Address(high: 0, low: 0, port: 0)
    switch family {
    case 4:
      var ipv4: UInt32 = 0
      try u32(name, &ipv4, .decimal)
      value = Address(ipv4: ipv4, port: 0)
    case 6:
      try u64(name, &value.high, .decimal)
      try u64(name, &value.low, .decimal)
    default: throw WireError(.value, name, at: start)
    }
    try u16(name, &value.port, .decimal)
  }

  /// Reads a length byte and that many bytes, which must be UTF-8.
  public mutating func text(_ name: StaticString, _ value: inout String) throws(WireError) {
    let start = offset
    var count: UInt8 = 0
    try u8(name, &count, .decimal)
    let at = try take(Int(count), name)
    guard let valid = try? UTF8Span(validating: bytes.extracting(at..<at + Int(count))) else {
      throw WireError(.text, name, at: start)
    }
    value = String(copying: valid)
  }

  /// Reads a count and the runs; fails for an empty one, and for one that ends beyond `Limits.chunks`. Where only some are
  /// taken, nothing that follows is read.
  public mutating func runs(_ name: StaticString, _ value: inout [ChunkRun]) throws(WireError) {
    var count: UInt16 = 0
    try u16(name, &count, .decimal)
    value.removeAll(keepingCapacity: true)
    // A run takes at least two bytes, so a false count cannot make us reserve more than the datagram could hold.
    guard Int(count) * 2 <= end - offset else { throw WireError(.truncated, name, at: offset) }
    let wanted = taken(of: Int(count))
    value.reserveCapacity(wanted.count)
    let limited = bytes.extracting(0..<end)
    var next: UInt64 = 0
    for index in 0..<wanted.upperBound {
      let start = offset
      guard let gap = Varint.read(limited, &offset), let length = Varint.read(limited, &offset) else {
        throw WireError(.truncated, name, at: start)
      }
      let first = next + gap
      guard length > 0, first + length <= UInt64(Limits.chunks) else { throw WireError(.value, name, at: start) }
      if index >= wanted.lowerBound { value.append(ChunkRun(first: UInt32(first), count: UInt32(length))) }
      next = first + length
    }
    if wanted.count < count { offset = end }
  }

  /// Which of so many runs are taken.
  private func taken(of count: Int) -> Range<Int> {
    guard let (most, lot) = runLimit, count > most else { return 0..<count }
    let start = Int(truncatingIfNeeded: lot % UInt64((count + most - 1) / most)) * most
    return start..<min(count, start + most)
  }

  /// Reads a count, at most 255, and the entries.
  public mutating func list<Element: FieldGroup>(
    _ name: StaticString, _ value: inout [Element]
  ) throws(WireError) {
    var count: UInt8 = 0
    try u8(name, &count, .decimal)
    value.removeAll(keepingCapacity: true)
    for _ in 0..<count {
      var element = Element()
      try element.fields(&self)
      value.append(element)
    }
  }

  /// Reads appended fields, unless the datagram ends here.
  public mutating func later<Group: FieldGroup>(_ value: inout Group?) throws(WireError) {
    value = nil
    guard offset < end else { return }
    var group = Group()
    try group.fields(&self)
    value = group
  }

  /// Consumes everything that is left, without reading it.
  @inline(__always)
  public mutating func rest(_ name: StaticString, _ value: inout ByteRange) throws(WireError) {
    value = ByteRange(offset: offset, count: end - offset)
    offset = end
  }

  /// Consumes everything that is left; fails if the group ends before `length`.
  public mutating func padding(to length: Int) throws(WireError) {
    guard end >= length else { throw WireError(.truncated, "padding", at: offset) }
    offset = end
  }
}
