import Shoal
import TestSupport
import Testing

/// A share is found only by its ticket, unless its user wants it to be found by name.
@Suite(.inRealTime) struct UnlistedTests {
  private func find(_ name: String, _ tracker: String) async throws -> [FoundFile] {
    let asker = try peer()
    try await asker.add(tracker: tracker)
    let found = try await within(60) { try await asker.find(name: name) }
    await asker.close()
    return found
  }

  /// Waits until a tracker knows a file.
  private func registered(_ id: Digest, _ tracker: String, peers: Int = 1) async throws -> LookupResult {
    let asker = try peer()
    try await asker.add(tracker: tracker)
    let result = try await within(60) {
      while true {
        if let result = try? await asker.lookup(id: id), result.peers.count >= peers { return result }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    await asker.close()
    return result
  }

  @Test func itsOwnTrackerTellsNobody() async throws {
    for isFolder in [false, true] {
      let scratch = try Scratch()
      if isFolder { try scratch.folder("secret") }
      try scratch.write(isFolder ? "secret/x" : "secret", "content".utf8)
      let origin = try peer(tracker: true) { $0.listsNames = false }
      let share = try await origin.share(scratch.at("secret"))
      let tracker = "\(origin.address)"
      let known = try await registered(share.id, tracker)
      #expect(known.name == nil)
      for name in ["secret", "secret/", share.id.short, String(share.id.hex.prefix(20)), share.id.hex, ""] {
        #expect(try await find(name, tracker).isEmpty, "\(name)")
      }
      // Peers that have the ticket do not list it either.
      let other = try peer()
      let out = try Scratch()
      try await other.download(share.ticket, to: .directory(out.path)).finish()
      _ = try await registered(share.id, tracker, peers: 2)
      for name in ["secret", "secret/"] { #expect(try await find(name, tracker).isEmpty) }
      await other.close()
      await origin.close()
    }
  }

  @Test func whoWantsItFoundSaysSo() async throws {
    let origin = try peer(tracker: true)
    let share = try await origin.share("content".utf8, name: "film.mkv")
    let tracker = "\(origin.address)"
    _ = try await registered(share.id, tracker)
    #expect(try await find("film.mkv", tracker).map(\.id) == [share.id])
    #expect(try await find(share.id.short, tracker).map(\.id) == [share.id])
    await origin.close()
  }

  /// A file stays listed when the peer that listed it is gone, because its receivers learned from the tracker that it
  /// is listed.
  @Test func itStaysListed() async throws {
    let tracker = try Tracker.start(NodeOptions(listen: "127.0.0.1:0"))
    let origin = try peer()
    try await origin.add(tracker: "\(tracker.address)")
    let share = try await origin.share(longContent.prefix(300_000), name: "film.mkv")
    _ = try await registered(share.id, "\(tracker.address)")
    let other = try peer()
    let out = try Scratch()
    try await other.download(share.ticket, to: .file(out.at("x"))).finish()
    _ = try await registered(share.id, "\(tracker.address)", peers: 2)
    await origin.close()
    let found = try await find("film.mkv", "\(tracker.address)")
    #expect(found.map(\.id) == [share.id] && found.map(\.claimant) == [other.address])
    await other.close()
    await tracker.close()
  }

  /// A tracker in a ticket learns no name from peers that use the ticket.
  @Test func aTicketsTrackerLearnsNoName() async throws {
    let tracker = try Tracker.start(NodeOptions(listen: "127.0.0.1:0"))
    let origin = try peer(tracker: true) { $0.listsNames = false }
    let share = try await origin.share(longContent.prefix(300_000), name: "secret")
    var ticket = share.ticket
    ticket.trackers.append("\(tracker.address)")
    let other = try peer()
    let out = try Scratch()
    try await other.download(ticket, to: .file(out.at("x"))).finish()
    let known = try await registered(share.id, "\(tracker.address)")
    #expect(known.name == nil)
    #expect(try await find("secret", "\(tracker.address)").isEmpty)
    await other.close()
    await origin.close()
    await tracker.close()
  }
}
