import Glibc

// Safety: the pages stay mapped until the end of the scope, and each span ends where they do.

/// Hands `body` bytes of several lengths, each ending where a page begins that cannot be read: reading one byte too
/// many is a fault.
public func withBytesBeforeAGuardPage(_ body: (Span<UInt8>) -> Void) throws {
  let page = sysconf(Int32(_SC_PAGESIZE))
  let size = 5 * page
  let map = unsafe mmap(nil, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  guard let map = unsafe map, unsafe map != MAP_FAILED else { throw GuardPageFailure() }
  defer { unsafe munmap(map, size + page) }
  guard unsafe mprotect(map + size, page, PROT_NONE) == 0 else { throw GuardPageFailure() }
  for count in [0, 1, 7, 8, 63, 64, 65, 1_024, 1_025, 2_048, 3_072, 5_120, 9_216, 17_408] where count <= size {
    body(unsafe Span(_unsafeStart: map + size - count, byteCount: count))
  }
}

/// The system gave no such memory.
struct GuardPageFailure: Error {
  let code = errno
}
