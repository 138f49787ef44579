import Foundation
import Shoal
import ShoalContent
import TestSupport
import Testing

/// Whatever the name and contents of a folder, nothing is written outside the target, and no existing file is lost.
@Suite(.inRealTime) struct HostileFolderTests {
  /// A listing with one name replaced by another of the same length.
  private func listing(_ entries: [(Listing.Kind, Int, String, String)], _ name: String, _ other: String) throws
    -> [UInt8]
  {
    var writer = ListingWriter()
    for (kind, depth, name, target) in entries { writer.add(kind, name, depth: depth, target: target) }
    let bytes = try writer.draft().bytes
    let range = try #require(bytes.firstRange(of: Array(name.utf8)))
    return Array(bytes[..<range.lowerBound]) + Array(other.utf8) + Array(bytes[range.upperBound...])
  }

  @Test(arguments: ["..", "/x", "a/", "\u{0}\u{0}", "\n\n"]) func namesThatLeadOut(_ name: String) async throws {
    let origin = try peer()
    let asker = try peer()
    let out = try Scratch()
    try out.folder("in")
    for kind in [Listing.Kind.file, .folder, .link] {
      let bytes = try listing([(.folder, 0, "d", ""), (kind, 1, "NN", "t"), (.folder, 0, "e", "")], "NN", name)
      let share = try await origin.share(bytes, name: "evil/")
      let error = await error { try await asker.download(share.ticket, to: .directory(out.at("in"))).finish() }
      #expect(error?.code == .badListing, "\(error.debugDescription)")
      #expect(await self.error { try await asker.listing(of: share.ticket) }?.code == .badListing)
      #expect(out.names == ["in"] && out.names(in: "in").isEmpty)
      await share.stop()
    }
    await asker.close()
    await origin.close()
  }

  private func error<Value>(_ body: () async throws -> Value) async -> ShoalError? {
    do {
      _ = try await body()
      return nil
    } catch { return error as? ShoalError }
  }

  @Test(arguments: ["../", "a/../", "/", ".hidden/", "x\n/", "", "a/..", String(repeating: "n", count: 300) + "/"])
  func namesOfTheFolderItself(_ name: String) async throws {
    let origin = try peer()
    let asker = try peer()
    let out = try Scratch()
    try out.folder("in")
    var writer = ListingWriter()
    writer.add(.folder, "d", depth: 0)
    let share = try await origin.share(try writer.draft().bytes, name: "x/")
    var ticket = share.ticket
    ticket.name = name
    let error = await error { try await asker.download(ticket, to: .directory(out.at("in"))).finish() }
    if name == "" {
      // The peer's name is used instead.
      #expect(error == nil && out.names(in: "in") == ["x"])
    } else {
      #expect(error != nil && out.names(in: "in").isEmpty, "\(name)")
    }
    #expect(out.names == ["in"])
    await asker.close()
    await origin.close()
  }

  /// An obstacle in the place of a folder or file is neither removed nor followed, with or without --force.
  @Test func whatIsInTheWay() async throws {
    let scratch = try Scratch()
    let tree = try Tree(albumIn: scratch)
    let origin = try peer()
    let share = try await origin.share(tree.path)
    let asker = try peer()
    let files = FileManager.default
    for (number, obstacle) in ["sub", "sub/deep"].enumerated() {
      for force in [false, true] {
        let out = try Scratch()
        try files.createDirectory(atPath: out.at("outside/deep"), withIntermediateDirectories: true)
        try files.createDirectory(atPath: out.at("album"), withIntermediateDirectories: true)
        if number == 1 { try out.folder("album/sub") }
        // A link to another folder, and a file, where a folder is meant.
        for isLink in [true, false] {
          if isLink {
            try files.createSymbolicLink(atPath: out.at("album/\(obstacle)"), withDestinationPath: out.at("outside"))
          } else {
            try out.write("album/\(obstacle)", "mine".utf8)
          }
          let error = await error {
            try await asker.download(share.ticket, to: .directory(out.path), force: force).finish()
          }
          #expect(error?.code == .exists, "\(error.debugDescription)")
          #expect(out.names(in: "outside") == ["deep"] && out.names(in: "outside/deep").isEmpty)
          #expect(out.names == ["album", "outside"])
          try files.removeItem(atPath: out.at("album/\(obstacle)"))
        }
      }
    }
    // A folder where a file is meant.
    let out = try Scratch()
    try files.createDirectory(atPath: out.at("album/large/precious"), withIntermediateDirectories: true)
    for force in [false, true] {
      let error = await error {
        try await asker.download(share.ticket, to: .directory(out.path), force: force).finish()
      }
      #expect(error?.code == .exists && out.has("album/large/precious") && out.names == ["album"])
    }
    await asker.close()
    await origin.close()
  }

