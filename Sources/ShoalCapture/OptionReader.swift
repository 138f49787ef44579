/// Walks the options of a pcapng block (§3.5) in a buffer.
struct OptionReader {
  /// One option; `value` is where its content lies, without the padding.
  struct Option {
    var code: UInt16
    var value: Range<Int>
  }

  /// An option is longer than the rest of its block.
  struct Overrun: Error {
    var code: UInt16
  }

  private var rest: Range<Int>
  private let order: ByteOrder

  /// The options at `range`.
  init(_ range: Range<Int>, _ order: ByteOrder) { (rest, self.order) = (range, order) }

  /// The next option; nil at the end marker or, since many writers leave that out, at the end of the block.
  mutating func next(in buffer: borrowing ByteBuffer) throws(Overrun) -> Option? {
    guard rest.count >= 4 else { return nil }
    let code = buffer.uint16(at: rest.lowerBound, order)
    guard code != Pcapng.endOfOptions else { return nil }
    let length = Int(buffer.uint16(at: rest.lowerBound + 2, order))
    guard padded(length) <= rest.count - 4 else { throw Overrun(code: code) }
    let start = rest.lowerBound + 4
    rest = start + padded(length)..<rest.upperBound
    return Option(code: code, value: start..<start + length)
  }
}
