import ShoalContent

// What a tracker calls for every request. A generic function is not specialised for callers in other modules; these are
// compiled here, for their packets.

extension RegisterPacket {
  /// The REGISTER in a datagram whose header names its type. If it has more than `most` runs, it is read up to some of
  /// them, which `lot` decides.
  public static func read(_ bytes: Span<UInt8>, runs most: Int = .max, lot: UInt64 = 0) throws(WireError)
    -> RegisterPacket
  {
    var packet = RegisterPacket()
    var decoder = Decoder(bytes, from: Limits.headerLength)
    decoder.runLimit = (most, lot)
    try packet.fields(&decoder)
    return packet
  }
}

extension UpdatePacket {
  /// The UPDATE in a datagram whose header names its type. If it has more than `most` runs, it is read up to some of
  /// them, which `lot` decides.
  public static func read(_ bytes: Span<UInt8>, runs most: Int = .max, lot: UInt64 = 0) throws(WireError)
    -> UpdatePacket
  {
    var packet = UpdatePacket()
    var decoder = Decoder(bytes, from: Limits.headerLength)
    decoder.runLimit = (most, lot)
    try packet.fields(&decoder)
    return packet
  }
}

extension LookupPacket {
  /// The LOOKUP in a datagram whose header names its type.
  public static func read(_ bytes: Span<UInt8>) throws(WireError) -> LookupPacket { try parse(bytes) }
}

extension ConnectedPacket {
  /// Writes header and fields to the front of `bytes`, and returns their length.
  public func put(_ transaction: UInt64, into bytes: inout MutableSpan<UInt8>) throws(WireError) -> Int {
    try write(transaction, &bytes)
  }
}

extension RegisteredPacket {
  /// The bytes of one without peers.
  public static let leastSize = RegisteredPacket().encodedSize
  /// Writes header and fields to the front of `bytes`, and returns their length.
  public func put(_ transaction: UInt64, into bytes: inout MutableSpan<UInt8>) throws(WireError) -> Int {
    try write(transaction, &bytes)
  }
}

extension UpdatedPacket {
  /// The bytes of one without peers.
  public static let leastSize = UpdatedPacket().encodedSize
  /// Writes header and fields to the front of `bytes`, and returns their length.
  public func put(_ transaction: UInt64, into bytes: inout MutableSpan<UInt8>) throws(WireError) -> Int {
    try write(transaction, &bytes)
  }
}

extension PeersPacket {
  /// Writes header and fields to the front of `bytes`, and returns their length.
  public func put(_ transaction: UInt64, into bytes: inout MutableSpan<UInt8>) throws(WireError) -> Int {
    try write(transaction, &bytes)
  }
}

extension ErrorPacket {
  /// Writes header and fields to the front of `bytes`, and returns their length.
  public func put(_ transaction: UInt64, into bytes: inout MutableSpan<UInt8>) throws(WireError) -> Int {
    try write(transaction, &bytes)
  }
}
