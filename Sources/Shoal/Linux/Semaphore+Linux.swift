import Glibc

// Safety: the semaphore has an address of its own, freed when nobody has a reference and so nobody waits.

/// A POSIX semaphore.
@safe final class Semaphore: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() { unsafe sem_init(semaphore, 0, 0) }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  func signal() { unsafe sem_post(semaphore) }
  /// Waits for so many seconds at most; returns whether there was a signal.
  func wait(seconds: Int) -> Bool {
    var end = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &end)
    end.tv_sec += seconds
    while unsafe sem_clockwait(semaphore, CLOCK_MONOTONIC, &end) != 0 {
      if errno == ETIMEDOUT { return false }
    }
    return true
  }
  func wait() { while unsafe sem_wait(semaphore) != 0 {} }
}
