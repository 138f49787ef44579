import Shoal
import ShoalBase
import ShoalContent
import TestSupport
import Testing

/// Tickets survive being copied; errors say what is wrong with damaged ones.
@Suite struct TicketTests {
  static let id = String(repeating: "6b0c12d4", count: 8)

  @Test func whatIsWrittenIsRead() throws {
    var ticket = Ticket(id: Digest(hex: TicketTests.id)!)
    ticket.trackers = ["192.0.2.7:7401", "[2001:db8::1]:7400"]
    ticket.peers = ["tracker.example.org:7401"]
    ticket.name = "Ünïcode & 'quotes'=?%.mkv"
    ticket.cut = Cut(size: 734_003_200, pieceExponent: 20, chunks: 700)
    let text = ticket.description
    #expect(try Ticket(text) == ticket)
    #expect(text.hasPrefix("shoal1") && text.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) })
    #expect(try Ticket(text.uppercased()) == ticket)
  }

  @Test func whateverItHoldsIsReadAgain() throws {
    let places = [
      "192.0.2.7:7401", "[2001:db8::1]:1", "[fe80::1%lo]:7401", "a.b:80", "tracker.example.org:65535", "10.0.0.1:0",
    ]
    for seed in seeds(0..<300) {
      var random = SeededGenerator(seed: seed)
      var ticket = Ticket(id: Digest(hex: TicketTests.id)!)
      ticket.trackers = Array(places.shuffled(using: &random).prefix(.random(in: 0..<6, using: &random)))
      ticket.peers = Array(places.shuffled(using: &random).prefix(.random(in: 0..<6, using: &random)))
      if seed % 3 == 0 { ticket.peers = ticket.trackers + ticket.peers }
      if Bool.random(using: &random) {
        ticket.name = String(repeating: "é", count: .random(in: 1..<128, using: &random))
      }
      if Bool.random(using: &random) { ticket.cut = Cut(size: .random(in: 0...Limits.fileSize, using: &random)) }
      #expect(try Ticket("\(ticket)") == ticket, "seed \(seed)")
    }
  }

