import Foundation
import Shoal
import Synchronization
import TestSupport
import Testing

/// A folder in which nobody has touched anything is shared again at once.
@Suite(.inRealTime) struct FolderMemoryTests {
  /// Shares a folder from a process of its own; its id, that of its content, and whether anything was read.
  private func share(_ path: String, _ cache: String) async throws -> (id: Digest, wasRead: Bool) {
    let origin = try peer { $0.hashFolder = cache }
    let told = Mutex(false)
    let share = try await origin.share(path) { _, _ in told.withLock { $0 = true } }
    let (asker, out) = (try peer(), try Scratch())
    _ = try await within(60) { try await asker.download(share.ticket, to: .file(out.at("out"))).finish() }
    #expect(Tree(out.at("out")).content == Tree(path).content)
    for peer in [asker, origin] { await peer.close() }
    return (share.id, told.withLock { $0 })
  }

  @Test func nothingIsReadAgainUnlessItWasTouched() async throws {
    let scratch = try Scratch()
    let tree = try Tree(albumIn: scratch)
    _ = try scratch.file("album/sub/film", 17 << 20, seed: 1)
    try await Task.sleep(for: .milliseconds(200))
    let cache = scratch.at("cache/shoal")
    let first = try await share(tree.path, cache)
    #expect(first.wasRead)
    let second = try await share(tree.path, cache)
    #expect(second.id == first.id && !second.wasRead)
    // One byte of it is another, and all sizes are what they were.
    let film = try FileHandle(forUpdating: URL(filePath: tree.at("sub/film")))
    try film.seek(toOffset: 9_000_000)
    try film.write(contentsOf: Data([1, 2, 3]))
    try film.close()
    let third = try await share(tree.path, cache)
    #expect(third.id != first.id && third.wasRead)
    // What is damaged, or somebody else's, is not believed.
    for name in scratch.names(in: "cache/shoal") {
      let path = scratch.at("cache/shoal/\(name)")
      #expect(name.hasPrefix("folder-"))
      var bytes = try Data(contentsOf: URL(filePath: path))
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: URL(filePath: path))
    }
    let fourth = try await share(tree.path, cache)
    #expect(fourth.id == third.id && fourth.wasRead)
  }
}
