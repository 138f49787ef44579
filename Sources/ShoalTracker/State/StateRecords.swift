import ShoalBase
import ShoalContent
import ShoalWire

/// The beginning of each record of a tracker's state file: its length, its kind, and a checksum of the whole record, at
/// the place where a datagram has its own.
struct StateFrame: FieldGroup {
  /// The bytes of the whole record.
  var length: UInt16 = 0
  var kind: UInt16 = 0
  var checksum: UInt32 = 0

  static let byteCount = 8
  static let header: UInt16 = 1, request: UInt16 = 2

  mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("length", &length, .decimal)
    try v.u16("kind", &kind, .decimal)
    try v.u32("checksum", &checksum, .hex)
  }
}

/// The first record of a state file: the tracker's epoch and secret.
package struct StateHeader: FieldGroup, Equatable {
  private var magic = StateHeader.magic
  private static let magic: UInt64 = 0x5368_6f61_6c54_7231
  /// The tracker's epoch.
  package var epoch: UInt32 = 0
  /// The secret with which cookies are made.
  package var key = Digest.zero

  package init() {}

  package mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("magic", &magic, .hex)
    try v.u32("epoch", &epoch, .hex)
    try v.digest("key", &key)
  }

  /// The header at the beginning of a state file, and the bytes that it takes; nil if there is none.
  package static func read(_ bytes: Span<UInt8>) -> (header: StateHeader, count: Int)? {
    guard let (kind, range) = StateRecords.first(bytes, at: 0), kind == StateFrame.header else { return nil }
    var header = StateHeader()
    var decoder = Decoder(bytes, from: range.lowerBound + StateFrame.byteCount, to: range.upperBound)
    guard (try? header.fields(&decoder)) != nil, header.magic == StateHeader.magic, header.epoch != 0 else {
      return nil
    }
    return (header, range.count)
  }

  /// Whether this is the beginning of a state file, even if the record is damaged.
  package static func isLikely(_ bytes: Span<UInt8>) -> Bool {
    var header = StateHeader()
    var decoder = Decoder(bytes, from: StateFrame.byteCount)
    return (try? decoder.u64("magic", &header.magic, .hex)) != nil && header.magic == StateHeader.magic
  }

  /// The record.
  package var bytes: [UInt8] {
    var records = StateRecords()
    var copy = self
    records.append(StateFrame.header) { (encoder: inout Encoder) throws(WireError) in try copy.fields(&encoder) }
    return records.bytes
  }
}

/// The address before a request in a record of a state file.
struct StateAddress: FieldGroup {
  var high: UInt64 = 0, low: UInt64 = 0
  var port: UInt16 = 0

  static let byteCount = 18

  init() {}
  init(_ address: Address) { (high, low, port) = (address.high, address.low, address.port) }

  var address: Address { Address(high: high, low: low, port: port) }

  mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("high", &high, .hex)
    try v.u64("low", &low, .hex)
    try v.u16("port", &port, .decimal)
  }
}

/// Records, one after another. All but the first are requests that changed something, each after the address that it
/// came from, so that to read the file is to receive them again.
struct StateRecords: Sendable {
  private(set) var bytes: [UInt8] = []

  /// Hands over all of them.
  mutating func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  /// Adds a request as it came.
  mutating func append(_ request: Span<UInt8>, from address: Address) {
    let start = begin(StateFrame.request, StateAddress.byteCount + request.count)
    bytes.withSpan(from: start + StateFrame.byteCount) { room in
      var encoder = Encoder(room._mutatingExtracting(...))
      var from = StateAddress(address)
      try? from.fields(&encoder)
      room.copy(request, to: StateAddress.byteCount)
    }
    end(start)
  }

  /// Adds a request that a peer might have sent.
  mutating func append(_ packet: some Packet, from address: Address) {
    guard let request = try? packet.encoded(connection: 0) else { return }
    append(request.span, from: address)
  }

  /// Adds a record whose fields `write` writes.
  mutating func append(_ kind: UInt16, _ write: (inout Encoder) throws(WireError) -> Void) {
    let start = begin(kind, 256)
    var length = 0
    bytes.withSpan(from: start + StateFrame.byteCount) { room in
      var encoder = Encoder(room._mutatingExtracting(...))
      try? write(&encoder)
      length = encoder.offset
    }
    bytes.removeLast(256 - length)
    bytes.withSpan(from: start) { room in
      var encoder = Encoder(room._mutatingExtracting(...))
      var frame = StateFrame(length: UInt16(StateFrame.byteCount + length), kind: kind)
      try? frame.fields(&encoder)
    }
    end(start)
  }

  private mutating func begin(_ kind: UInt16, _ length: Int) -> Int {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: StateFrame.byteCount + length))
    bytes.withSpan(from: start) { room in
      var encoder = Encoder(room._mutatingExtracting(...))
      var frame = StateFrame(length: UInt16(StateFrame.byteCount + length), kind: kind)
      try? frame.fields(&encoder)
    }
    return start
  }

  private mutating func end(_ start: Int) { bytes.withSpan(from: start) { Datagram.seal(&$0) } }

  /// The record at an offset, if it is complete and intact.
  static func first(_ bytes: Span<UInt8>, at offset: Int) -> (kind: UInt16, range: Range<Int>)? {
    guard bytes.count - offset >= StateFrame.byteCount else { return nil }
    var frame = StateFrame()
    var decoder = Decoder(bytes, from: offset)
    guard (try? frame.fields(&decoder)) != nil, Int(frame.length) >= 2 * StateFrame.byteCount,
      bytes.count - offset >= Int(frame.length)
    else { return nil }
    let range = offset..<offset + Int(frame.length)
    return Datagram.open(bytes.extracting(range)) == nil ? nil : (frame.kind, range)
  }
}

extension [UInt8] {
  fileprivate mutating func withSpan(from start: Int, _ body: (inout MutableSpan<UInt8>) -> Void) {
    let end = count
    var span = mutableSpan
    var part = span._mutatingExtracting(start..<end)
    body(&part)
  }
}
