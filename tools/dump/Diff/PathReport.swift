/// The fate of the datagrams that went from one capture's machine to the other's.
struct PathReport {
  /// The fate of a datagram that was sent.
  enum Fate: UInt8 {
    case lost, corrupted, delivered, late
  }

  /// A datagram that was sent.
  struct Passage {
    /// Nanoseconds since 1970, by the sender's clock.
    var sent: UInt64
    /// Nanoseconds under way, with the clock offset deducted; meaningless if lost.
    var delay: Int64
    var fate: Fate
    var isReordered = false
  }

  var passages: [Passage] = []
  /// Arrivals beyond the first of the same datagram.
  var duplicated = 0
  /// Corrupt arrivals that fit no datagram that was sent.
  var unmatched = 0

  func count(_ fate: Fate) -> Int { passages.count { $0.fate == fate } }
  var reordered: Int { passages.count { $0.isReordered } }

  /// The longest run of datagrams that were lost or corrupted one after another.
  var longestRun: Int {
    var (longest, run) = (0, 0)
    for passage in passages {
      run = passage.fate == .lost || passage.fate == .corrupted ? run + 1 : 0
      longest = max(longest, run)
    }
    return longest
  }

  /// The delays of what arrived, ascending, in nanoseconds.
  var delays: [Int64] {
    passages.compactMap { $0.fate == .delivered || $0.fate == .late ? $0.delay : nil }.sorted()
  }
}
