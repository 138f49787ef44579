import ShoalBase

/// How a numbered packet that has arrived is treated.
enum Arrival {
  /// It is new, and its messages are delivered.
  case new
  /// It is a duplicate.
  case duplicate
  /// It is new, but not kept: go-back-N expects a different one.
  case discarded
  /// It lies beyond the window.
  case outside
}

/// The numbered packets that have arrived: what both repeat modes share. No packet waits here, only its bit.
struct ReceiveWindow: ~Copyable {
  /// The lowest number that has not arrived.
  private(set) var next: UInt64
  /// One more than the highest number that has arrived; under go-back-N, that has arrived since the last that was kept.
  private(set) var top: UInt64
  /// How many numbers from `next` on may arrive.
  let limit: UInt64
  var arrived = BitRing()

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
    assert(number - next < limit && !contains(number))
    if number >= top {
      arrived.makeRoom(from: next, to: top, through: number)
      arrived.remove(top..<number)
      top = number + 1
    }
    arrived.insert(number)
    if number == next { next = arrived.next(false, from: next, to: top) }
    assert(next <= top && top - next <= limit)
  }

  /// Keeps the one number that is expected, and forgets what was seen beyond it.
  mutating func insertNext() {
    next += 1
    top = next
  }

  /// Notes that a number has arrived and is not kept.
  mutating func saw(_ number: UInt64) {
    assert(number > next && number - next < limit)
    top = max(top, number + 1)
  }
}
