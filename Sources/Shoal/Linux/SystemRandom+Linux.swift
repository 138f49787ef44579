import CShoal
import Glibc

// Safety: the kernel is told how much of the array is left, and the array counts as filled only when all of it is.

/// Random numbers from the kernel, for keys and ids that must not be guessable.
package enum SystemRandom {
  /// `count` random bytes; 32 make a key.
  package static func bytes(_ count: Int = 32) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      unsafe fill(UnsafeMutableRawBufferPointer(buffer))
      filled = count
    }
  }

  /// Fills `buffer`. Stops the process when the kernel has no randomness to give: a guessable key would be worse.
  private static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    var done = 0
    while done < buffer.count {
      let count = unsafe getrandom(buffer.baseAddress! + done, buffer.count - done, 0)
      if count > 0 { done += count } else { precondition(count < 0 && errno == EINTR, "getrandom failed") }
    }
  }
}
