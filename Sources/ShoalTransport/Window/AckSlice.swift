import ShoalBase
import ShoalContent
import ShoalWire

// The slice of an ACK: what has arrived of a part of the window, as run lengths or as a bitmap.

extension ReceiveWindow {
  /// How many numbers are described, how, and how many bytes that took.
  typealias Slice = (count: UInt64, encoding: SliceEncoding, length: Int)

  /// Writes which numbers from `first` on have arrived, as many as fit in `bytes`, in the shorter encoding.
  ///
  /// Continuing each time from `first` plus the count describes everything up to `top` in the end.
  func slice(from first: UInt64, into bytes: inout MutableSpan<UInt8>) -> Slice {
    let bitmapEnd = min(top, first + UInt64(bytes.count) * 8)
    let bitmapLength = Int((bitmapEnd - first + 7) / 8)
    var number = first
    var length = 0
    var received = false
    while number < top {
      let end = arrived.next(!received, from: number, to: top)
      // Runs that grow longer than the bitmap of the same numbers are given up.
      guard length < bitmapLength || number >= bitmapEnd, Varint.write(end - number, &bytes, &length) else { break }
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
  /// Notes what the slice of an ACK says has arrived. Returns when the ACK left by its sender's clock, if it says so.
  @discardableResult
  mutating func acknowledge(
    _ ack: AckPacket, _ bytes: Span<UInt8>, _ result: inout AckResult
  ) throws(WireError) -> UInt32? {
    let first = Numbering.expand(ack.first, near: base)
    guard first + UInt64(ack.count) <= next else { throw WireError.beyondWindow }
    var slice = SliceReader(ack, bytes)
    while let run = slice.next(), !slice.isMalformed {
      let start = first + UInt64(run.offset)
      if run.isReceived { acknowledge(start..<start + UInt64(run.count), &result) }
    }
    guard let rest = slice.rest else { throw WireError.beyondWindow }
    return rest.left
  }
}

extension WireError {
  /// The error of an ACK of what was never sent.
  static var beyondWindow: WireError { WireError(value: "ack", at: Limits.headerLength) }
}
