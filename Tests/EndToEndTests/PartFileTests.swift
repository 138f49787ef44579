import Foundation
import Shoal
import TestSupport
import Testing

/// Existing files where a download would be written: they are continued if they belong to that download, otherwise left
/// alone.
@Suite(.inRealTime, .serialized) struct PartFileTests {
  private func code(_ download: Download) async -> String {
    do {
      try await within(60) { try await download.finish() }
      return "done"
    } catch { return (error as? ShoalError).map { "\($0.code.rawValue): \($0)" } ?? "\(error)" }
  }

  @Test func aPartOfAnotherFileIsLeftAlone() async throws {
    let shared = try await SharedFile(1_000_000)
    let foreign = try shared.scratch.file("out.part", 1_000_000, seed: 9)
    let before = try Data(contentsOf: URL(filePath: foreign))
    let other = try peer()
    let out = shared.out
    #expect(
      await code(try other.download(shared.ticket, to: .file(out)))
        == "exists: \(out).part belongs to another file; choose another destination, or use force")
    #expect(try Data(contentsOf: URL(filePath: foreign)) == before)
    #expect(await code(try other.download(shared.ticket, to: .file(out), force: true)) == "done")
    #expect(same(shared.path, out))
    await shared.close(other)
  }

  @Test func nothingIsWrittenThroughALink() async throws {
    let shared = try await SharedFile(100_000)
    let precious = try shared.scratch.file("precious", 100_000, seed: 9)
    let before = try Data(contentsOf: URL(filePath: precious))
    let out = shared.out
    try FileManager.default.createSymbolicLink(atPath: out + ".part", withDestinationPath: precious)
    let other = try peer()
    for replacing in [false, true] {
      #expect(
        await code(try other.download(shared.ticket, to: .file(out), force: replacing))
          == "exists: \(out).part is a symbolic link; remove it, or choose another destination")
    }
    #expect(try Data(contentsOf: URL(filePath: precious)) == before)
    await shared.close(other)
  }

  /// What a run leaves that was interrupted before its first piece was complete: zeros, if the file system cannot
  /// allocate space without writing it.
  @Test(arguments: [0, 5, 100_000, 1_000_000, 1_500_000]) func aPartOfZerosIsGoneOnFrom(_ size: Int) async throws {
    let shared = try await SharedFile(1_000_000)
    let out = shared.out
    try Data(count: size).write(to: URL(filePath: out + ".part"))
    let other = try peer()
    #expect(await code(try other.download(shared.ticket, to: .file(out))) == "done")
    #expect(same(shared.path, out))
    await shared.close(other)
  }

  @Test func aPartThatIsNoFileIsNamed() async throws {
    let shared = try await SharedFile(100_000)
    let out = shared.out
    #expect(TestFile.makePipe(out + ".part"))
    #expect(TestFile.makePipe(shared.scratch.at("pipe")))
    let other = try peer()
    #expect(
      await code(try other.download(shared.ticket, to: .file(out)))
        == "file: \(out).part: is not a regular file; name a regular file")
    for place in [shared.scratch.at("pipe"), "/dev/null"] {
      #expect(
        await code(try other.download(shared.ticket, to: .file(place)))
          == "file: \(place): is not a regular file; name a regular file")
    }
    await shared.close(other)
  }

  @Test func aWholeFileIsVerifiedWithProgress() async throws {
    let shared = try await SharedFile(40_000_000)
    let out = try shared.scratch.file("out", 40_000_000)
    let other = try peer()
    let download = try await other.download(shared.ticket, to: .file(out))
    let last = try await within(60) { try await download.finish() }
    #expect(last.wasThere && last.checked == 40_000_000)
    await shared.close(other)
  }
}
