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
    key = withUnsafeBytes(of: seed.bigEndian) { Blake3.hash($0) }
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    counter += 1
    let digest = withUnsafeBytes(of: counter.bigEndian) { Blake3.keyed(key: key, $0) }
    return (0..<8).reduce(0) { $0 << 8 | UInt64(digest[$1]) }
  }

  /// A key of its own for a part of the system.
  public mutating func key(for purpose: StaticString) -> Digest {
    var bytes = Array(purpose.description.utf8)
    counter += 1
    withUnsafeBytes(of: counter.bigEndian) { bytes += $0 }
    return bytes.withUnsafeBytes { Blake3.keyed(key: key, $0) }
  }
}
