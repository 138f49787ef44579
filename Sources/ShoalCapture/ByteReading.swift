/// The order of the bytes of a number.
enum ByteOrder {
  case little
  case big
}

// `loadUnaligned` checks bounds in debug builds only; a parser of hostile input must never depend on that.
extension UnsafeRawBufferPointer {
  @inline(__always) func uint16(at offset: Int, _ order: ByteOrder = .big) -> UInt16 {
    precondition(offset >= 0 && offset <= count - 2)
    let raw = loadUnaligned(fromByteOffset: offset, as: UInt16.self)
    return order == .big ? UInt16(bigEndian: raw) : UInt16(littleEndian: raw)
  }

  @inline(__always) func uint32(at offset: Int, _ order: ByteOrder = .big) -> UInt32 {
    precondition(offset >= 0 && offset <= count - 4)
    let raw = loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return order == .big ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)
  }

  @inline(__always) func uint64(at offset: Int, _ order: ByteOrder = .big) -> UInt64 {
    precondition(offset >= 0 && offset <= count - 8)
    let raw = loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    return order == .big ? UInt64(bigEndian: raw) : UInt64(littleEndian: raw)
  }

  @inline(__always) func uint8(at offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < count)
    return loadUnaligned(fromByteOffset: offset, as: UInt8.self)
  }

  /// The bytes of `range`, indexed from 0.
  @inline(__always) func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return UnsafeRawBufferPointer(rebasing: self[range])
  }
}
