import Foundation
import Shoal
import ShoalBase
import ShoalContent
import TestSupport
import Testing

/// Files that cross real sockets, between peers that differ in all that flags can change.
@Suite(.serialized) struct SocketTransferTests {
  @Test(arguments: [0, 1, 1_024, 1_025, 65_536, 65_537, 1_500_000])
  func anySizeArrives(_ size: Int) async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", size)
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let other = try peer()
    let download = try await other.download(share.ticket, to: .file(scratch.at("out")))
    let last = try await within(30) { try await download.finish() }
    #expect(last.bytes == UInt64(size))
    #expect(same(file, scratch.at("out")))
    #expect(!scratch.has("out.part"))
    await other.close()
    await origin.close()
  }

  @Test(arguments: ["loss=5%,corrupt=1%,delay=5ms", "loss=10%,burst=3,jitter=2ms", "reorder=5%,duplicate=2%,delay=4ms"])
  func badLinksOnlyDelay(_ link: String) async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 1_000_000)
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let other = try peer(link)
    let download = try await other.download(share.ticket, to: .file(scratch.at("out")))
    try await within(60) { try await download.finish() }
    #expect(same(file, scratch.at("out")))
    if link.contains("corrupt") {
      // What the link corrupted was noticed, and nothing of it was kept.
      #expect(await other.statistics().corrupt > 0)
    }
    await other.close()
    await origin.close()
  }

  @Test(arguments: [1_280, 9_000, 65_535])
  func anyMTUWorks(_ mtu: Int) async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 700_000)
    let origin = try peer(tracker: true) { $0.swarm.transport.mtu = mtu }
    let share = try await origin.share(file)
    let other = try peer("delay=1ms") { $0.swarm.transport.mtu = mtu }
    let download = try await other.download(share.ticket, to: .file(scratch.at("out")))
    try await within(30) { try await download.finish() }
    #expect(same(file, scratch.at("out")))
    await other.close()
    await origin.close()
  }

  /// The route back to the receiver would take another address of the origin's.
  @Test(arguments: ["127.0.0.2", "::1"]) func anyAddressOfAHostServes(_ host: String) async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 700_000)
    let origin = try peer(tracker: true) { $0.listen = ":0" }
    let share = try await origin.share(file)
    let place = "\(host.contains(":") ? "[\(host)]" : host):\(origin.address.port)"
    for ticket in ["\(share.id.hex)?peer=\(place)", "\(share.id.hex)?tracker=\(place)"] {
      let other = try peer { $0.listen = ":0" }
      let download = try await other.download(Ticket(ticket), to: .file(scratch.at("out")))
      try await within(30) { try await download.finish() }
      #expect(same(file, scratch.at("out")))
      try FileManager.default.removeItem(atPath: scratch.at("out"))
      await other.close()
    }
    await origin.close()
  }

  @Test func aTicketsSizeIsAHint() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 300_000)
    let origin = try peer(tracker: true)
    var ticket = try await origin.share(file).ticket
    ticket.cut = Cut(size: 300_001)
    let wrong = ticket
    let other = try peer()
    let download = try await other.download(wrong, to: .file(scratch.at("out")))
    try await within(20) { try await download.finish() }
    #expect(same(file, scratch.at("out")))
    await other.close()
    await origin.close()
  }

  @Test func goBackNArrivesToo() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 500_000)
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let other = try peer("loss=2%,delay=2ms") {
      $0.swarm.transport.repeatMode = .goBackN
      $0.swarm.transport.window = 64
    }
    let download = try await other.download(share.ticket, to: .file(scratch.at("out")))
    try await within(60) { try await download.finish() }
    #expect(same(file, scratch.at("out")))
    await other.close()
    await origin.close()
  }

  @Test func threePeersServeEachOther() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 2_000_000)
    let tracker = try Tracker.start(NodeOptions(listen: "127.0.0.1:0"))
    // The origin's uplink is what holds everybody up, so that serving each other pays.
    let origin = try peer("rate=20mbit/1gbit")
    try await origin.add(tracker: "\(tracker.address)")
    var ticket = try await origin.share(file).ticket
    ticket.peers = []
    ticket.trackers = ["\(tracker.address)"]
    let shared = ticket
    let peers = try (0..<3).map { try peer("loss=1%,delay=2ms", seed: UInt64($0)) }
    try await within(60) {
      try await withThrowingTaskGroup(of: DownloadProgress.self) { group in
        for (i, peer) in peers.enumerated() {
          let download = try await peer.download(shared, to: .file(scratch.at("out\(i)")))
          group.addTask { try await download.finish() }
        }
        var others = 0
        for try await progress in group { others += progress.from.keys.filter { $0 != origin.address }.count }
        #expect(others > 0, "everything came from the origin")
      }
    }
    for i in 0..<3 { #expect(same(file, scratch.at("out\(i)"))) }
    for peer in peers + [origin] { await peer.close() }
    await tracker.close()
  }

  @Test func aSecondRunGoesOn() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 3_000_000)
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let first = try peer("rate=20mbit")
    let begun = try await first.download(share.ticket, to: .file(scratch.at("out")))
    try await within(30) {
      for try await progress in begun.progress where progress.bytes > 500_000 { break }
    }
    begun.cancel()
    await first.close()
    #expect(scratch.has("out.part"))
    #expect(!scratch.has("out"))
    // A byte that an evil hand changed is not believed.
    let handle = try #require(FileHandle(forUpdatingAtPath: scratch.at("out.part")))
    try handle.seek(toOffset: 70_000)
    try handle.write(contentsOf: Data([0, 1, 2, 3, 4, 5, 6, 7]))
    try handle.close()
    let second = try peer()
    let resumed = try await second.download(share.ticket, to: .file(scratch.at("out")))
    let last = try await within(30) { try await resumed.finish() }
    #expect(last.resumed > 300_000)
    #expect(last.accepted < 3_000_000)
    #expect(same(file, scratch.at("out")))
    await second.close()
    await origin.close()
  }

  @Test func namesAreFoundAndChunksLookedUp() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("film.mkv", 300_000)
    let tracker = try Tracker.start(NodeOptions(listen: "127.0.0.1:0"))
    let origin = try peer()
    try await origin.add(tracker: "\(tracker.address)")
    let share = try await origin.share(file, chunking: .count(20))
    #expect(share.cut.chunks == 20)
    let asker = try peer()
    try await asker.add(tracker: "\(tracker.address)")
    let found = try await within(20) {
      while true {
        let files = try await asker.find(name: "film.mkv")
        if !files.isEmpty { return files }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    #expect(found.map(\.id) == [share.id])
    #expect(found[0].claimant == origin.address)
    let result = try await within(20) { try await asker.lookup(id: share.id, chunk: 19) }
    #expect(result.name == "film.mkv")
    #expect(result.peers.map(\.address) == [origin.address])
    #expect(result.peers[0].isComplete && result.peers[0].chunks == Swift.RangeSet(0..<20))
    #expect(try await within(20) { try await asker.find(name: "other") }.isEmpty)
    await asker.close()
    await origin.close()
    await tracker.close()
  }

  @Test func ipv6Works() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 100_000)
    let origin = try peer(tracker: true) { $0.listen = "[::1]:0" }
    let share = try await origin.share(file)
    let other = try peer { $0.listen = "[::1]:0" }
    let download = try await other.download(share.ticket, to: .directory(scratch.at("")))
    let last = try await within(30) { try await download.finish() }
    #expect(last.wasThere && last.name == "in", "the origin's own file lies there")
    await other.close()
    await origin.close()
  }
}
