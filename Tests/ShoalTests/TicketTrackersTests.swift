import Testing

@testable import Shoal

@Suite struct TicketTrackersTests {
  /// Of very many trackers in a ticket only a few are asked, and the number left out is reported.
  @Test(.timeLimit(.minutes(1))) func areFew() async throws {
    let peer = try Peer.start(NodeOptions(listen: "127.0.0.1:0"))
    let ticket = Ticket(id: .zero, trackers: (0..<300).map { "127.0.0.1:\(20_000 + $0)" })
    let download = try await peer.download(ticket, to: .nowhere)
    #expect(await peer.node.ask { $0.swarm.trackers.count } == Peer.ticketTrackers)
    for await event in peer.events {
      guard case .trackersLeftOut(let count) = event else { continue }
      #expect(count == 300 - Peer.ticketTrackers)
      break
    }
    _ = download
    await peer.close()
  }
}
