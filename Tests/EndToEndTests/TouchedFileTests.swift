import Foundation
import Glibc
import Shoal
import TestSupport
import Testing

/// A file that another program touches while it is served.
@Suite(.inRealTime, .serialized) struct TouchedFileTests {
  /// How a download ends if the file is changed after it has been shared.
  private func fetched(_ change: @Sendable (_ path: String) throws -> Void) async throws -> String {
    let shared = try await SharedFile(3_000_000)
    try change(shared.path)
    let other = try peer()
    let download = try await other.download(shared.ticket, to: .file(shared.out), wait: .seconds(1))
    var result = "done"
    do { try await within(60) { try await download.finish() } } catch {
      result = try await within(60) {
        for await event in shared.origin.events {
          if case .withdrawn(_, _, let error) = event { return error.code.rawValue }
        }
        return "served still"
      }
    }
    if result == "done" { #expect(same(shared.path, shared.out)) }
    await shared.close(other)
    return result
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
    let touched = try await fetched { TestFile.touch($0) }
    #expect(touched == "done")
    #expect(try await fetched { try TouchedFileTests.write(nil, $0) } == "done")
    let restricted = try await fetched { TestFile.restrict($0, to: 0o600) }
    #expect(restricted == "done")
    // Moving or removing it takes away only its name.
    let linked = try await fetched { #expect(TestFile.name($0, also: $0 + "2")) }
    #expect(linked == "done")
  }

  @Test func otherContentIsNoticedWhateverItsTimesSay() async throws {
    #expect(try await fetched { try TouchedFileTests.write(1, $0) } == "changed")
    let result = try await fetched { path in
      let before = try #require(TestFile.times(path))
      try TouchedFileTests.write(1, path)
      #expect(TestFile.set(before, path))
    }
    #expect(result == "changed")
  }

  @Test func touchingItOftenEndsNothing() async throws {
    let shared = try await SharedFile(4_000_000)
    let other = try peer("rate=16mbit,delay=2ms")
    let download = try await other.download(shared.ticket, to: .file(shared.out))
    let toucher = Task(priority: .high) {
      while !Task.isCancelled {
        TestFile.touch(shared.path)
        try await Task.sleep(for: .milliseconds(300))
      }
    }
    try await within(60) { try await download.finish() }
    toucher.cancel()
    #expect(same(shared.path, shared.out))
    await shared.close(other)
  }
}
