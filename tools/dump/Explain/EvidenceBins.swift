/// What a capture shows of a flow in equal parts of the time, of at first a millisecond each.
///
/// If there are too many, neighbours are joined: a capture of a day takes no more memory than one of a minute.
struct EvidenceBins {
  /// One part.
  struct Bin {
    /// Bytes of DATA that arrived: at the sender's end, that were newly acknowledged.
    var arrived: Int64 = 0
    /// Bytes of DATA that were sent, at the sender's end.
    var sent: Int64 = 0
    /// Packets that arrived in that sense, and those that were found lost.
    var packets: Int32 = 0
    var lost: Int32 = 0
    /// Packets of the other direction that were found lost.
    var backLost: Int32 = 0
    /// Datagrams from the other end.
    var heard: Int32 = 0
    /// New content that was sent or, at the receiver's end, arrived.
    var fresh: Int64 = 0
    /// The least delay that was seen on the way to the receiver, and on the way back, in microseconds; nil: none.
    var delay: Int32?
    var backDelay: Int32?
    /// Whether the sender asked for few acknowledgements, because the way back is slow.
    var isThinned = false

    fileprivate mutating func add(_ other: Bin) {
      arrived += other.arrived
      sent += other.sent
      packets &+= other.packets
      lost &+= other.lost
      backLost &+= other.backLost
      heard &+= other.heard
      fresh += other.fresh
      delay = least(delay, other.delay)
      backDelay = least(backDelay, other.backDelay)
      isThinned = isThinned || other.isThinned
    }
  }

  private static let most = 1 << 16
  /// The length of a part, in microseconds.
  private(set) var width: Int64 = 1_000
  /// When the first begins, in microseconds on the page's clock; nil while there is none.
  private(set) var start: Int64?
  private(set) var bins: [Bin] = []

  /// The place of the part that contains a time.
  func place(_ time: Int64) -> Int { start.map { Int((time - $0) / width) } ?? 0 }

  /// Changes the part that contains a time, which is not before the first.
  mutating func change(at time: Int64, _ body: (inout Bin) -> Void) {
    if start == nil { start = time }
    while place(time) >= Self.most { join() }
    let place = max(place(time), 0)
    if place >= bins.count { bins += repeatElement(Bin(), count: place + 1 - bins.count) }
    body(&bins[place])
  }

  private mutating func join() {
    bins = stride(from: 0, to: bins.count, by: 2).map { first in
      var bin = bins[first]
      if first + 1 < bins.count { bin.add(bins[first + 1]) }
      return bin
    }
    width *= 2
  }
}

/// The smaller of two numbers that may be missing.
func least(_ a: Int32?, _ b: Int32?) -> Int32? {
  guard let a, let b else { return a ?? b }
  return min(a, b)
}
