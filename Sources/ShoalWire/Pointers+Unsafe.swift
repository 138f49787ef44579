import ShoalBase

// The same by pointers and raw spans, for hosts that still hold their bytes by them.
extension CRC32C {
  /// `checksum`, by a pointer.
  public static func checksum(_ bytes: UnsafeRawBufferPointer, continuing crc: UInt32 = 0) -> UInt32 {
    unsafe checksum(Span(_unsafeBytes: bytes), continuing: crc)
  }
  /// `datagram`, by a pointer.
  public static func datagram(_ bytes: UnsafeRawBufferPointer) -> UInt32 { unsafe datagram(Span(_unsafeBytes: bytes)) }
  /// `copy`, by pointers.
  public static func copy(
    _ bytes: UnsafeRawBufferPointer, to destination: UnsafeMutableRawPointer, continuing crc: UInt32
  ) -> UInt32 {
    var room = unsafe MutableSpan<UInt8>(_unsafeStart: destination, byteCount: bytes.count)
    return unsafe copy(Span(_unsafeBytes: bytes), to: &room, continuing: crc)
  }
}

extension Checksum {
  /// `compute`, by a pointer.
  public static func compute(_ datagram: UnsafeRawBufferPointer) -> UInt32 {
    unsafe compute(Span(_unsafeBytes: datagram))
  }
  /// `found`, by a pointer.
  public static func found(_ datagram: UnsafeRawBufferPointer) -> UInt32 { unsafe found(Span(_unsafeBytes: datagram)) }
  /// `isValid`, by a pointer.
  public static func isValid(_ datagram: UnsafeRawBufferPointer) -> Bool {
    unsafe isValid(Span(_unsafeBytes: datagram))
  }
}

extension Datagram {
  /// `seal`, by a pointer.
  public static func seal(_ datagram: UnsafeMutableRawBufferPointer) {
    var span = unsafe MutableSpan<UInt8>(_unsafeBytes: datagram)
    seal(&span)
  }
  /// `seal`, by a pointer.
  public static func seal(
    _ datagram: UnsafeMutableRawBufferPointer, written: Int,
    gather: (_ rest: UnsafeMutableRawBufferPointer, _ crc: inout UInt32) -> Bool
  ) -> Bool {
    var span = unsafe MutableSpan<UInt8>(_unsafeBytes: datagram)
    return seal(&span, written: written) { rest, crc in
      unsafe rest.withUnsafeMutableBytes { unsafe gather($0, &crc) }
    }
  }
  /// `open`, by a pointer.
  public static func open(_ datagram: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    unsafe Checksum.isValid(datagram) ? datagram : nil
  }
}

extension Header {
  /// `peek`, by a raw span.
  public static func peek(_ bytes: RawSpan) -> Header { peek(Span(_bytes: bytes)) }
  /// `decode`, by a raw span.
  public static func decode(_ bytes: RawSpan) throws(WireError) -> (header: Header, type: PacketType) {
    try decode(Span(_bytes: bytes))
  }
}

extension Packet {
  /// `decode`, by a raw span.
  public static func decode(_ bytes: RawSpan) throws(WireError) -> Self { try decode(Span(_bytes: bytes)) }
  /// `encode`, by a raw span.
  public func encode(connection: UInt64, into bytes: consuming MutableRawSpan) throws(WireError) -> Int {
    var failure: WireError?
    let length = unsafe bytes.withUnsafeMutableBytes { bytes in
      var span = unsafe MutableSpan<UInt8>(_unsafeBytes: bytes)
      do throws(WireError) { return try encode(connection: connection, into: &span) } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return length
  }
}

extension Message {
  /// `decode`, by a raw span.
  public static func decode(_ bytes: RawSpan, _ body: ByteRange) throws(WireError) -> Self {
    try decode(Span(_bytes: bytes), body)
  }
}

extension Block {
  /// `read`, by a raw span.
  public static func read(_ bytes: RawSpan, _ body: ByteRange) throws(WireError) -> Block {
    try read(Span(_bytes: bytes), body)
  }
}

extension DataPacket {
  /// `read`, by a raw span.
  public static func read(_ bytes: RawSpan) throws(WireError) -> DataPacket { try read(Span(_bytes: bytes)) }
}

extension AckPacket {
  /// `read`, by a raw span.
  public static func read(_ bytes: RawSpan) throws(WireError) -> AckPacket { try read(Span(_bytes: bytes)) }
}

extension MessageReader {
  /// The same, by a raw span.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, from offset: Int) { self.init(Span(_bytes: bytes), from: offset) }
}

extension SliceReader {
  /// The same, by a raw span.
  @_lifetime(copy datagram)
  public init(_ ack: AckPacket, _ datagram: RawSpan) { self.init(ack, Span(_bytes: datagram)) }
}

extension DatagramLayout {
  /// The same, by a raw span.
  public init(_ bytes: RawSpan) { self.init(Span(_bytes: bytes)) }
}
