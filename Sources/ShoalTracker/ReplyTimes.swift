import ShoalBase

/// How long requests waited for their replies, in classes of duration.
package struct ReplyTimes: Sendable, Equatable {
  /// How many replies took less than each of `bounds`, but not less than the one before; the last is for all others.
  package private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
  /// The sum of all durations, and the longest.
  package private(set) var sum: Nanoseconds = 0, longest: Nanoseconds = 0

  /// The upper ends of the classes: from 16 µs to 0.5 s, each twice the one before.
  package static let bounds: [Nanoseconds] = (0...15).map { 16 * .microsecond << $0 }

  /// No replies.
  package init() {}

  /// How many replies there were.
  package var count: Int { counts.reduce(0, +) }

  /// Notes a reply that took this long.
  mutating func add(_ duration: Nanoseconds) {
    let duration = max(0, duration)
    let halved = UInt64(duration / (16 * .microsecond))
    counts[min(UInt64.bitWidth - halved.leadingZeroBitCount, counts.count - 1)] += 1
    sum &+= duration
    longest = max(longest, duration)
  }

  /// Adds those of another tracker.
  mutating func add(_ other: ReplyTimes) {
    for index in counts.indices { counts[index] += other.counts[index] }
    sum &+= other.sum
    longest = max(longest, other.longest)
  }

  /// The upper end of the class that has the reply of this rank, from 0 to 1; nil if there were none.
  package func quantile(_ rank: Double) -> Nanoseconds? {
    var left = Int((Double(count) * rank).rounded(.up))
    guard left > 0 else { return nil }
    for (index, count) in counts.enumerated() {
      left -= count
      if left <= 0 { return index < ReplyTimes.bounds.count ? min(ReplyTimes.bounds[index], longest) : longest }
    }
    return longest
  }
}
