import Foundation
import Shoal
import TestSupport
import Testing

/// A file with holes is shared and fetched.
@Suite(.inRealTime) struct SparseFileTests {
  @Test func holesStayHoles() async throws {
    let scratch = try Scratch()
    let path = try scratch.file("in", 700_000)
    let handle = try FileHandle(forUpdating: URL(filePath: path))
    try handle.truncate(atOffset: 60_000_000)
    try handle.seek(toOffset: 40_000_123)
    try handle.write(contentsOf: Data(repeating: 9, count: 300_000))
    try handle.close()
    let origin = try peer(tracker: true)
    let share = try await origin.share(path)
    let other = try peer()
    let out = scratch.at("out")
    let download = try await other.download(share.ticket, to: .file(out))
    let progress = try await within(60) { try await download.finish() }
    #expect(same(path, out))
    #expect(progress.accepted < 4_000_000, "\(progress.accepted)")
    let room = try [path, out].map { try FileSystem.status($0)?.allocated ?? 0 }
    // Where the file system has no holes, there are none.
    #expect(room[1] <= max(room[0], 2_000_000), "\(room)")
    await other.close()
    await origin.close()
  }
}
