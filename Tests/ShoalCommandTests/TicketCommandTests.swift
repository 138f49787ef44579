import Shoal
import ShoalContent
import TestSupport
import Testing

@testable import ShoalCommand

@Suite struct TicketCommandTests {
  @Test func showsWhatIsInATicket() throws {
    var ticket = try Ticket(someID)
    (ticket.trackers, ticket.peers) = (["a.example:7400"], ["192.0.2.7:7401", "[2001:db8::7]:7401"])
    ticket.name = "a\u{1B}b.mkv"
    ticket.cut = Cut(size: 300_000_000, pieceExponent: 19, chunks: 573)
    let outcome = try RunningProgram.run("shoal", ["ticket", "\(ticket)"])
    #expect(
      outcome.output == """
        id       \(someID)
        name     "a\\x1Bb.mkv"
        file     300.0 MB, 573 chunks of 512 KiB
        tracker  a.example:7400
        peer     192.0.2.7:7401
        peer     [2001:db8::7]:7401

        """)
    let object = try RunningProgram.run("shoal", ["ticket", "--json", "> \(ticket)"]).output
    #expect(
      object.hasSuffix(
        #""trackers":["a.example:7400"],"peers":["192.0.2.7:7401","[2001:db8::7]:7401"],"ticket":"\#(ticket)"}\#n"#))
    let old = try RunningProgram.run("shoal", ["ticket", "shoal:\(someID)?peer=192.0.2.7:7401"])
    #expect(old.status == 0 && old.lines == ["id    \(someID)", "peer  192.0.2.7:7401"])
    let damaged = try RunningProgram.run("shoal", ["ticket", "\(ticket)a"])
    #expect(damaged.status == 2 && damaged.error.contains("a character is wrong, missing or too many"))
    #expect(try RunningProgram.run("shoal", ["ticket", "film.mkv"]).status == 2)
  }
}
