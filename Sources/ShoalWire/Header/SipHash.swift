/// SipHash-2-4 (Aumasson and Bernstein, 2012): a short hash under a secret key, which nobody can compute, or find a
/// collision of, who does not have the key.
struct SipHash {
  private var v0: UInt64, v1: UInt64, v2: UInt64, v3: UInt64

  /// A hash of nothing yet.
  init(key: (UInt64, UInt64)) {
    v0 = key.0 ^ 0x736f_6d65_7073_6575
    v1 = key.1 ^ 0x646f_7261_6e64_6f6d
    v2 = key.0 ^ 0x6c79_6765_6e65_7261
    v3 = key.1 ^ 0x7465_6462_7974_6573
  }

  /// Adds eight bytes, the first of which is the lowest.
  @inline(__always) mutating func add(_ word: UInt64) {
    v3 ^= word
    mix()
    mix()
    v0 ^= word
  }

  /// The hash. `last` has the bytes that are left, and in its highest byte the number of all, modulo 256.
  mutating func finish(_ last: UInt64) -> UInt64 {
    add(last)
    v2 ^= 0xff
    for _ in 0..<4 { mix() }
    return v0 ^ v1 ^ v2 ^ v3
  }

  @inline(__always) private mutating func mix() {
    v0 &+= v1
    v2 &+= v3
    v1 = (v1 << 13 | v1 >> 51) ^ v0
    v3 = (v3 << 16 | v3 >> 48) ^ v2
    v0 = v0 << 32 | v0 >> 32
    v2 &+= v1
    v0 &+= v3
    v1 = (v1 << 17 | v1 >> 47) ^ v2
    v3 = (v3 << 21 | v3 >> 43) ^ v0
    v2 = v2 << 32 | v2 >> 32
  }
}
