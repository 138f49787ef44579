import CShoal
import Glibc

/// Random numbers of the kernel, for keys, ids that must not be guessed, and seeds.
package struct SystemRandom: RandomNumberGenerator, Sendable {
  package init() {}

  package mutating func next() -> UInt64 {
    var word: UInt64 = 0
    withUnsafeMutableBytes(of: &word) { Self.fill($0) }
    return word
  }

  /// `count` random bytes; 32 make a key.
  package static func bytes(_ count: Int = 32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      fill(UnsafeMutableRawBufferPointer(buffer))
      filled = count
    }
  }

  /// Fills `buffer`. Stops the process when the kernel has no randomness to give: a guessable key would be worse.
  package static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    var done = 0
    while done < buffer.count {
      let count = getrandom(buffer.baseAddress! + done, buffer.count - done, 0)
      if count > 0 { done += count } else { precondition(count < 0 && errno == EINTR, "getrandom failed") }
    }
  }
}
