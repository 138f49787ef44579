import Shoal
import ShoalBase
import ShoalContent
import Testing

/// Tickets are found in text that has passed through chats, mails and shells.
@Suite struct TicketTextTests {
  static let id = String(repeating: "6b0c12d4", count: 8)
  static let whole =
    "shoal:\(id)?tracker=192.0.2.2:7401&peer=[2001:db8::1]:7401&name=a%20b.mkv&size=300&piece=1024&chunks=1"

  @Test(arguments: [
    whole, " \(whole)\n", "'\(whole)'", "\"\(whole)\"", "`\(whole)`", "‘\(whole)’", "“\(whole)”", "„\(whole)“",
    "«\(whole)»",
    "<\(whole)>", "(\(whole))", "> \(whole)", "> > '\(whole)'", "shoal get '\(whole)'",
    "$ shoal get ‘\(whole)’ --output x",
    "shoal get \(whole) --output x", "Elsewhere:  shoal get '\(whole)'\n\n12:32:33 192.0.2.2:44550 connected",
    "take \(whole).", "\(whole), thanks", "\(whole)\n12 of them", "SHOAL:\(whole.dropFirst(6))",
    "shoal://\(whole.dropFirst(6))",
    "shoal%3A\(whole.dropFirst(6))", "shoal%3a//\(whole.dropFirst(6))", whole.replacing("&", with: "&amp;"),
    whole.replacing(":", with: "%3A"),
    "shoal:"
      + whole.dropFirst(6).replacing("a%20b", with: "a%2520b")
      .replacing(":", with: "%3A").replacing("?", with: "%3F").replacing("&", with: "%26").replacing("=", with: "%3D"),
    "> \(whole.prefix(50))\n> \(whole.dropFirst(50).prefix(60))\n> \(whole.dropFirst(110))",
    "\(whole.prefix(9))\u{200B}\(whole.dropFirst(9))", "\(whole.prefix(70)) \(whole.dropFirst(70))",
    "film.mkv: 300 B, id \(id) (as b3sum prints)\n\(whole)\nElsewhere:  shoal get '\(whole)'",
    "shoal:\n\(whole.dropFirst(6))",
  ])
  func aMangledTicketIsFound(_ text: String) throws {
    let expected = try Ticket(TicketTextTests.whole)
    let found = Ticket.texts(in: text)
    #expect(!found.isEmpty)
    for ticket in found { #expect(try Ticket(ticket) == expected, "\(ticket)") }
  }

  @Test func aWordIsFound() throws {
    let ticket = try Ticket(TicketTextTests.whole)
    let word = "\(ticket)"
    for text in [
      word, " \(word)\n", "'\(word)'", "<\(word)>", "“\(word)”", "> \(word)", "shoal get \(word) --output x",
      "take \(word).", "\(word), thanks", "\(word)\n12 of them", word.uppercased(),
      "\(word.prefix(9))\u{200B}\(word.dropFirst(9))",
      "> \(word.prefix(60))\n> \(word.dropFirst(60))",
      "\(word.prefix(70)) \(word.dropFirst(70).prefix(40))\n\(word.dropFirst(110))",
      "id \(ticket.id) (as b3sum prints)\n\(word)\nElsewhere:  shoal get \(word)\n\n12:32:33 connected",
    ] {
      let found = Ticket.texts(in: text)
      #expect(!found.isEmpty, "\(text)")
      for text in found { #expect(try Ticket(text) == ticket, "\(text)") }
    }
    // What is damaged is still known for a ticket, and is not joined with what follows.
    let cut = String(word.dropLast(3))
    #expect(Ticket.texts(in: "\(cut) thanks and bye") == [cut])
  }

  @Test func upperCaseIsRead() throws {
    let ticket = try Ticket(try #require(Ticket.texts(in: TicketTextTests.whole.uppercased()).first))
    #expect(ticket.id.hex == TicketTextTests.id && ticket.name == "A B.MKV" && ticket.cut?.size == 300)
    #expect(ticket.trackers == ["192.0.2.2:7401"])
  }

  @Test(arguments: [
    id, "'\(id)'", "> \(id)", "“\(id)”", "id \(id) (as b3sum prints)", "film.mkv  \(id)  300.0 MB  573 chunks",
    "\(id).",
    "shoal:\(id)", "shoal:\(id).", "shoal:\(id) --wait 5s", "\(id.prefix(40))\n\(id.dropFirst(40))",
  ])
  func anIDIsFound(_ text: String) throws {
    let found = Ticket.texts(in: text)
    try #require(found.count == 1)
    #expect(try Ticket(found[0]) == Ticket(id: Digest(hex: TicketTextTests.id)!))
  }

  @Test(arguments: [
    "film.mkv", "Shoal: a film", "my shoal: 12", "a:b", "", "cafe", "backup-\(id).tar", "shoal", "«film»", "x\(id)",
    "shoal1", "shoal2.mkv", "shoal1 holidays and more", "shoal1\nabc", "ashoal1" + String(repeating: "a", count: 70),
  ])
  func aNameIsNoTicket(_ text: String) { #expect(Ticket.texts(in: text) == []) }

  @Test(arguments: [("shoal:12", "shoal:12"), ("'shoal:6b0c...'", "shoal:6b0c"), ("shoal:xyz", "shoal:xyz")])
  func whatIsMeantAsATicketIsTold(_ text: String, _ ticket: String) { #expect(Ticket.texts(in: text) == [ticket]) }

  @Test func anyTextIsSurvived() {
    var generator = SeededGenerator(seed: 7)
    let words = [
      "shoal:", "shoal1", "shoal1abc", "\n", "shoal%3a", "//", TicketTextTests.id, "\n> ", " ", "?", "&", "=",
      "chunks=", "%3D", "%", "é", "'", "12",
    ]
    for _ in 0..<5_000 {
      let text = (0..<8).map { _ in words[Int(generator.next() % UInt64(words.count))] }.joined()
      for ticket in Ticket.texts(in: text) { _ = try? Ticket(ticket) }
    }
  }
}
