import ShoalBase

/// How many requests each host may send: a token bucket for every host, in constant memory. Buckets are kept in two rows
/// and found by hash; a host is refused only if both of its buckets are empty, so what it shares with a few greedy hosts
/// does not matter.
struct HostBudgets: ~Copyable, Sendable {
  /// When each bucket will be full again, in nanoseconds; both rows, one after the other.
  private var fullAt = Slab<Int64>(segmentBits: Int(bits) + 1)
  /// How long a bucket takes to gain a token, and to fill.
  private let pause: Nanoseconds, whole: Nanoseconds
  private static let bits: UInt32 = 13

  /// Buckets of `atOnce` tokens that gain `perSecond`.
  init(perSecond: Int, atOnce: Int) {
    pause = .second / Nanoseconds(max(1, perSecond))
    whole = pause * Nanoseconds(max(1, atOnce))
  }

  /// The bytes of all buckets.
  var byteCount: Int { fullAt.byteCount }

  private func first(_ hash: UInt32) -> Int { Int(hash & (1 << HostBudgets.bits - 1)) }
  private func second(_ hash: UInt32) -> Int { Int(hash >> (32 - HostBudgets.bits)) + 1 << HostBudgets.bits }

  /// Begins to bring a host's buckets into the processor's cache.
  func prefetch(_ hash: UInt32) {
    fullAt.prefetch(first(hash))
    fullAt.prefetch(second(hash))
  }

  /// Takes a token of the host with this hash; false if it has none.
  mutating func take(_ hash: UInt32, at now: Instant) -> Bool {
    if fullAt.count == 0 { fullAt.append(.min, times: 2 << Int(HostBudgets.bits)) }
    let (first, second) = (first(hash), second(hash))
    let full = max(min(fullAt[first], fullAt[second]), now.nanoseconds) + pause
    guard full - now.nanoseconds <= whole else { return false }
    fullAt[first] = max(fullAt[first], full)
    fullAt[second] = max(fullAt[second], full)
    return true
  }
}
