import Glibc

// Safety: the kernel copies the program during the call. `prctl` takes numbers of this size, whatever C declares.

/// A kernel that refuses: a filter on one thread, which it keeps until it ends.
enum SystemCallFilter {
  #if arch(x86_64)
    static let (fallocate, flock, sendmsg): (UInt32, UInt32, UInt32) = (285, 73, 46)
  #else
    static let (fallocate, flock, sendmsg): (UInt32, UInt32, UInt32) = (47, 32, 211)
  #endif

  /// From now on these system calls fail on this thread, as if its kernel did not know them; false if no filter can be
  /// had.
  static func forbid(_ numbers: [UInt32], with code: Int32 = ENOSYS) -> Bool {
    typealias Call = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    guard let symbol = unsafe dlsym(nil, "prctl") else { return false }
    let prctl = unsafe unsafeBitCast(symbol, to: Call.self)
    // Loads the call's number and compares; BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K.
    var program: [(code: UInt16, yes: UInt8, no: UInt8, k: UInt32)] = [(0x20, 0, 0, 0)]
    for number in numbers {
      program.append((0x15, 0, 1, number))
      program.append((0x06, 0, 0, 0x0005_0000 | UInt32(code)))
    }
    program.append((0x06, 0, 0, 0x7fff_0000))
    return unsafe program.withUnsafeBytes { bytes in
      var header: (length: UInt, filter: UnsafeRawPointer?) = (UInt(program.count), bytes.baseAddress)
      return unsafe withUnsafePointer(to: &header) {
        // PR_SET_NO_NEW_PRIVS, then PR_SET_SECCOMP with SECCOMP_MODE_FILTER.
        prctl(38, 1, 0, 0, 0) == 0 && prctl(22, 2, UInt(bitPattern: $0), 0, 0) == 0
      }
    }
  }
}