  /// A wrong letter, a missing one, one too many, and two in the wrong order.
  @Test func aTypingErrorIsFound() throws {
    let ticket = Ticket(id: Digest(hex: TicketTests.id)!, trackers: ["192.0.2.7:7401"], name: "film.mkv")
    let letters = Array("\(ticket)")
    for place in 6..<letters.count {
      var (wrong, missing, doubled, swapped) = (letters, letters, letters, letters)
      wrong[place] = letters[place] == "a" ? "b" : "a"
      missing.remove(at: place)
      doubled.insert(letters[place], at: place)
      swapped.swapAt(place, place == letters.count - 1 ? 6 : place + 1)
      for text in [wrong, missing, doubled, swapped] where text != letters {
        #expect { try Ticket(String(text)) } throws: {
          "\($0)" == "ticket: a character is wrong, missing or too many; copy it whole"
        }
      }
    }
  }

  @Test func whatIsLeftOutOfAWordIsOnlyWhatDoesNotFit() throws {
    let ticket = Ticket(id: Digest(hex: TicketTests.id)!, peers: ["a.b:1"], name: String(repeating: "x", count: 256))
    #expect(try Ticket("\(ticket)") == Ticket(id: ticket.id, peers: ["a.b:1"]))
  }

  @Test func aBareIdIsATicket() throws {
    #expect(try Ticket(TicketTests.id).id.hex == TicketTests.id)
    #expect(try Ticket("SHOAL:" + TicketTests.id.uppercased()).id.hex == TicketTests.id)
  }

  @Test func unknownKeysArePassedOver() throws {
    let ticket = try Ticket("shoal:\(TicketTests.id)?color=red&name=a")
    #expect(ticket.name == "a" && ticket.trackers.isEmpty)
  }

  /// Protocol.md §9.
  @Test func ofAKeyThatOccursTwiceTheLastCounts() throws {
    let ticket = try Ticket("shoal:\(TicketTests.id)?name=a&tracker=a:1&name=b&tracker=b:1&peer=c:1&peer=d:1")
    #expect(ticket.name == "b" && ticket.trackers == ["a:1", "b:1"] && ticket.peers == ["c:1", "d:1"])
  }

  @Test(arguments: [
    ("shoal:6b0c", "4 hex digits, not 64"),
    ("shoal:" + String(repeating: "z", count: 64), "character 1 of the id, z, is not hexadecimal"),
    ("shoal:6b0g", "character 4 of the id, g, is not hexadecimal"),
    ("shoal:\(id)?name=a%2", "name=a%2 is cut off"),
    ("shoal:\(id)?peer=a:1&name", "name is cut off"),
    ("shoal:\(id)?name=%+f", "cut off"),
    ("shoal:\(id)?tracker=192.0.2.7", "192.0.2.7"),
    ("shoal:\(id)?peer=192.0.2.7:99999", "99999"),
    ("", "0 hex digits, not 64"), ("shoal2abc", "it is of another version; update shoal"),
    ("shoal1abc0", "character 10, 0, does not occur in tickets"), ("shoal1", "wrong, missing or too many"),
    ("shoal1" + String(repeating: "a", count: 5_000), "it is too long"),
  ])
  func saysWhatIsWrong(_ text: String, _ hint: String) {
    #expect {
      try Ticket(text)
    } throws: {
      let error = $0 as? ShoalError
      return error?.code == .badTicket && error?.message.contains(hint) == true
        && error?.message.contains("\n") == false
    }
  }

  @Test func anImpossibleCutIsNotBelieved() throws {
    for cut in [
      "size=5&piece=3&chunks=1", "size=5&piece=1024&chunks=9", "size=99999999999999999999&piece=1024&chunks=1",
    ] {
      #expect(try Ticket("shoal:\(TicketTests.id)?\(cut)").cut == nil)
    }
  }

  @Test(
    arguments: [
      ("film.mkv", "film.mkv"), ("/etc/passwd", "passwd"), ("../../x", "x"), ("a/b/c", "c"), ("..", nil), (".", nil),
      ("", nil), ("a/", nil), ("a\u{1B}[2Jb", nil), ("a\nb", nil), ("a\u{202E}b", nil), (".hidden", nil),
      (".\u{301}x", nil), ("a/\u{301}b", "\u{301}b"), ("..\\a", nil), (String(repeating: "é", count: 128), nil),
      (String(repeating: "é", count: 127), String(repeating: "é", count: 127)), ("a\u{2067}b", nil),
      ("a\u{2028}b", nil),
      ("a\u{9B}b", nil), (" \u{200B}", nil), ("می\u{200C}خواهم.mkv", "می\u{200C}خواهم.mkv"),
      ("क्\u{200D}ष.txt", "क्\u{200D}ष.txt"), ("👩\u{200D}🚀.png", "👩\u{200D}🚀.png"), ("ab\u{AD}c", "ab\u{AD}c"),
      ("\u{200E}a\u{200F}", "\u{200E}a\u{200F}"), ("🏴\u{E0067}\u{E007F}", "🏴\u{E0067}\u{E007F}"),
    ] as [(String, String?)])
  func onlyHarmlessNamesAreUsed(_ name: String, _ safe: String?) {
    #expect(safeFileName(name) == safe)
  }

  @Test(arguments: [
    (".bashrc", "the file's name, .bashrc, would hide it"), ("a/", "the file has no name"),
    ("a\u{202E}b", "the file's name has control or direction characters"),
    ("\u{200D}", "the file's name cannot be seen"),
    (String(repeating: "é", count: 128), "the file's name is longer than 255 bytes"),
  ])
  func whyANameIsNotUsedIsSaid(_ name: String, _ reason: String) {
    #expect(fileNameFault(name) == reason)
  }
}
