import Foundation
import Shoal
import TestSupport
import Testing

/// Folders are transferred faithfully, and only what is missing of them is fetched.
@Suite(.inRealTime) struct FolderTests {
  let scratch: Scratch
  let tree: Tree

  init() throws {
    scratch = try Scratch()
    tree = try Tree(albumIn: scratch)
  }

  @Test func isRestoredAsItWas() async throws {
    let origin = try peer()
    let share = try await origin.share(tree.path)
    #expect(share.files == 6 && share.name == "album" && share.ticket.name == "album/" && share.ticket.isFolder)
    #expect(share.omissions.isEmpty)
    let asker = try peer()
    let out = try Scratch()
    let done = try await asker.download(share.ticket, to: .directory(out.path)).finish()
    #expect(done.path == out.at("album") && done.name == "album" && done.files == 6 && done.total == share.size)
    #expect(Tree(out.at("album")).description == tree.description)
    #expect(out.names == ["album"])

    // Existing files that are equal are not fetched.
    let again = try await asker.download(share.ticket, to: .directory(out.path)).finish()
    #expect(again.wasThere && again.accepted == 0 && again.bytes == share.size)
    #expect(out.names == ["album"])
    await asker.close()
    await origin.close()
  }

  @Test func goesOnToOthersWhenItsOriginIsGone() async throws {
    let origin = try peer()
    let share = try await origin.share(tree.path)
    let second = try peer(tracker: true)
    let out = try Scratch()
    try await second.download(share.ticket, to: .file(out.at("two"))).finish()
    await origin.close()
    let third = try peer()
    let ticket = Ticket(id: share.id, peers: ["\(second.address)"])
    let done = try await third.download(ticket, to: .directory(out.path)).finish()
    // Without a name in the ticket, the peer's is used.
    #expect(done.path == out.at("album"))
    #expect(Tree(out.at("album")).description == tree.description)
    await third.close()
    await second.close()
  }

