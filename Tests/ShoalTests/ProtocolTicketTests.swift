import Foundation
import Shoal
import Testing

/// Executes the ticket in Protocol.md, section 9.
@Suite struct ProtocolTicketTests {
  @Test func ticket() throws {
    let here = URL(filePath: #filePath).resolvingSymlinksInPath()
    let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Protocol.md"), encoding: .utf8)
    let block = try #require(text.components(separatedBy: "\n```vector ticket example\n").dropFirst().first)
    let lines = block.components(separatedBy: "\n").prefix { $0 != "```" }
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
