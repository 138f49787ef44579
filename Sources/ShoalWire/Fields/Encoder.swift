import ShoalBase
import ShoalContent

/// Writes the fields of a packet into a buffer.
public struct Encoder: FieldVisitor, ~Copyable, ~Escapable {
  var bytes: MutableSpan<UInt8>
  /// Where the next field begins: after the last, the length of what was written.
  public private(set) var offset: Int

  /// Writes into `bytes` from `offset`.
  @_lifetime(copy bytes)
  public init(_ bytes: consuming MutableSpan<UInt8>, from offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  @inline(__always)
  private mutating func take(_ count: Int, _ name: StaticString) throws(WireError) -> Int {
    guard bytes.count - offset >= count else { throw WireError(.overflow, name, at: offset) }
    defer { offset += count }
    return offset
  }

  /// Writes one byte.
  @inline(__always)
  public mutating func u8(_ name: StaticString, _ value: inout UInt8, _ style: FieldStyle) throws(WireError) {
    bytes[try take(1, name)] = value
  }
  /// Writes two bytes, big-endian.
  @inline(__always)
  public mutating func u16(_ name: StaticString, _ value: inout UInt16, _ style: FieldStyle) throws(WireError) {
    bytes.store(bigEndian: value, at: try take(2, name))
  }
  /// Writes four bytes, big-endian.
  @inline(__always)
  public mutating func u32(_ name: StaticString, _ value: inout UInt32, _ style: FieldStyle) throws(WireError) {
    bytes.store(bigEndian: value, at: try take(4, name))
  }
  /// Writes eight bytes, big-endian.
  @inline(__always)
  public mutating func u64(_ name: StaticString, _ value: inout UInt64, _ style: FieldStyle) throws(WireError) {
    bytes.store(bigEndian: value, at: try take(8, name))
  }

  /// Writes 32 bytes.
  public mutating func digest(_ name: StaticString, _ value: inout Digest) throws(WireError) {
    let at = try take(32, name)
    for i in 0..<4 { bytes.store(bigEndian: value[word: i], at: at + 8 * i) }
  }

  /// Writes family, address and port; an IPv4-mapped address as family 4.
  public mutating func address(_ name: StaticString, _ value: inout Address) throws(WireError) {
    var family: UInt8 = value.isIPv4 ? 4 : 6
    try u8(name, &family, .decimal)
    if value.isIPv4 {
      var ipv4 = value.ipv4
      try u32(name, &ipv4, .decimal)
    } else {
      try u64(name, &value.high, .decimal)
      try u64(name, &value.low, .decimal)
    }
    try u16(name, &value.port, .decimal)
  }

  /// Writes a length byte and the UTF-8 of the text; fails if that has more than 255 bytes.
  public mutating func text(_ name: StaticString, _ value: inout String) throws(WireError) {
    let utf8 = value.utf8
    guard var count = UInt8(exactly: utf8.count) else { throw WireError(.value, name, at: offset) }
    try u8(name, &count, .decimal)
    var at = try take(Int(count), name)
    for byte in utf8 {
      bytes[at] = byte
      at += 1
    }
  }

  /// Writes a count and the runs; fails unless they ascend, are not empty and end within `Limits.chunks`.
  public mutating func runs(_ name: StaticString, _ value: inout [ChunkRun]) throws(WireError) {
    guard var count = UInt16(exactly: value.count) else { throw WireError(.value, name, at: offset) }
    try u16(name, &count, .decimal)
    var next: UInt64 = 0
    for run in value {
      let first = UInt64(run.first)
      let length = UInt64(run.count)
      guard first >= next, length > 0, first + length <= UInt64(Limits.chunks) else {
        throw WireError(.value, name, at: offset)
      }
      guard Varint.write(first - next, &bytes, &offset), Varint.write(length, &bytes, &offset) else {
        throw WireError(.overflow, name, at: offset)
      }
      next = first + length
    }
  }

  /// Writes a count and the entries; fails if there are more than 255.
  public mutating func list<Element: FieldGroup>(
    _ name: StaticString, _ value: inout [Element]
  ) throws(WireError) {
    guard var count = UInt8(exactly: value.count) else { throw WireError(.value, name, at: offset) }
    try u8(name, &count, .decimal)
    // Changing them in place would copy the array first.
    for element in value {
      var element = element
      try element.fields(&self)
    }
  }

  /// Writes appended fields, if there are any.
  public mutating func later<Group: FieldGroup>(_ value: inout Group?) throws(WireError) {
    if var group = value { try group.fields(&self) }
  }

  /// Notes where the rest begins and writes none of it.
  @inline(__always)
  public mutating func rest(_ name: StaticString, _ value: inout ByteRange) throws(WireError) {
    value.offset = offset
  }

  /// Writes zeros up to `length` bytes from the beginning.
  public mutating func padding(to length: Int) throws(WireError) {
    guard bytes.count >= length else { throw WireError(.overflow, "padding", at: offset) }
    while offset < length {
      bytes[offset] = 0
      offset += 1
    }
  }
}
