import Foundation
import Shoal
import TestSupport
import Testing

/// Downloads of which nothing is kept.
@Suite struct DiscardTests {
  @Test(arguments: [0, 1_025, 3_000_000])
  func everyByteIsVerifiedAndNoneKept(_ size: Int) async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", size)
    let origin = try peer(tracker: true)
    let share = try await origin.share(file)
    let other = try peer("corrupt=1%")
    let download = try await other.download(share.ticket, to: .nowhere)
    let last = try await within(30) { try await download.finish() }
    #expect(last.bytes == UInt64(size) && last.phase == .finished)
    #expect(last.path == nil && last.name == "in")
    #expect(scratch.names == ["in"])
    await other.close()
    await origin.close()
  }

  @Test func nobodyIsToldAndNobodyServed() async throws {
    let scratch = try Scratch()
    let origin = try peer(tracker: true)
    let share = try await origin.share(try scratch.file("in", 2_000_000))
    let discarder = try peer()
    let download = try await discarder.download(share.ticket, to: .nowhere)
    try await within(30) { try await download.finish() }
    // It goes on running, and who asks it is refused.
    var ticket = share.ticket
    (ticket.trackers, ticket.peers) = ([], ["\(discarder.address)"])
    let asker = try peer()
    let hopeless = try await asker.download(ticket, to: .file(scratch.at("out")))
    try await within(20) {
      for await event in asker.events {
        if case .refused(discarder.address, share.id) = event { break }
      }
    }
    hopeless.cancel()
    let watcher = try peer()
    try await watcher.add(tracker: share.ticket.trackers[0])
    let known = try await within(20) { try await watcher.lookup(id: share.id).peers.map(\.address) }
    #expect(known.contains(origin.address))
    #expect(!known.contains(discarder.address))
    for peer in [asker, watcher, discarder, origin] { await peer.close() }
  }
}
