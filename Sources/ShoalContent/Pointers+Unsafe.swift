import ShoalBase

// The same by pointers, for hosts that still hold their bytes by them.
extension Blake3 {
  /// `hash`, by a pointer.
  public static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest { unsafe hash(Span(_unsafeBytes: bytes)) }
  /// `keyed`, by a pointer.
  public static func keyed(key: Digest, _ bytes: UnsafeRawBufferPointer) -> Digest {
    unsafe keyed(key: key, Span(_unsafeBytes: bytes))
  }
  /// `chainingValue`, by a pointer.
  public static func chainingValue(of bytes: UnsafeRawBufferPointer, firstLeaf: UInt64) -> Digest {
    unsafe chainingValue(of: Span(_unsafeBytes: bytes), firstLeaf: firstLeaf)
  }
}

extension Blake3.Hasher {
  /// `update`, by a pointer.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { unsafe update(Span(_unsafeBytes: bytes)) }
}

extension Digest {
  /// The digest of these bytes, by a pointer.
  public init(_ bytes: UnsafeRawBufferPointer) { unsafe self.init(Span(_unsafeBytes: bytes)) }
  /// Calls `body` with the 32 bytes.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try unsafe Swift.withUnsafeBytes(of: self, body)
  }
  /// Calls `body` with the 32 bytes, which it may change.
  public mutating func withUnsafeMutableBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try unsafe Swift.withUnsafeMutableBytes(of: &self, body)
  }
}

extension Manifest {
  /// The same, by a pointer.
  public init(cut: Cut, values: [Digest], lastPiece: UnsafeRawBufferPointer) {
    unsafe self.init(cut: cut, values: values, lastPiece: Span(_unsafeBytes: lastPiece))
  }
  /// `verify`, by a pointer.
  public func verify(_ piece: Int, _ content: UnsafeRawBufferPointer) -> Bool {
    unsafe verify(piece, Span(_unsafeBytes: content))
  }
}
