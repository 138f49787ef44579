import ShoalBase

/// Writes numbers one after another into memory that was reserved for them.
struct ByteWriter: ~Copyable, ~Escapable {
  private var memory: MutableSpan<UInt8>
  private(set) var offset = 0

  @_lifetime(copy memory)
  init(_ memory: consuming MutableSpan<UInt8>) { self.memory = memory }

  /// What has been written so far.
  var written: Span<UInt8> {
    @_lifetime(borrow self) get { memory.span.extracting(..<offset) }
  }

  mutating func byte(_ value: UInt8) { store(value) }
  mutating func little(_ value: UInt16) { store(value.byteSwapped) }
  mutating func little(_ value: UInt32) { store(value.byteSwapped) }
  mutating func little(_ value: UInt64) { store(value.byteSwapped) }
  mutating func big(_ value: UInt16) { store(value) }
  mutating func big(_ value: UInt32) { store(value) }
  mutating func big(_ value: UInt64) { store(value) }

  /// Overwrites two bytes that were already written.
  mutating func patch(big value: UInt16, at position: Int) {
    precondition(position >= 0 && position <= offset - 2)
    memory.store(bigEndian: value, at: position)
  }

  mutating func bytes(_ bytes: Span<UInt8>) {
    memory.copy(bytes, to: offset)
    offset += bytes.count
  }

  /// Writes zeros up to a multiple of 4 (§3.6.1: blocks and what they hold are aligned to 32 bits).
  mutating func pad() {
    while offset & 3 != 0 { byte(0) }
  }

  @inline(__always)
  private mutating func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    memory.store(bigEndian: value, at: offset)
    offset += MemoryLayout<T>.size
  }
}

/// The text of an option, as much of it as fits.
struct OptionText {
  private let utf8: [UInt8]

  init(_ text: String?) {
    let utf8 = Array((text ?? "").utf8)
    var end = min(utf8.count, Int(UInt16.max))
    // A cut must not split a character: bytes 10xxxxxx continue one.
    while end < utf8.count && end > 0 && utf8[end] & 0xc0 == 0x80 { end -= 1 }
    self.utf8 = Array(utf8[..<end])
  }

  /// The bytes that the option takes; 0 without text, because then no option is written.
  var size: Int { utf8.isEmpty ? 0 : 4 + padded(utf8.count) }

  fileprivate func write(code: UInt16, to out: inout ByteWriter) {
    guard !utf8.isEmpty else { return }
    out.little(code)
    out.little(UInt16(utf8.count))
    out.bytes(utf8.span)
    out.pad()
  }
}

extension ByteWriter {
  /// Writes a text option (§3.5), if there is text.
  mutating func text(_ text: OptionText, code: UInt16) { text.write(code: code, to: &self) }
}
