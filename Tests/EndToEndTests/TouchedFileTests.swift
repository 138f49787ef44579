import Foundation
import Glibc
import Shoal
import TestSupport
import Testing

/// A file that somebody touches while it is served.
@Suite(.serialized) struct TouchedFileTests {
  /// What a download says of a file that was shared, then treated so.
  private func fetched(_ change: @Sendable (_ path: String) throws -> Void) async throws -> String {
    let scratch = try Scratch()
    let file = try scratch.file("in", 3_000_000)
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    try change(file)
    let other = try peer()
    let download = try await other.download(share.ticket, to: .file(scratch.at("out")), wait: .seconds(1))
    var result = "done"
    do { try await within(40) { try await download.finish() } } catch {
      result = try await within(10) {
        for await event in origin.events { if case .withdrawn(_, _, let error) = event { return error.code.rawValue } }
        return "served still"
      }
    }
    if result == "done" { #expect(same(file, scratch.at("out"))) }
    await other.close()
    await origin.close()
    return result
  }

  /// Its times as they were; what is set last is when that was done.
  private static func set(_ times: stat, _ path: String) {
    let both = [times.st_atim, times.st_mtim]
    unsafe #expect(utimensat(AT_FDCWD, path, both, 0) == 0)
  }

  private static func write(_ byte: UInt8?, _ path: String) throws {
    let handle = try FileHandle(forUpdating: URL(filePath: path))
    try handle.seek(toOffset: 1_000_000)
    let old = try #require(try handle.read(upToCount: 1))
    try handle.seek(toOffset: 1_000_000)
    try handle.write(contentsOf: byte.map { Data([old[0] ^ $0]) } ?? old)
    try handle.close()
  }

  @Test func theSameContentIsServedOn() async throws {
    let touched = try await fetched { unsafe _ = utimensat(AT_FDCWD, $0, nil, 0) }
    #expect(touched == "done")
    #expect(try await fetched { try TouchedFileTests.write(nil, $0) } == "done")
    let restricted = try await fetched { unsafe _ = chmod($0, 0o600) }
    #expect(restricted == "done")
    // Whoever moves or removes it takes only its name.
    let linked = try await fetched { unsafe _ = link($0, $0 + "2") }
    #expect(linked == "done")
  }

  @Test func otherContentIsNoticedWhateverItsTimesSay() async throws {
    #expect(try await fetched { try TouchedFileTests.write(1, $0) } == "changed")
    let result = try await fetched { path in
      var before = stat()
      unsafe #expect(stat(path, &before) == 0)
      try TouchedFileTests.write(1, path)
      TouchedFileTests.set(before, path)
    }
    #expect(result == "changed")
  }

  @Test func touchingItOftenEndsNothing() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 20_000_000)
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let other = try peer("rate=80mbit,delay=2ms")
    let download = try await other.download(share.ticket, to: .file(scratch.at("out")))
    let toucher = Task {
      while !Task.isCancelled {
        _ = unsafe utimensat(AT_FDCWD, file, nil, 0)
        try await Task.sleep(for: .milliseconds(300))
      }
    }
    try await within(60) { try await download.finish() }
    toucher.cancel()
    #expect(same(file, scratch.at("out")))
    await other.close()
    await origin.close()
  }
}
