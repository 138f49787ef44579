import Foundation
import Shoal
import ShoalBase
import ShoalCapture
import ShoalContent
import TestSupport
import Testing

/// Each mistake is reported in one line that names what is wrong, and nothing is lost.
@Suite(.inRealTime, .serialized) struct BadInputTests {
  @Test func anExistingFileIsKept() async throws {
    let shared = try await SharedFile(100_000)
    let mine = try shared.scratch.file("out", 5_000, seed: 9)
    let before = try Data(contentsOf: URL(fileURLWithPath: mine))
    let other = try peer()
    let refused = try await other.download(shared.ticket, to: .file(mine))
    await #expect { try await within(60) { try await refused.finish() } } throws: {
      ($0 as? ShoalError)?.code == .exists
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: mine)) == before)
    let forced = try await other.download(shared.ticket, to: .file(mine), force: true)
    try await within(60) { try await forced.finish() }
    #expect(same(shared.path, mine))
    await shared.close(other)
  }

  @Test func missingAndOddFilesAreNamed() async throws {
    let scratch = try Scratch()
    let origin = try peer()
    for path in [scratch.at("absent"), "/dev/null"] {
      await #expect { try await origin.share(path) } throws: {
        ($0 as? ShoalError)?.code == .file && "\($0)".contains(path)
      }
    }
    await origin.close()
  }

  @Test func aPortInUseIsNamed() async throws {
    let first = try peer()
    #expect {
      try peer { $0.listen = "\(first.address)" }
    } throws: {
      ($0 as? ShoalError)?.code == .portInUse && "\($0)".contains("\(first.address.port)")
    }
    let second = try peer {
      $0.listen = "\(first.address)"
      $0.anyPortIfBusy = true
    }
    #expect(second.address != first.address)
    await first.close()
    await second.close()
  }

  @Test func aFullDiskIsSaidBeforeAnythingIsFetched() async throws {
    // /dev/full accepts no bytes, and neither does a directory in place of the part file.
    let shared = try await SharedFile(100_000)
    try shared.scratch.folder("out.part")
    let other = try peer()
    let download = try await other.download(shared.ticket, to: .file(shared.out))
    await #expect(throws: ShoalError.self) { try await within(60) { try await download.finish() } }
    #expect(!shared.scratch.has("out"))
    await shared.close(other)
  }

  @Test func randomBytesChangeNothingButCounters() async throws {
    let shared = try await SharedFile(1_000_000)
    let other = try peer("delay=1ms")
    let download = try await other.download(shared.ticket, to: .file(shared.out))
    try Junk.send(2_000, to: [shared.origin.address, other.address])
    try await within(60) { try await download.finish() }
    try Junk.send(500, to: [shared.origin.address])
    #expect(same(shared.path, shared.out))
    await shared.close(other)
  }

  @Test func aChangedFileIsServedNoLonger() async throws {
    let shared = try await SharedFile(1_000_000)
    _ = try shared.scratch.file("in", 1_000_001, seed: 7)
    let other = try peer()
    let download = try await other.download(shared.ticket, to: .file(shared.out))
    let withdrawn = try await within(60) {
      for await event in shared.origin.events {
        if case .withdrawn(let id, _, let error) = event { return (id, error) }
      }
      return (Digest.zero, ShoalError(.stopped, ""))
    }
    #expect(withdrawn.0 == shared.id && withdrawn.1.code == .changed)
    #expect(withdrawn.1.message == "\(shared.path) was changed since it was hashed; share it again")
    let reason = try await within(60) {
      for await event in other.events { if case .disconnected(_, let reason, _) = event { return reason.message } }
      return nil
    }
    #expect(reason == "the file was changed")
    await other.close()
    await #expect(throws: (any Error).self) { try await download.finish() }
    #expect(!shared.scratch.has("out"))
    await shared.close()
  }

  @Test func whoAsksASilentTrackerIsToldWhenThePeerCloses() async throws {
    let asker = try peer()
    // Nobody listens there.
    try await asker.add(tracker: "127.0.0.1:9")
    let question = Task(priority: .high) { try await asker.find(name: "film.mkv") }
    try await Task.sleep(for: .milliseconds(100))
    await asker.close()
    await #expect { try await question.value } throws: { ($0 as? ShoalError)?.code == .stopped }
  }

  @Test func theDoorIsClosedPolitely() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 100_000)
    let tracker = try Tracker.start(NodeOptions(listen: "127.0.0.1:0"))
    let origin = try peer()
    try await origin.add(tracker: "\(tracker.address)")
    let share = try await origin.share(file)
    try await within(60) {
      for await event in origin.events { if case .registered = event { return } }
    }
    await origin.close()
    let asker = try peer()
    try await asker.add(tracker: "\(tracker.address)")
    await #expect { try await within(60) { try await asker.lookup(id: share.id) } } throws: {
      ($0 as? ShoalError)?.code == .unknownName
    }
    await asker.close()
    await tracker.close()
  }
}
