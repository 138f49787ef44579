/// Walks the options of a pcapng block (§3.5).
struct OptionReader {
  /// One option; `value` is without padding.
  struct Option {
    var code: UInt16
    var value: Bytes
  }

  /// An option does not fit.
  struct Overrun: Error {
    var code: UInt16
  }

  private var rest: Bytes
  private let order: ByteOrder

  init(_ bytes: Bytes, _ order: ByteOrder) {
    rest = bytes
    self.order = order
  }

  /// The next option; nil at the end marker or, as many writers leave it out, at the end of the block.
  mutating func next() throws(Overrun) -> Option? {
    guard rest.count >= 4 else { return nil }
    let code = rest.uint16(at: 0, order)
    guard code != Pcapng.endOfOptions else { return nil }
    let length = Int(rest.uint16(at: 2, order))
    guard padded(length) <= rest.count - 4 else { throw Overrun(code: code) }
    let option = Option(code: code, value: rest.slice(4..<4 + length))
    rest = rest.slice(4 + padded(length)..<rest.count)
    return option
  }
}
