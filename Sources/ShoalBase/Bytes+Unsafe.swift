// Safety: every access is within a span, and checked against its bounds. Swift 6.3 calls loads and stores unsafe because
// not every type takes any bit pattern; integers do. A static text lives as long as the program.

// Integers in bytes, big-endian as on the wire.
extension Span<UInt8> {
  /// The integer whose bytes begin at `offset`, which must lie inside.
  @inlinable @inline(__always)
  public func bigEndian<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as: Number.Type) -> Number {
    unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self).bigEndian
  }
}

extension MutableSpan<UInt8> {
  /// Writes the integer's bytes from `offset` on, where they must fit.
  @inlinable @inline(__always)
  public mutating func store<Number: FixedWidthInteger & BitwiseCopyable>(bigEndian number: Number, at offset: Int) {
    var bytes = unsafe mutableBytes
    bytes.storeBytes(of: number.bigEndian, toByteOffset: offset, as: Number.self)
  }

  /// Writes `source` from `offset` on, where it must fit.
  @inlinable public mutating func copy(_ source: Span<UInt8>, to offset: Int) {
    var target = _mutatingExtracting(offset..<offset + source.count)
    guard !source.isEmpty else { return }
    // The target has as many bytes, and a mutable span shares none with another.
    unsafe source.withUnsafeBufferPointer { source in
      unsafe target.withUnsafeMutableBufferPointer { target in
        unsafe target.baseAddress?.update(from: source.baseAddress!, count: source.count)
      }
    }
  }
}

// In one step rather than byte by byte.
extension [UInt8] {
  /// A copy of these bytes.
  @inlinable public init(_ bytes: Span<UInt8>) { self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) } }

  /// Adds these bytes at the end.
  @inlinable public mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }

  /// Adds the UTF-8 of a text at the end.
  @inlinable public mutating func append(_ text: StaticString) {
    // The text lives as long as the program, and has so many bytes; a single character would have no address.
    guard text.hasPointerRepresentation else { return append(contentsOf: text.description.utf8) }
    unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
