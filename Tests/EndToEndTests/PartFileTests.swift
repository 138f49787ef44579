import Foundation
import Shoal
import TestSupport
import Testing

/// What lies where a download would be written: gone on from if it is that download's, else left alone.
@Suite(.serialized) struct PartFileTests {
  private func code(_ download: Download) async -> String {
    do {
      try await within(20) { try await download.finish() }
      return "done"
    } catch { return (error as? ShoalError).map { "\($0.code.rawValue): \($0)" } ?? "\(error)" }
  }

  @Test func aPartOfAnotherFileIsLeftAlone() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 1_000_000)
    let foreign = try scratch.file("out.part", 1_000_000, seed: 9)
    let before = try Data(contentsOf: URL(filePath: foreign))
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let other = try peer()
    let out = scratch.at("out")
    #expect(
      await code(try other.download(share.ticket, to: .file(out)))
        == "exists: \(out).part is of another file; choose another destination, or use force")
    #expect(try Data(contentsOf: URL(filePath: foreign)) == before)
    #expect(await code(try other.download(share.ticket, to: .file(out), force: true)) == "done")
    #expect(same(file, out))
    await other.close()
    await origin.close()
  }

  @Test func nothingIsWrittenThroughALink() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 100_000)
    let precious = try scratch.file("precious", 100_000, seed: 9)
    let before = try Data(contentsOf: URL(filePath: precious))
    let out = scratch.at("out")
    try FileManager.default.createSymbolicLink(atPath: out + ".part", withDestinationPath: precious)
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let other = try peer()
    for replacing in [false, true] {
      #expect(
        await code(try other.download(share.ticket, to: .file(out), force: replacing))
          == "exists: \(out).part is a symbolic link; remove it, or choose another destination")
    }
    #expect(try Data(contentsOf: URL(filePath: precious)) == before)
    await other.close()
    await origin.close()
  }

  /// As a run leaves it that was interrupted before its first piece was whole; where the file system cannot claim
  /// space without writing it, there are zeros.
  @Test(arguments: [0, 5, 100_000, 1_000_000, 1_500_000]) func aPartOfZerosIsGoneOnFrom(_ size: Int) async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 1_000_000)
    let out = scratch.at("out")
    try Data(count: size).write(to: URL(filePath: out + ".part"))
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let other = try peer()
    #expect(await code(try other.download(share.ticket, to: .file(out))) == "done")
    #expect(same(file, out))
    await other.close()
    await origin.close()
  }

  @Test func aPartThatIsNoFileIsNamed() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 100_000)
    let out = scratch.at("out")
    unsafe #expect(mkfifo(out + ".part", 0o600) == 0)
    unsafe #expect(mkfifo(scratch.at("pipe"), 0o600) == 0)
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let other = try peer()
    #expect(
      await code(try other.download(share.ticket, to: .file(out)))
        == "file: \(out).part: is not a regular file; name a regular file")
    for place in [scratch.at("pipe"), "/dev/null"] {
      #expect(
        await code(try other.download(share.ticket, to: .file(place)))
          == "file: \(place): is not a regular file; name a regular file")
    }
    await other.close()
    await origin.close()
  }

  @Test func aWholeFileIsVerifiedWithProgress() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 40_000_000)
    let out = try scratch.file("out", 40_000_000)
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let other = try peer()
    let download = try await other.download(share.ticket, to: .file(out))
    let last = try await within(20) { try await download.finish() }
    #expect(last.wasThere && last.checked == 40_000_000)
    await other.close()
    await origin.close()
  }
}
