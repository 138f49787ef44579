import ShoalContent

/// Walks through the messages of a DATA packet.
public struct MessageReader: ~Copyable, ~Escapable {
  let bytes: Span<UInt8>
  var offset: Int
  /// The type byte of the message that was read last, whether or not this version knows it.
  public private(set) var typeByte: UInt8 = 0

  /// The messages that begin at `offset`, up to the datagram's end.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>, from offset: Int) {
    self.bytes = bytes
    self.offset = offset
  }

  /// Whether no message follows in an OPEN: no type is 0, so a zero is padding.
  public var isAtPadding: Bool { offset >= bytes.count || bytes[offset] == 0 }

  /// The next message's type and the place of its fields; nil at the end.
  ///
  /// A type that this version does not know is skipped by its length; the type is then nil.
  @inline(__always)
  public mutating func next() throws(WireError) -> (type: MessageType?, body: ByteRange)? {
    guard offset < bytes.count else { return nil }
    guard bytes.count - offset >= MessageType.overhead else { throw WireError(.truncated, "message", at: offset) }
    var header = MessageHeader()
    var decoder = Decoder(bytes, from: offset)
    try header.fields(&decoder)
    let body = ByteRange(offset: decoder.offset, count: Int(header.length))
    guard body.end <= bytes.count else { throw WireError(.truncated, "length", at: offset + 1) }
    offset = body.end
    typeByte = header.type
    return (MessageType(rawValue: header.type), body)
  }
}

extension MessageType {
  /// The bytes of the longest message other than BLOCK, with type and length: a DATA packet with it fits every path.
  public static let longest = Limits.smallestDatagram - DataPacket.overhead
}

extension Message {
  @inline(__always)
  static func parse(_ bytes: Span<UInt8>, _ body: ByteRange) throws(WireError) -> Self {
    var message = Self()
    var decoder = Decoder(bytes, from: body.offset, to: body.end)
    try message.fields(&decoder)
    return message
  }

  /// The message whose fields lie at `body`, inside the datagram.
  public static func decode(_ bytes: Span<UInt8>, _ body: ByteRange) throws(WireError) -> Self {
    try parse(bytes, body)
  }

  /// The message with its type and length; fails if it is longer than `MessageType.longest`.
  public func encoded() throws(WireError) -> [UInt8] {
    let size = encodedSize
    guard size <= MessageType.longest else { throw WireError(.overflow, "message", at: 0) }
    var buffer = [UInt8](repeating: 0, count: size)
    var span = buffer.mutableSpan
    _ = try write(&span, length: UInt16(size - MessageType.overhead))
    return buffer
  }

  @inline(__always)
  func write(_ bytes: inout MutableSpan<UInt8>, length: UInt16) throws(WireError) -> Int {
    var encoder = Encoder(bytes._mutatingExtracting(...))
    var header = MessageHeader(type: Self.type.rawValue, length: length)
    try header.fields(&encoder)
    var message = self
    try message.fields(&encoder)
    return encoder.offset
  }
}

extension Block {
  /// The block whose fields lie at `body`; the hot path's own, so that it is compiled once and for its type.
  public static func read(_ bytes: Span<UInt8>, _ body: ByteRange) throws(WireError) -> Block { try parse(bytes, body) }

  /// Writes type, length and fields at the front of `bytes`, for `contentLength` bytes of content that follow.
  public func encode(into bytes: inout MutableSpan<UInt8>, contentLength: Int) throws(WireError) -> Int {
    guard let length = UInt16(exactly: Block.overhead - MessageType.overhead + contentLength) else {
      throw WireError(.value, "length", at: 1)
    }
    return try write(&bytes, length: length)
  }
}

extension Block {
  /// The message with this content, for bytes that no host need gather; fails if it is longer than `MessageType.longest`.
  public func encoded(content: some Collection<UInt8>) throws(WireError) -> [UInt8] {
    let size = Block.overhead + content.count
    guard size <= MessageType.longest else { throw WireError(.overflow, "message", at: 0) }
    var buffer = [UInt8](repeating: 0, count: Block.overhead)
    var span = buffer.mutableSpan
    _ = try encode(into: &span, contentLength: content.count)
    return buffer + content
  }

  /// The most content of such a message.
  public static let longestContent = MessageType.longest - overhead
}

extension DataPacket {
  /// As `decode`, compiled for its type: the hot path.
  public static func read(_ bytes: Span<UInt8>) throws(WireError) -> DataPacket { try parse(bytes) }
  /// As `encode`, compiled for its type: the hot path.
  public func put(connection: UInt64, into bytes: inout MutableSpan<UInt8>) throws(WireError) -> Int {
    try write(connection, &bytes)
  }
}

extension AckPacket {
  /// As `decode`, compiled for its type: the hot path.
  public static func read(_ bytes: Span<UInt8>) throws(WireError) -> AckPacket { try parse(bytes) }
  /// As `encode`, compiled for its type: the hot path.
  public func put(connection: UInt64, into bytes: inout MutableSpan<UInt8>) throws(WireError) -> Int {
    try write(connection, &bytes)
  }
}
