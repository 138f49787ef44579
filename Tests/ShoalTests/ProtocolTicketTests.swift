import Shoal
import TestSupport
import Testing

/// Executes the tickets in Protocol.md, section 9.
@Suite struct ProtocolTicketTests {
  @Test func tickets() throws {
    let vectors = try ProtocolDocument().vectors("ticket")
    #expect(vectors.count == 2)
    let word = try #require(vectors.first?.lines.first)
    for lines in vectors.map(\.lines) {
      let written = try #require(lines.first)
      let ticket = try Ticket(written)
      var fields = ticket.trackers.map { "tracker = " + $0 } + ticket.peers.map { "peer = " + $0 }
      fields.append("name = " + (ticket.name ?? ""))
      let cut = try #require(ticket.cut)
      fields += ["size = \(cut.size)", "piece = \(cut.pieceSize)", "chunks = \(cut.chunks)"]
      #expect(fields == Array(lines.dropFirst()))
      #expect(ticket.description == word)
      #expect(try Ticket(ticket.id.hex).id == ticket.id)
      if written != word { #expect(try Ticket("SHOAL:" + written.dropFirst(6) + "&later=x") == ticket) }
    }
    #expect(try Ticket(word.uppercased()).description == word)
  }
}
