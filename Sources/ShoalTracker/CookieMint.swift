import ShoalWire

/// Makes and checks the cookies that prove a peer's address, without keeping any.
///
/// A cookie is the first 64 bits of a keyed BLAKE3 hash over the address and the number of the epoch. That of the
/// epoch before is accepted too, so each is good for at least one epoch.
struct CookieMint: Sendable {
  /// The length of an epoch.
  static let epoch: Nanoseconds = 120 * .second
  private let key: Digest

  /// Cookies under a key that only this tracker knows.
  init(key: Digest) { self.key = key }

  /// The cookie of an address.
  func cookie(of address: Address, at now: Instant) -> UInt64 { cookie(address, now.nanoseconds / Self.epoch) }

  /// Whether the tracker gave this cookie to this address, this epoch or the one before.
  func isValid(_ cookie: UInt64, of address: Address, at now: Instant) -> Bool {
    let epoch = now.nanoseconds / Self.epoch
    let current = self.cookie(address, epoch) ^ cookie
    let previous = self.cookie(address, epoch &- 1) ^ cookie
    return current == 0 || previous == 0
  }

  private func cookie(_ address: Address, _ epoch: Int64) -> UInt64 {
    let words = (address.high, address.low, UInt64(address.port) << 32 | UInt64(address.scope), epoch)
    let hash = withUnsafeBytes(of: words) { Blake3.keyed(key: key, $0) }
    return hash.withUnsafeBytes { $0.load(as: UInt64.self) }
  }
}
