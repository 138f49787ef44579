import ShoalBase

/// The byte order of a number.
enum ByteOrder {
  case little
  case big
}

// Each read must lie inside the span: the caller has checked.
extension Span<UInt8> {
  @inline(__always) func uint16(at offset: Int, _ order: ByteOrder = .big) -> UInt16 {
    let number = bigEndian(at: offset, as: UInt16.self)
    return order == .big ? number : number.byteSwapped
  }

  @inline(__always) func uint32(at offset: Int, _ order: ByteOrder = .big) -> UInt32 {
    let number = bigEndian(at: offset, as: UInt32.self)
    return order == .big ? number : number.byteSwapped
  }

  @inline(__always) func uint64(at offset: Int, _ order: ByteOrder = .big) -> UInt64 {
    let number = bigEndian(at: offset, as: UInt64.self)
    return order == .big ? number : number.byteSwapped
  }

  @inline(__always) func uint8(at offset: Int) -> UInt8 { self[offset] }
}