  @Test func targetsThatAreNoFolders() async throws {
    let scratch = try Scratch()
    let tree = try Tree(albumIn: scratch)
    let origin = try peer()
    let share = try await origin.share(tree.path)
    let asker = try peer()
    let out = try Scratch()
    try out.write("file", "mine".utf8)
    try out.folder("elsewhere")
    try FileManager.default.createSymbolicLink(atPath: out.at("album"), withDestinationPath: "elsewhere")
    #expect(
      await error { try await asker.download(share.ticket, to: .file(out.at("file")), force: true).finish() }?.code
        == .exists)
    // A link with the ticket's name was not chosen by the user.
    #expect(
      await error { try await asker.download(share.ticket, to: .directory(out.path), force: true).finish() }?.code
        == .exists)
    #expect(out.names(in: "elsewhere").isEmpty && out.names == ["album", "elsewhere", "file"])
    #expect(try out.text("file") == "mine")
    try await asker.download(share.ticket, to: .file(out.at("album"))).finish()
    #expect(Tree(out.at("elsewhere")).content == tree.content)

    // A folder that happens to have the part's name is not a part.
    try out.folder("x.part")
    try out.write("x.part/precious", "mine".utf8)
    let error = await error { try await asker.download(share.ticket, to: .file(out.at("x")), force: true).finish() }
    #expect(error?.code == .exists && out.names(in: "x.part") == ["precious"] && !out.has("x"))
    try FileManager.default.createSymbolicLink(atPath: out.at("y.part"), withDestinationPath: "x.part")
    #expect(
      await self.error { try await asker.download(share.ticket, to: .file(out.at("y"))).finish() }?.code == .exists)
    #expect(out.names(in: "x.part") == ["precious"])
    await asker.close()
    await origin.close()
  }

  /// Of a part left by an earlier version of the folder, what matches is used, and the rest removed.
  @Test func partsOfAnotherVersion() async throws {
    let scratch = try Scratch()
    let tree = try Tree(albumIn: scratch)
    let origin = try peer()
    let first = try await origin.share(tree.path)
    let out = try Scratch()
    let slow = try peer { $0.swarm.limits.download = 60_000 }
    let download = try await slow.download(first.ticket, to: .directory(out.path))
    try await within(60) {
      while download.latest.bytes < 4 << 16 { try await Task.sleep(for: .milliseconds(5)) }
    }
    await slow.close()
    try FileManager.default.removeItem(atPath: tree.at("ünï.bin"))
    try FileManager.default.removeItem(atPath: tree.at("sub/deep"))
    try Data("now a file".utf8).write(to: URL(filePath: tree.at("sub/deep")))
    let second = try await origin.share(tree.path)
    let asker = try peer()
    try await asker.download(second.ticket, to: .directory(out.path)).finish()
    let lines = Tree(out.at("album")).description.split(separator: "\n")
    let differing = Set(lines).symmetricDifference(tree.description.split(separator: "\n")).sorted()
    #expect(differing.isEmpty, "\(differing)")
    #expect(out.names == ["album"])
    await asker.close()
    await origin.close()
  }

  @Test func aListingThatLiesAboutItsContent() async throws {
    let origin = try peer()
    let content = try await origin.share(longContent.prefix(200_000), name: "")
    var writer = ListingWriter()
    writer.add(.file, "a", depth: 0, size: 200_000)
    let listing = try writer.draft(.size(1 << 16)).with(content.id, ids: [.zero])
    let share = try await origin.share(listing.bytes, name: "x/")
    let asker = try peer()
    let out = try Scratch()
    // The hashes of files in the listing are relied on only for files that already exist.
    try await asker.download(share.ticket, to: .directory(out.path)).finish()
    #expect(try out.read("x/a") == Array(longContent.prefix(200_000)))
    // A size that differs from that of the content.
    writer = ListingWriter()
    writer.add(.file, "a", depth: 0, size: 300_000)
    let other = try await origin.share(
      try writer.draft(.size(1 << 16)).with(content.id, ids: [.zero]).bytes, name: "y/")
    let error = await error {
      try await asker.download(other.ticket, to: .directory(out.path), wait: .seconds(2)).finish()
    }
    #expect(error != nil && out.names == ["x"])
    await asker.close()
    await origin.close()
  }
}
