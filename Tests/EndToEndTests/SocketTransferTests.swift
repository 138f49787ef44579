import Foundation
import Shoal
import ShoalBase
import ShoalContent
import TestSupport
import Testing

/// Transfers over real sockets, between peers whose options differ.
@Suite(.inRealTime, .serialized) struct SocketTransferTests {
  @Test(arguments: [0, 1, 1_024, 1_025, 65_536, 65_537, 1_500_000])
  func anySizeArrives(_ size: Int) async throws {
    let shared = try await SharedFile(size)
    let other = try peer()
    let last = try await shared.fetch(with: other)
    #expect(last.bytes == UInt64(size))
    #expect(!shared.scratch.has("out.part"))
    await shared.close(other)
  }

  @Test(arguments: ["loss=5%,corrupt=1%,delay=5ms", "loss=10%,burst=3,jitter=2ms", "reorder=5%,duplicate=2%,delay=4ms"])
  func badLinksOnlyDelay(_ link: String) async throws {
    let shared = try await SharedFile(1_000_000)
    let other = try peer(link)
    try await shared.fetch(with: other)
    if link.contains("corrupt") {
      // What the link corrupted was noticed, and none of it was kept.
      #expect(await other.statistics().corrupt > 0)
    }
    await shared.close(other)
  }

  @Test(arguments: [1_280, 9_000, 65_535])
  func anyMTUWorks(_ mtu: Int) async throws {
    let shared = try await SharedFile(700_000) { $0.swarm.transport.mtu = mtu }
    let other = try peer("delay=1ms") { $0.swarm.transport.mtu = mtu }
    try await shared.fetch(with: other)
    await shared.close(other)
  }

  /// The route back to the receiver would otherwise use another address of the origin.
  @Test(arguments: ["127.0.0.2", "::1"]) func anyAddressOfAHostServes(_ host: String) async throws {
    let shared = try await SharedFile(700_000) { $0.listen = ":0" }
    let place = "\(host.contains(":") ? "[\(host)]" : host):\(shared.origin.address.port)"
    for ticket in ["\(shared.id.hex)?peer=\(place)", "\(shared.id.hex)?tracker=\(place)"] {
      let other = try peer { $0.listen = ":0" }
      let download = try await other.download(Ticket(ticket), to: .file(shared.out))
      try await within(60) { try await download.finish() }
      #expect(same(shared.path, shared.out))
      try FileManager.default.removeItem(atPath: shared.out)
      await other.close()
    }
    await shared.close()
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
    try await within(60) { try await download.finish() }
    #expect(same(file, scratch.at("out")))
    await other.close()
    await origin.close()
  }

  @Test func goBackNArrivesToo() async throws {
    let shared = try await SharedFile(500_000)
    let other = try peer("loss=2%,delay=2ms") {
      $0.swarm.transport.repeatMode = .goBackN
      $0.swarm.transport.window = 64
    }
    try await shared.fetch(with: other)
    await shared.close(other)
  }

  @Test func threePeersServeEachOther() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 2_000_000)
    let tracker = try Tracker.start(NodeOptions(listen: "127.0.0.1:0"))
    // The origin's uplink is the bottleneck, so that receivers gain by serving each other.
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
          group.addTask(priority: .high) { try await download.finish() }
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
    let shared = try await SharedFile(3_000_000)
    let first = try peer("rate=20mbit")
    let begun = try await first.download(shared.ticket, to: .file(shared.out))
    try await within(60) {
      for try await progress in begun.progress where progress.bytes > 500_000 { break }
    }
    begun.cancel()
    await first.close()
    #expect(shared.scratch.has("out.part"))
    #expect(!shared.scratch.has("out"))
    // A byte that another program has changed is not accepted.
    let handle = try #require(FileHandle(forUpdatingAtPath: shared.scratch.at("out.part")))
    try handle.seek(toOffset: 70_000)
    try handle.write(contentsOf: Data([0, 1, 2, 3, 4, 5, 6, 7]))
    try handle.close()
    let second = try peer()
    let resumed = try await second.download(shared.ticket, to: .file(shared.out))
    let last = try await within(60) { try await resumed.finish() }
    #expect(last.resumed > 300_000)
    #expect(last.accepted < 3_000_000)
    #expect(same(shared.path, shared.out))
    await shared.close(second)
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
    let found = try await within(60) {
      while true {
        let files = try await asker.find(name: "film.mkv")
        if !files.isEmpty { return files }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    #expect(found.map(\.id) == [share.id])
    #expect(found[0].claimant == origin.address)
    let result = try await within(60) { try await asker.lookup(id: share.id, chunk: 19) }
    #expect(result.name == "film.mkv")
    #expect(result.peers.map(\.address) == [origin.address])
    #expect(result.peers[0].isComplete && result.peers[0].chunks == Swift.RangeSet(0..<20))
    #expect(try await within(60) { try await asker.find(name: "other") }.isEmpty)
    await asker.close()
    await origin.close()
    await tracker.close()
  }

  @Test func ipv6Works() async throws {
    let shared = try await SharedFile(100_000) { $0.listen = "[::1]:0" }
    let other = try peer { $0.listen = "[::1]:0" }
    let download = try await other.download(shared.ticket, to: .directory(shared.scratch.at("")))
    let last = try await within(60) { try await download.finish() }
    #expect(last.wasThere && last.name == "in", "the origin's own file lies there")
    await shared.close(other)
  }
}