  @Test func partsOfItAreFetchedAlone() async throws {
    let origin = try peer()
    let share = try await origin.share(tree.path)
    let asker = try peer()
    let out = try Scratch()
    let done = try await asker.download(share.ticket, to: .directory(out.path), including: ["*.sh", "sub/empty"])
      .finish()
    #expect(done.files == 2 && done.accepted < 2 << 16)
    let restored = Tree(out.at("album"))
    #expect(restored.paths == ["sub", "sub/deep", "sub/deep/run.sh", "sub/empty"])
    let again = try await asker.download(share.ticket, to: .directory(out.path), including: ["*.sh"]).finish()
    #expect(again.wasThere && again.accepted == 0)
    // The rest comes later.
    let rest = try await asker.download(share.ticket, to: .directory(out.path)).finish()
    #expect(rest.files == 6)
    #expect(restored.content == tree.content)
    await #expect(throws: ShoalError.self) {
      try await asker.download(share.ticket, to: .directory(out.path), including: ["nothing"]).finish()
    }
    await asker.close()
    await origin.close()
  }

  @Test func whatDiffersStaysUnlessItIsForced() async throws {
    let origin = try peer()
    let share = try await origin.share(tree.path)
    let asker = try peer()
    let out = try Scratch()
    try await asker.download(share.ticket, to: .directory(out.path)).finish()
    for (path, content) in [("sub/small", "other"), ("sub/empty", "x"), ("large", "y")] {
      try Data(content.utf8).write(to: URL(filePath: out.at("album/\(path)")))
      let before = Tree(out.at("album")).description
      let error = await error { try await asker.download(share.ticket, to: .directory(out.path)).finish() }
      #expect(error?.code == .exists && error?.message.contains("album/\(path) exists and differs") == true, "\(error)")
      #expect(Tree(out.at("album")).description == before && out.names == ["album"])
      let forced = try await asker.download(share.ticket, to: .directory(out.path), force: true).finish()
      #expect(forced.accepted <= share.size)
      #expect(Tree(out.at("album")).content == tree.content)
    }
    // Files that are not part of the folder are left alone.
    try Data("mine".utf8).write(to: URL(filePath: out.at("album/mine")))
    try FileManager.default.removeItem(atPath: out.at("album/sub/small"))
    try await asker.download(share.ticket, to: .directory(out.path)).finish()
    #expect(try out.text("album/mine") == "mine" && out.has("album/sub/small"))
    await asker.close()
    await origin.close()
  }

  @Test func onlyWhatChangedMoves() async throws {
    let origin = try peer()
    let first = try await origin.share(tree.path)
    let asker = try peer()
    let out = try Scratch()
    try await asker.download(first.ticket, to: .directory(out.path)).finish()
    await first.stop()
    // One file grows, one is new, one is gone, and all after them have moved within the content.
    try Data("a little more than before".utf8).write(to: URL(filePath: tree.at("sub/deep/run.sh")))
    try Data("new".utf8).write(to: URL(filePath: tree.at("a")))
    try FileManager.default.removeItem(atPath: tree.at("sub/small"))
    let second = try await origin.share(tree.path)
    #expect(second.id != first.id)
    let done = try await asker.download(second.ticket, to: .directory(out.path), force: true).finish()
    #expect(done.accepted <= 3 << 16, "\(done.accepted) of \(second.size) bytes")
    #expect(try out.text("album/a") == "new")
    #expect(try out.text("album/sub/deep/run.sh") == "a little more than before")
    #expect(same(out.at("album/large"), tree.at("large")))
    await asker.close()
    await origin.close()
  }

  @Test func continuesWhereItStopped() async throws {
    let origin = try peer()
    let share = try await origin.share(tree.path)
    let out = try Scratch()
    let slow = try peer { $0.swarm.limits.download = 60_000 }
    let first = try await slow.download(share.ticket, to: .directory(out.path))
    try await within(60) {
      while first.latest.bytes < 4 << 16 { try await Task.sleep(for: .milliseconds(5)) }
    }
    await slow.close()
    #expect(out.names == ["album.part", "album.part.journal"])
    // Nobody is needed to know what is here.
    let alone = try peer()
    let ticket = Ticket(id: share.id, name: "album/", cut: share.ticket.cut)
    let second = try await alone.download(ticket, to: .directory(out.path))
    try await within(60) {
      while second.latest.bytes < 4 << 16 { try await Task.sleep(for: .milliseconds(5)) }
    }
    #expect(second.latest.phase == .downloading && second.latest.total == share.size)
    await alone.close()
    let asker = try peer()
    let done = try await asker.download(share.ticket, to: .directory(out.path)).finish()
    #expect(done.resumed >= 4 << 16 && done.accepted <= share.size - done.resumed)
    #expect(Tree(out.at("album")).description == tree.description)
    #expect(out.names == ["album"])
    await asker.close()
    await origin.close()
  }

  @Test func severalPathsGoTogether() async throws {
    try scratch.write("film.mkv", "film".utf8)
    let origin = try peer()
    let share = try await origin.share(filesAt: [tree.path, scratch.at("film.mkv")], name: "both")
    let asker = try peer()
    let out = try Scratch()
    try await asker.download(share.ticket, to: .directory(out.path)).finish()
    #expect(out.names(in: "both") == ["album", "film.mkv"])
    #expect(Tree(out.at("both/album")).description == tree.description)
    await #expect(throws: ShoalError.self) { try await origin.share(filesAt: [tree.path, tree.path], name: "twice") }
    await asker.close()
    await origin.close()
  }

  /// Names that other systems would take for one are two here.
  @Test func namesThatDifferByCaseAreKeptApart() async throws {
    try scratch.folder("project")
    let names = ["Makefile", "makefile", "caf\u{E9}", "cafe\u{301}"]
    for name in names { try scratch.write("project/\(name)", name.utf8) }
    let origin = try peer()
    let share = try await origin.share(scratch.at("project"))
    let (asker, out) = (try peer(), try Scratch())
    try await asker.download(share.ticket, to: .directory(out.path)).finish()
    for name in names { #expect(try Array(out.text("project/\(name)").utf8) == Array(name.utf8)) }
    #expect(Tree(out.at("project")).paths.count == 4)
    await asker.close()
    await origin.close()
  }

  @Test func anEmptyFolderIsOneToo() async throws {
    try scratch.folder("nothing")
    let origin = try peer()
    let share = try await origin.share(scratch.at("nothing"))
    let asker = try peer()
    let out = try Scratch()
    let done = try await asker.download(share.ticket, to: .directory(out.path)).finish()
    #expect(done.files == 0 && out.names == ["nothing"] && out.names(in: "nothing").isEmpty)
    await asker.close()
    await origin.close()
  }

  @Test func itsListingComesAlone() async throws {
    let origin = try peer()
    let share = try await origin.share(tree.path)
    let asker = try peer()
    let listing = try await asker.listing(of: share.ticket)
    #expect(listing.fileCount == 6 && listing.size == share.size && listing.name == "album")
    #expect(listing.entries.map(\.path).sorted() == tree.paths)
    let program = listing.entries.first { $0.path == "sub/deep/run.sh" }
    #expect(program?.isExecutable == true && program?.kind == .file)
    let file = try await origin.share("a file".utf8, name: "file")
    #expect(await error { try await asker.listing(of: file.ticket) }?.code == .badListing)
    await asker.close()
    await origin.close()
  }

  @Test func whatIsFetchedCanBeDiscarded() async throws {
    let origin = try peer()
    let share = try await origin.share(tree.path)
    let asker = try peer()
    let done = try await asker.download(share.ticket, to: .nowhere).finish()
    #expect(done.bytes == share.size && done.accepted == share.size)
    await asker.close()
    await origin.close()
  }

  @Test func whatIsRemovedLeavesNothingBehind() async throws {
    let origin = try peer()
    let share = try await origin.share(tree.path)
    let out = try Scratch()
    let asker = try peer { $0.swarm.limits.download = 60_000 }
    let download = try await asker.download(share.ticket, to: .directory(out.path))
    try await within(60) { while download.latest.bytes == 0 { try await Task.sleep(for: .milliseconds(5)) } }
    await download.remove()
    #expect(out.names.isEmpty)
    await asker.close()
    await origin.close()
  }
}

