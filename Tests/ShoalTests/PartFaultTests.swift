import Glibc
import ShoalContent
import ShoalSwarm
import Synchronization
import Testing

@testable import Shoal

/// File systems that lack or refuse what a download asks of them.
@Suite struct PartFaultTests {
  /// What becomes of a download's place where this system call fails so; nil if no filter can be had.
  private static func prepare(_ target: String, without number: UInt32, _ code: Int32) throws -> String? {
    let bytes = [UInt8](repeating: 7, count: 50_000)
    let manifest = bytes.withUnsafeBytes { bytes in
      Manifest(cut: Cut(size: 50_000), values: [Blake3.hash(bytes)], lastPiece: bytes)
    }
    let outcome = Mutex<String?>(nil)
    let thread = onThread {
      guard SystemCallFilter.forbid([number], with: code) else { return }
      let result = PartFile.prepare(target, manifest, replacing: false) { _ in }
      outcome.withLock { outcome in
        switch result {
        case .success: outcome = "done"
        case .failure(let error): outcome = "\(error.code.rawValue): \(error)"
        }
      }
    }
    pthread_join(thread, nil)
    return outcome.withLock { $0 }
  }

  @Test(arguments: [ENOSYS, EOPNOTSUPP, ENOLCK])
  func aFileSystemWithoutLocksWillDo(_ code: Int32) throws {
    let scratch = Scratch()
    guard let outcome = try Self.prepare(scratch("out"), without: SystemCallFilter.flock, code) else { return }
    #expect(outcome == "done")
  }

  @Test func aLockThatFailsLeavesNothing() throws {
    let scratch = Scratch()
    let target = scratch("out")
    guard let outcome = try Self.prepare(target, without: SystemCallFilter.flock, EIO) else { return }
    #expect(outcome == "file: \(target).part: input/output error; the disk may be failing")
    #expect(access(target + ".part", F_OK) != 0)
  }

  @Test func whatAnotherProcessHasStays() throws {
    let scratch = Scratch()
    let target = scratch("out")
    guard let outcome = try Self.prepare(target, without: SystemCallFilter.flock, EWOULDBLOCK) else { return }
    #expect(outcome.hasPrefix("file: \(target).part: in use by another process"))
    #expect(access(target + ".part", F_OK) == 0)
  }

  @Test func aRefusalOfRoomThatThereIsIsNotCalledAFullDisk() throws {
    let scratch = Scratch()
    let target = scratch("out")
    // In memory no space is claimed.
    guard let outcome = try Self.prepare(target, without: SystemCallFilter.fallocate, ENOSPC), outcome != "done" else {
      return
    }
    #expect(outcome.hasPrefix("disk_full: \(target).part: the file system refuses 0.1 MB, though it shows "))
    #expect(outcome.hasSuffix(" MB free; is there a quota? write elsewhere with --output PATH"))
    #expect(access(target + ".part", F_OK) != 0)
    let quota = try Self.prepare(target, without: SystemCallFilter.fallocate, EDQUOT)
    #expect(quota == "disk_full: \(target).part: disk quota used up, 0.1 MB are needed; free space and repeat")
  }
}
