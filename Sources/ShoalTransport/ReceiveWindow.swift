import ShoalWire

/// What becomes of a numbered packet that has arrived.
enum Arrival {
  /// It is new and its messages are handed on.
  case new
  /// It was here before.
  case duplicate
  /// It is new, but not kept: go-back-N expects another.
  case discarded
  /// It lies beyond the window.
  case outside
}

/// The numbered packets that have arrived: what both repeat modes share. No packet waits here, only its bit.
struct ReceiveWindow: ~Copyable {
  /// The lowest number that has not arrived.
  private(set) var next: UInt64
  /// One more than the highest that has arrived; under go-back-N, since the last that was kept.
  private(set) var top: UInt64
  /// How many numbers from `next` on may arrive.
  let limit: UInt64
  private var arrived = BitRing()

  init(first: UInt64, limit: UInt64) {
    next = first
    top = first
    self.limit = limit
  }

  /// Whether there are numbers missing below the highest.
  var hasGap: Bool { top > next }

  func contains(_ number: UInt64) -> Bool { number < next || (number < top && arrived.contains(number)) }

  /// Keeps a number that is in the window and not here yet.
  mutating func insert(_ number: UInt64) {
    if number >= top {
      arrived.makeRoom(from: next, to: top, through: number)
      for skipped in top..<number { arrived.remove(skipped) }
      top = number + 1
    }
    arrived.insert(number)
    if number == next { next = arrived.next(false, from: next, to: top) }
  }

  /// Keeps the one number that is expected, and forgets what was seen beyond it.
  mutating func insertNext() {
    next += 1
    top = next
  }

  /// Notes that a number has arrived and is not kept.
  mutating func saw(_ number: UInt64) { top = max(top, number + 1) }

  /// Writes which numbers from `first` on have arrived, as many as fit in `bytes`, in the shorter encoding.
  ///
  /// Returns how many numbers are described and how many bytes that took; the last number described is arrived
  /// or lies just below `top`.
  func slice(
    from first: UInt64, into bytes: UnsafeMutableRawBufferPointer
  ) -> (count: UInt64, encoding: SliceEncoding, length: Int) {
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
    for i in 0..<bitmapLength {
      var byte: UInt8 = 0
      let start = first + UInt64(i) * 8
      for bit in 0..<min(8, bitmapEnd - start) where arrived.contains(start + bit) { byte |= 1 << UInt8(bit) }
      bytes[i] = byte
    }
    return (bitmapEnd - first, .bitmap, bitmapLength)
  }
}
