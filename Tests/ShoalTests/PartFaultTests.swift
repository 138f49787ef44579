import Glibc
import ShoalContent
import ShoalStore
import ShoalSwarm
import Synchronization
import TestSupport
import Testing

@testable import Shoal

/// File systems that lack or refuse what a download asks of them.
@Suite struct PartFaultTests {
  /// The result of preparing a download's place where this system call fails; nil if there can be no filter.
  private static func prepare(_ target: String, without number: UInt32, _ code: Int32) throws -> String? {
    let bytes = [UInt8](repeating: 7, count: 50_000)
    let manifest = Manifest(cut: Cut(size: 50_000), values: [Blake3.hash(bytes.span)], lastPiece: bytes.span)
    let outcome = Mutex<String?>(nil)
    let thread = onThread {
      guard SystemCallFilter.forbid([number], with: code) else { return }
      let result = prepare(target, manifest)
      outcome.withLock { outcome in outcome = result }
    }
    pthread_join(thread, nil)
    return outcome.withLock { $0 }
  }

  /// Prepares a place, on this thread.
  private static func prepare(_ target: String, _ manifest: Manifest) -> String {
    var store = Store()
    var file: File?
    store.prepare(0, manifest, target: target, replacing: false)
    while let (id, job) = store.nextJob() {
      let outcome = StoreWork.perform(job, on: file) { _ in }
      file = outcome.opened ?? file
      store.complete(id, outcome.result)
    }
    switch store.nextEvent() {
    case .prepared: return "done"
    case .failed(_, let failure):
      let error = ShoalError(failure, manifest, kept: 0)
      return "\(error.code.rawValue): \(error)"
    default: return "nothing"
    }
  }

  @Test(arguments: [ENOSYS, EOPNOTSUPP, ENOLCK])
  func aFileSystemWithoutLocksWillDo(_ code: Int32) throws {
    let scratch = try Scratch()
    guard let outcome = try Self.prepare(scratch.at("out"), without: SystemCallFilter.flock, code) else { return }
    #expect(outcome == "done")
  }

  @Test func aLockThatFailsLeavesNothing() throws {
    let scratch = try Scratch()
    let target = scratch.at("out")
    guard let outcome = try Self.prepare(target, without: SystemCallFilter.flock, EIO) else { return }
    #expect(outcome == "file: \(target).part: input/output error; the disk may be failing")
    #expect(!TestFile.exists(target + ".part"))
  }

  @Test func whatAnotherProcessHasStays() throws {
    let scratch = try Scratch()
    let target = scratch.at("out")
    guard let outcome = try Self.prepare(target, without: SystemCallFilter.flock, EWOULDBLOCK) else { return }
    #expect(outcome.hasPrefix("file: \(target).part: in use by another process"))
    #expect(TestFile.exists(target + ".part"))
  }

  @Test func aRefusalOfRoomThatThereIsIsNotCalledAFullDisk() throws {
    let scratch = try Scratch()
    let target = scratch.at("out")
    // In memory no space is claimed.
    guard let outcome = try Self.prepare(target, without: SystemCallFilter.fallocate, ENOSPC), outcome != "done" else {
      return
    }
    #expect(outcome.hasPrefix("disk_full: \(target).part: the file system refuses 0.1 MB, though it shows "))
    #expect(outcome.hasSuffix(" MB free; is there a quota? choose another destination"))
    #expect(!TestFile.exists(target + ".part"))
    let quota = try Self.prepare(target, without: SystemCallFilter.fallocate, EDQUOT)
    #expect(quota == "disk_full: \(target).part: disk quota used up, 0.1 MB are needed; free space and try again")
  }

  /// A machine that lost power may leave none of the pieces that were written whole; the part still says which file it
  /// belongs to.
  @Test func aTornPartOfThisFileIsGoneOnFrom() throws {
    let scratch = try Scratch()
    let target = scratch.at("out")
    let bytes = [UInt8](repeating: 7, count: 50_000)
    let manifest = Manifest(cut: Cut(size: 50_000), values: [Blake3.hash(bytes.span)], lastPiece: bytes.span)
    let part = try File.create(target + ".part")
    try part.write(bytes.span.extracting(..<20_000), at: 30_000)
    #expect(
      Self.prepare(target, manifest)
        == "exists: \(target).part belongs to another file; choose another destination, or use force")
    part.setMark(manifest.id)
    // Not every file system has attributes.
    guard part.mark() == manifest.id else { return }
    #expect(Self.prepare(target, manifest) == "done")
    part.setMark(.zero)
    #expect(Self.prepare(target, manifest).hasPrefix("exists: "))
    part.setMark(nil)
    #expect(part.mark() == nil)
  }
}
