import TestSupport
import Testing

@testable import Shoal

@Suite(.inRealTime) struct TicketTrackersTests {
  /// Of very many trackers in a ticket only a few are asked, and the number left out is reported.
  @Test func areFew() async throws {
    let peer = try Peer.start(NodeOptions(listen: "127.0.0.1:0"))
    let ticket = Ticket(id: .zero, trackers: (0..<300).map { "127.0.0.1:\(20_000 + $0)" })
    let download = try await peer.download(ticket, to: .nowhere)
    #expect(await peer.node.ask { $0.swarm.trackers.count } == Peer.ticketTrackers)
    let leftOut = try await within(60) {
      for await event in peer.events { if case .trackersLeftOut(let count) = event { return count } }
      return 0
    }
    #expect(leftOut == 300 - Peer.ticketTrackers)
    _ = download
    await peer.close()
  }
}
