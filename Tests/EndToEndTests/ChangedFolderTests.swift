import Foundation
import Shoal
import TestSupport
import Testing

/// A shared folder in which somebody changes something.
@Suite(.inRealTime) struct ChangedFolderTests {
  let scratch: Scratch
  let tree: Tree

  init() throws {
    scratch = try Scratch()
    tree = try Tree(albumIn: scratch)
  }

  /// What has not changed goes on being served, and a warning names what has.
  @Test(arguments: [true, false]) func theRestIsStillServed(isRemoved: Bool) async throws {
    let origin = try peer()
    let share = try await origin.share(tree.path)
    // The last file: those before it have only the piece in common in which it begins.
    let changed = tree.at("ünï.bin")
    if isRemoved {
      try FileManager.default.removeItem(atPath: changed)
    } else {
      try Data(longContent.prefix(70_000)).write(to: URL(filePath: changed))
    }
    let (asker, out) = (try peer(), try Scratch())
    let all = try await asker.download(share.ticket, to: .directory(out.path))
    let (id, path, error) = try await within(60) {
      for await event in origin.events {
        if case .withheld(let id, let path, let error) = event { return (id, path, error) }
        if case .withdrawn = event { break }
      }
      return (share.id, "", ShoalError(.stopped, ""))
    }
    #expect(id == share.id && path == changed && error.code == .changed, "\(error)")
    #expect(error.message.hasPrefix("\(changed) was changed since hashing"), "\(error.message)")
    try await within(60) { while all.latest.bytes < 2_000_000 { try await Task.sleep(for: .milliseconds(5)) } }
    all.cancel()
    let (other, later) = (try peer(), try Scratch())
    let some = try await other.download(share.ticket, to: .directory(later.path), including: ["large", "*.sh"])
    _ = try await within(60) { try await some.finish() }
    #expect(same(later.at("album/large"), tree.at("large")))
    #expect(await origin.shares.count == 1)
    for peer in [other, asker, origin] { await peer.close() }
  }

  /// What was only touched is served as before.
  @Test func theSameContentIsServedOn() async throws {
    let origin = try peer()
    let share = try await origin.share(tree.path)
    TestFile.touch(tree.at("large"))
    TestFile.restrict(tree.at("ünï.bin"), to: 0o600)
    let (asker, out) = (try peer(), try Scratch())
    let download = try await asker.download(share.ticket, to: .directory(out.path))
    _ = try await within(60) { try await download.finish() }
    #expect(Tree(out.at("album")).content == tree.content)
    for peer in [asker, origin] { await peer.close() }
  }

  /// A folder is one thing to whoever looks, under its own name.
  @Test func itIsShownByItsName() async throws {
    let origin = try peer()
    let share = try await origin.share(tree.path)
    let files = try #require(await origin.standing()).files
    #expect(files.map(\.swarm.name) == ["album/"] && files.map(\.swarm.id) == [share.id])
    #expect(files.first?.swarm.size == share.size)
    let (asker, out) = (try peer { $0.swarm.limits.download = 60_000 }, try Scratch())
    let download = try await asker.download(share.ticket, to: .directory(out.path))
    try await within(60) { while download.latest.bytes == 0 { try await Task.sleep(for: .milliseconds(5)) } }
    let fetched = try #require(await asker.standing()).files
    #expect(fetched.map(\.swarm.name) == ["album/"] && fetched.map(\.swarm.id) == [share.id])
    let seen = try #require(await origin.standing())
    #expect(seen.peers.count == 1 && seen.peers.allSatisfy { seen.file($0)?.swarm.id == share.id })
    for peer in [asker, origin] { await peer.close() }
  }
}