/// The error that something throws.
func error<Value>(_ body: () async throws -> Value) async -> ShoalError? {
  do {
    _ = try await body()
    return nil
  } catch { return error as? ShoalError }
}

/// A folder with something of every kind in it.
struct Tree: CustomStringConvertible {
  let path: String

  init(_ path: String) { self.path = path }

  /// Makes a folder called album.
  init(albumIn scratch: Scratch) throws {
    path = scratch.at("album")
    try make()
  }

  func at(_ name: String) -> String { "\(path)/\(name)" }

  private func make() throws {
    let files = FileManager.default
    for folder in ["sub/deep", "hollow"] {
      try files.createDirectory(atPath: at(folder), withIntermediateDirectories: true)
    }
    try Data(longContent.prefix(2_000_000)).write(to: URL(filePath: at("large")))
    try Data("small".utf8).write(to: URL(filePath: at("sub/small")))
    try Data().write(to: URL(filePath: at("sub/empty")))
    try Data(repeating: 0, count: 200_000).write(to: URL(filePath: at("sub/zeros")))
    try Data("#!/bin/sh\n".utf8).write(to: URL(filePath: at("sub/deep/run.sh")))
    try Data(longContent.suffix(70_000)).write(to: URL(filePath: at("ünï.bin")))
    try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: at("sub/deep/run.sh"))
    try files.createSymbolicLink(atPath: at("sub/link"), withDestinationPath: "../large")
    for (i, name) in ["large", "sub/empty", "sub/deep/run.sh", "sub/deep", "hollow", "sub"].enumerated() {
      let time = Date(timeIntervalSince1970: 1_000_000_000.25 + Double(i) * 1_000)
      try files.setAttributes([.modificationDate: time], ofItemAtPath: at(name))
    }
  }

  /// The paths of all entries.
  var paths: [String] { (FileManager.default.subpaths(atPath: path) ?? []).sorted() }

  /// Each path with a description of the entry.
  var content: [String: String] {
    Dictionary(
      uniqueKeysWithValues: paths.map { name in
        if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: at(name)) { return (name, target) }
        let content = FileManager.default.contents(atPath: at(name))
        return (name, content.map { "\($0.count) \($0.hashValue)" } ?? "folder")
      })
  }

  /// Everything about the folder that is transferred.
  var description: String {
    paths.map { name in
      let kept = try? FileManager.default.attributesOfItem(atPath: at(name))
      let isLink = kept?[.type] as? FileAttributeType == .typeSymbolicLink
      let time = isLink ? 0 : (kept?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
      let mode = kept?[.posixPermissions] as? Int ?? 0
      return "\(name): \(content[name] ?? "") \(mode & 0o100) \(time)"
    }.joined(separator: "\n")
  }
}
