/// Writes numbers one after the other into memory that was reserved for them.
struct ByteWriter {
  private let memory: UnsafeMutableRawBufferPointer
  private(set) var offset = 0

  init(_ memory: UnsafeMutableRawBufferPointer) { self.memory = memory }

  /// What was written from an offset on.
  func written(from start: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(memory).slice(start..<offset)
  }

  mutating func byte(_ value: UInt8) { store(value) }
  mutating func little(_ value: UInt16) { store(value.littleEndian) }
  mutating func little(_ value: UInt32) { store(value.littleEndian) }
  mutating func little(_ value: UInt64) { store(value.littleEndian) }
  mutating func big(_ value: UInt16) { store(value.bigEndian) }
  mutating func big(_ value: UInt32) { store(value.bigEndian) }
  mutating func big(_ value: UInt64) { store(value.bigEndian) }

  /// Writes over two bytes already written.
  mutating func patch(big value: UInt16, at position: Int) {
    precondition(position >= 0 && position <= offset - 2)
    memory.storeBytes(of: value.bigEndian, toByteOffset: position, as: UInt16.self)
  }

  mutating func bytes(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= memory.count - offset)
    if let target = memory.baseAddress, let base = bytes.baseAddress {
      (target + offset).copyMemory(from: base, byteCount: bytes.count)
    }
    offset += bytes.count
  }

  /// Writes zeros up to a multiple of 4 (§3.6.1: blocks and what they hold are aligned to 32 bits).
  mutating func pad() {
    while offset & 3 != 0 { byte(0) }
  }

  @inline(__always)
  private mutating func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    precondition(offset <= memory.count - MemoryLayout<T>.size)
    memory.storeBytes(of: value, toByteOffset: offset, as: T.self)
    offset += MemoryLayout<T>.size
  }
}

/// The text of an option, and how much of it fits.
struct OptionText {
  private var text: String
  private let length: Int

  init(_ text: String?) {
    var text = text ?? ""
    length = text.withUTF8 { utf8 in
      var end = min(utf8.count, Int(UInt16.max))
      // A cut must not split a character: bytes 10xxxxxx continue one.
      while end < utf8.count && end > 0 && utf8[end] & 0xc0 == 0x80 { end -= 1 }
      return end
    }
    self.text = text
  }

  /// Bytes that the option takes; 0 without text, as no option is written then.
  var size: Int { length == 0 ? 0 : 4 + padded(length) }

  fileprivate mutating func write(code: UInt16, to out: inout ByteWriter) {
    let length = length
    guard length > 0 else { return }
    out.little(code)
    out.little(UInt16(length))
    text.withUTF8 { out.bytes(UnsafeRawBufferPointer($0).slice(0..<length)) }
    out.pad()
  }
}

extension ByteWriter {
  /// Writes a text option (§3.5), if there is text.
  mutating func text(_ text: OptionText, code: UInt16) {
    var text = text
    text.write(code: code, to: &self)
  }
}
