import ShoalBase
import ShoalLink

/// The instant `milliseconds` after the clock's beginning.
func at(milliseconds: Int64) -> Instant { .zero + milliseconds * .millisecond }

extension Fate {
  /// How the datagram arrives, if it does at all.
  var delivery: Delivery? {
    guard case .delivered(let delivery) = self else { return nil }
    return delivery
  }
}

extension Link {
  /// Offers `count` datagrams of 1,000 bytes of IP, one every `gap`.
  mutating func offer(_ count: Int, every gap: Nanoseconds = .millisecond) -> [Fate] {
    (0..<count).map { admit(ipLength: 1_000, payloadLength: 972, at: .zero + Int64($0) * gap) }
  }
}
