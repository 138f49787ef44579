extension UInt64 {
  /// Its eight bytes, the highest first.
  @inlinable public var bigEndianBytes: InlineArray<8, UInt8> {
    InlineArray { UInt8(truncatingIfNeeded: self >> UInt64(56 - 8 * $0)) }
  }
}
