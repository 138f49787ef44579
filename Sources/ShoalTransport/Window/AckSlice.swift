import ShoalBase
import ShoalContent
import ShoalWire

// The slice of an ACK: what of a part of the window has arrived, as run lengths or as a bitmap.

extension ReceiveWindow {
  /// How many numbers are described, how, and how many bytes that took.
  typealias Slice = (count: UInt64, encoding: SliceEncoding, length: Int)

  /// Writes which numbers from `first` on have arrived, as many as fit in `bytes`, in the shorter encoding.
  ///
  /// Together with what follows from `first` plus the count all up to `top` is described in the end.
  func slice(from first: UInt64, into bytes: UnsafeMutableRawBufferPointer) -> Slice {
    let bitmapEnd = min(top, first + UInt64(bytes.count) * 8)
    let bitmapLength = Int((bitmapEnd - first + 7) / 8)
    var number = first
    var length = 0
    var received = false
    var span = bytes.mutableBytes
    while number < top {
      let end = arrived.next(!received, from: number, to: top)
      // Runs that grow longer than the bitmap of the same numbers are given up.
      guard length < bitmapLength || number >= bitmapEnd, Varint.write(end - number, &span, &length) else { break }
      number = end
      received.toggle()
    }
    if number >= bitmapEnd, number == top || number > bitmapEnd { return (number - first, .runs, length) }
    for i in 0..<bitmapLength { bytes[i] = arrived.byte(from: first + UInt64(i) * 8) }
    let used = UInt8((bitmapEnd - first) & 7)
    if used > 0 { bytes[bitmapLength - 1] &= 1 << used - 1 }
    return (bitmapEnd - first, .bitmap, bitmapLength)
  }
}

extension SendWindow {
  /// Takes note of what the slice of an ACK says has arrived.
  mutating func acknowledge(
    _ ack: AckPacket, _ bytes: RawSpan, at now: Instant, _ result: inout AckResult
  ) throws(WireError) {
    var number = Numbering.expand(ack.first, near: base)
    let end = number + UInt64(ack.count)
    guard end <= next else { throw WireError.beyondWindow }
    switch SliceEncoding(rawValue: ack.encoding) {
    case .runs:
      var offset = ack.slice.offset
      var received = false
      while number < end {
        guard let length = Varint.read(bytes, &offset), length <= end - number else { throw WireError.beyondWindow }
        if received { acknowledge(number..<number + length, at: now, &result) }
        number += length
        received.toggle()
      }
    case .bitmap:
      guard ack.slice.count >= (Int(ack.count) + 7) / 8 else { throw WireError.beyondWindow }
      for i in 0..<(Int(ack.count) + 7) / 8 {
        var byte = bytes.unsafeLoad(fromByteOffset: ack.slice.offset + i, as: UInt8.self)
        while byte != 0 {
          let bit = byte.trailingZeroBitCount
          let run = (~(byte >> UInt8(bit))).trailingZeroBitCount
          let first = number + UInt64(i * 8 + bit)
          // The last byte may speak of more numbers than the slice.
          guard first < end else { break }
          acknowledge(first..<min(first + UInt64(run), end), at: now, &result)
          byte &= bit + run >= 8 ? 0 : ~0 << UInt8(bit + run)
        }
      }
    case nil: throw WireError.beyondWindow
    }
  }
}

extension WireError {
  /// An ACK of what was never sent.
  static var beyondWindow: WireError { WireError(value: "ack", at: Limits.headerLength) }
}
