import ShoalBase

/// Random numbers that cannot be guessed from those already seen: BLAKE3 keyed with a secret, over a counter.
///
/// Connection ids, tokens and transaction ids are seen by others; `SeededGenerator`, whose state follows from a few
/// of its numbers, must not make them. The same key gives the same numbers, so a simulation replays.
public struct SecretGenerator: RandomNumberGenerator, Sendable {
  private let key: Digest
  private var counter: UInt64 = 0

  /// A generator with a secret that the host drew from the system.
  public init(key: Digest) { self.key = key }

  /// A generator for simulations, whose key follows from a seed.
  public init(seed: UInt64) {
    let bytes = seed.bigEndianBytes
    key = Blake3.hash(bytes.span)
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    counter += 1
    let bytes = counter.bigEndianBytes
    return Blake3.keyed(key: key, bytes.span)[word: 0]
  }

  /// A key of its own for a part of the system.
  public mutating func key(for purpose: StaticString) -> Digest {
    var bytes = Array(purpose.description.utf8)
    counter += 1
    let number = counter.bigEndianBytes
    bytes.append(number.span)
    return Blake3.keyed(key: key, bytes.span)
  }
}
