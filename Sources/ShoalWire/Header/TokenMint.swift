import ShoalBase
import ShoalContent

/// Makes and checks the tokens that prove an address, without keeping any: a tracker's cookies and a peer's RETRY.
///
/// A token is the SipHash-2-4 of the address, a number that says what the token is for, and the number of the period. The
/// token of the period before is accepted too, so each is valid for at least one period and less than two.
public struct TokenMint: Sendable {
  private let key: Digest
  private let period: Nanoseconds

  /// Tokens under a key that only its owner knows.
  public init(key: Digest, period: Nanoseconds) {
    self.key = key
    self.period = period
  }

  /// The token of an address, for one purpose; never 0.
  public func token(of address: Address, for purpose: UInt64 = 0, at now: Instant) -> UInt64 {
    token(address, purpose, now.nanoseconds / period)
  }

  /// Whether this token was given to this address, for this purpose, in this period or the one before.
  public func isValid(_ token: UInt64, of address: Address, for purpose: UInt64 = 0, at now: Instant) -> Bool {
    let number = now.nanoseconds / period
    // Which of the two it is, is no secret.
    return self.token(address, purpose, number) ^ token == 0 || self.token(address, purpose, number &- 1) ^ token == 0
  }

  private func token(_ address: Address, _ purpose: UInt64, _ period: Int64) -> UInt64 {
    var hash = SipHash(key: (key[word: 0], key[word: 1]))
    hash.add(address.high)
    hash.add(address.low)
    hash.add(UInt64(address.port) << 32 | UInt64(address.scope))
    hash.add(purpose)
    hash.add(UInt64(bitPattern: period))
    return max(hash.finish(40 << 56), 1)
  }
}
