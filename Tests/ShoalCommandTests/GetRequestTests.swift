import Shoal
import ShoalTerminal
import Testing

@testable import ShoalCommand

@Suite struct GetRequestTests {
  private func request(_ words: String...) throws -> GetRequest {
    guard case .run(let invocation) = try CommandTable.shoal.parse(["get"] + words) else {
      throw UsageError("printed instead")
    }
    return try GetRequest(invocation["ticket"].text, invocation, allowsPeers: true)
  }

  @Test func aTicketIsEnough() throws {
    let text = "shoal:\(someID)?tracker=a.example:7400&peer=192.0.2.7:7401&name=film.mkv"
    let request = try request(text)
    guard case .ticket(let ticket) = request.subject else {
      Issue.record("no ticket")
      return
    }
    #expect(ticket.name == "film.mkv")
    #expect(request.trackerCount == 1)
  }

  @Test func aTicketThatAMailProgramWrapped() throws {
    let text = "shoal:\(someID.prefix(40))\n\(someID.dropFirst(40))?peer=192.0.2.7:7401"
    #expect(try request(text).subject == .ticket(Ticket(id: Ticket(someID).id, peers: ["192.0.2.7:7401"])))
  }

  @Test func anIDNeedsSomebodyToAsk() throws {
    #expect(
      failure { _ = try request(someID) }
        == "2 usage: id 6437b3ac: say who may know of it, with --tracker HOST:PORT or --peer HOST:PORT")
    #expect(try request(someID, "--peer", "192.0.2.7").peers == ["192.0.2.7:7401"])
    #expect(try request(someID, "--tracker", "192.0.2.7").trackers == ["192.0.2.7:7400"])
  }

  @Test func aNameNeedsATracker() throws {
    #expect(
      failure { _ = try request("film.mkv") }
        == "2 usage: \"film.mkv\" is a name: say which tracker knows it, with --tracker HOST:PORT")
    #expect(try request("my film.mkv", "--tracker", "a.example").subject == .name("my film.mkv"))
    // Short hexadecimal words are names.
    #expect(try request("cafe", "--tracker", "a.example").subject == .name("cafe"))
  }

  @Test(arguments: ["shaol:\(someID)", "http://example.org/film.mkv", "shoa:12345678", "magnet:\(someID)?tracker=a:1"])
  func aTicketWithATypoIsNoName(_ text: String) {
    #expect(
      failure { _ = try request(text, "--tracker", "a.example") }
        == "2 usage: \"\(text)\" is not a ticket: one begins with shoal1; copy it whole")
  }

  @Test func aWordWithATypoIsNoName() throws {
    let word = Ticket(id: try Ticket(someID).id, peers: ["192.0.2.7:7401"]).description
    #expect(try request(word).subject == .ticket(try Ticket(word)))
    #expect(
      failure { _ = try request("shaol" + word.dropFirst(5)) }
        == "2 usage: \"shaol\(word.dropFirst(5))\" is not a ticket: one begins with shoal1; copy it whole")
    #expect(
      failure { _ = try request(String(word.dropLast())) }
        == "2 bad_ticket: ticket: a character is wrong, missing or too many; copy it whole")
  }

  @Test(arguments: ["Alien: Romulus.mkv", "a:b", "Shoes: a film"]) func aNameMayHaveAColon(_ name: String) throws {
    #expect(try request(name, "--tracker", "a.example").subject == .name(name))
  }

  @Test func aTruncatedIDIsNoName() {
    #expect(
      failure { _ = try request(String(someID.dropLast(3))) }
        == "2 bad_ticket: ticket: id has 61 hex digits, not 64; copy it whole")
    #expect(failure { _ = try request("shoal:12") }.hasPrefix("2 bad_ticket: ticket: id has 2 hex digits"))
  }

  @Test func oneOfSeveralTicketsIsMeantOnlyIfTheyAreTheSame() throws {
    let ticket = "shoal:\(someID)?peer=192.0.2.7:7401&name=a&size=5&piece=1024&chunks=1"
    #expect(try request("\(ticket)\nElsewhere:  shoal get '\(ticket)'").subject == .ticket(try Ticket(ticket)))
    #expect(
      failure { _ = try request("\(ticket) and shoal:\(String(someID.reversed()))?peer=192.0.2.7:7401") }
        == "2 usage: 2 tickets in one text; give one of them")
  }

  @Test func aCommandThatWasPastedAfterItselfIsOne() {
    let words = ["get", "shoal", "get", "shoal:12", "--output", "x"]
    #expect(GetRequest.withoutRepeatedCommand(words) == Array(words.dropFirst(2)))
    #expect(GetRequest.withoutRepeatedCommand(["get", "shoal", "--force"]) == ["get", "shoal", "--force"])
  }

  @Test func discardingMayReplaceItsRecords() throws {
    for option in ["--capture=x", "--qlog=x"] {
      guard case .nowhere = try GetCommand.destination(try invocation("get", someID, "--discard", "--force", option))
      else { Issue.record("something is kept"); continue }
    }
  }

  @Test(arguments: ["--output=/tmp", "--force", "--stay"])
  func whatIsDiscardedIsNotKept(_ option: String) throws {
    let name = option.split(separator: "=")[0]
    #expect(
      failure { _ = try GetCommand.destination(try invocation("get", someID, "--discard", option)) }
        == "2 usage: --discard keeps nothing: leave out \(name), or --discard")
    guard case .nowhere = try GetCommand.destination(try invocation("get", someID, "--discard")) else {
      Issue.record("something is kept")
      return
    }
  }
}
