import Shoal
import TestSupport
import Testing

/// Executes the ticket in Protocol.md, section 9.
@Suite struct ProtocolTicketTests {
  @Test func ticket() throws {
    let lines = try #require(ProtocolDocument().vectors("ticket").first).lines
    let written = try #require(lines.first)
    let ticket = try Ticket(written)
    var fields = ticket.trackers.map { "tracker = " + $0 } + ticket.peers.map { "peer = " + $0 }
    fields.append("name = " + (ticket.name ?? ""))
    let cut = try #require(ticket.cut)
    fields += ["size = \(cut.size)", "piece = \(cut.pieceSize)", "chunks = \(cut.chunks)"]
    #expect(fields == Array(lines.dropFirst()))
    #expect(ticket.description == written)
    #expect(try Ticket(ticket.id.hex).id == ticket.id)
    #expect(try Ticket("SHOAL:" + written.dropFirst(6) + "&later=x").description == written)
  }
}
