import Foundation
import Shoal
import TestSupport
import Testing

/// Downloads whose content is not kept.
@Suite(.inRealTime) struct DiscardTests {
  @Test(arguments: [0, 1_025, 3_000_000])
  func everyByteIsVerifiedAndNoneKept(_ size: Int) async throws {
    let shared = try await SharedFile(size)
    let other = try peer("corrupt=1%")
    let download = try await other.download(shared.ticket, to: .nowhere)
    let last = try await within(60) { try await download.finish() }
    #expect(last.bytes == UInt64(size) && last.phase == .finished)
    #expect(last.path == nil && last.name == "in")
    #expect(shared.scratch.names == ["in"])
    await shared.close(other)
  }

  @Test func nobodyIsToldAndNobodyServed() async throws {
    let shared = try await SharedFile(2_000_000)
    let discarder = try peer()
    let download = try await discarder.download(shared.ticket, to: .nowhere)
    try await within(60) { try await download.finish() }
    // It keeps running, and refuses requests for the file.
    var ticket = shared.ticket
    (ticket.trackers, ticket.peers) = ([], ["\(discarder.address)"])
    let asker = try peer()
    let hopeless = try await asker.download(ticket, to: .file(shared.out))
    try await within(60) {
      for await event in asker.events {
        if case .refused(discarder.address, shared.id) = event { break }
      }
    }
    hopeless.cancel()
    let watcher = try peer()
    try await watcher.add(tracker: shared.ticket.trackers[0])
    let known = try await within(60) { try await watcher.lookup(id: shared.id).peers.map(\.address) }
    #expect(known.contains(shared.origin.address))
    #expect(!known.contains(discarder.address))
    await shared.close(asker, watcher, discarder)
  }
}
