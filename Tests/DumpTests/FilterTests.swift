import ShoalWire
import Testing

@testable import shoal_dump

@Suite struct FilterTests {
  private static let bytes: [UInt8] = {
    do {
      let talk = try Conversation()
      try talk.data(1_000)
      try talk.data(1_001)
      try talk.ack(1_000, top: 1_002, echo: talk.clock, delay: 400, slice: [1, 1], count: 2, after: 20_000)
      try talk.data(1_000, attempt: 1)
      var register = RegisterPacket()
      (register.id, register.name, register.have) = (film, "film.mkv", [ChunkRun(first: 3, count: 2)])
      register.cut = Cut(size: 700, pieceExponent: 10, chunks: 1)
      try talk.capture.add(register, connection: 9, from: alice, to: tracker)
      var damaged = try data(1_002)
      damaged[20] ^= 1
      talk.capture.add(damaged)
      return talk.capture.bytes
    } catch { return [] }
  }()

  /// 1 OPEN, 2 ACCEPT, 3 DATA 1000, 4 DATA 1001, 5 ACK, 6 DATA 1000 again, 7 REGISTER, 8 corrupt.
  @Test(arguments: [
    ("type == data", [3, 4, 6]), ("type != data", [1, 2, 5, 7, 8]), ("data && seq > 1000", [4]),
    ("seq >= 1000 and attempt == 0", [3, 4]), ("!checksum.ok", [8]), ("checksum.ok == false", [8]),
    ("corrupt || resent", [6, 8]), ("mark == resent", [6]), ("not (type == data or type == ack)", [1, 2, 7, 8]),
    ("attempt", [3, 4, 6]), ("next == 1000", [5]), ("rtt < 1ms", []), ("rtt >= 19ms && rtt < 20ms", [5]),
    ("in_flight == 284", [4]), ("acked > 0B", [5]), ("content == 100", [3, 4, 6]), ("block", [3, 4, 6]),
    ("message == block && time < 23ms", [3, 4]), ("n == 7", [7]), ("len > 1kB", [1]), ("src == 10.0.0.1", [2, 5]),
    ("dst == 10.0.0.1:7401", [1, 3, 4, 6, 8]), ("peer == :7400", [7]), ("port == 7400", [7]), ("port != 7401", [7]),
    ("sport == 7402 && dport == 7400", [7]), ("conn == b0b0", [3, 4, 6]), ("flow == a11ce", [1, 2, 3, 4, 5, 6]),
    ("name == \"film.mkv\"", [7]), ("name contains \"ilm\"", [7]), ("name != film.mkv", []), ("id == 6b0c12d4", [7]),
    ("have == 4", [7]), ("have == 5", []), ("window < 100", [1, 2]), ("arq == sr", [1, 2]), ("arq == gbn", []),
    ("ack_delay == 25ms", [3, 4, 6]), ("encoding == runs", [5]), ("reply", [2]), ("token", []), ("seq", [3, 4, 6]),
    ("chunk == 3", [7]), ("timestamp != 0", [3, 4, 6]), ("captured < 100", [2, 5, 7, 8]),
  ])
  func whatPasses(_ expression: String, _ numbers: [Int]) throws {
    let outcome = try inspect(Self.bytes, "-f", expression)
    #expect(outcome.lines.map { Int($0.prefix(4).drop { $0 == " " }) } == numbers, "\(expression)")
    #expect(outcome.error == "" && outcome.status == 0)
  }

  @Test(arguments: [
    (["--type", "data,ack"], [3, 4, 5, 6]), (["--peer", "10.0.0.1:7400"], [7]), (["--flow", "b0b0"], [2, 3, 4, 5, 6]),
    (["--marks", "any"], [6, 8]), (["--marks", "reply,resent"], [2, 6]),
    (["--from", "0.04", "--to", "0.0445"], [5, 6, 7]),
    (["--chunk", "0-3"], [7]), (["--chunk", "5"], []), (["--type", "data", "-f", "attempt == 1"], [6]),
  ])
  func options(_ options: [String], _ numbers: [Int]) throws {
    let outcome = try inspect(Self.bytes, options: options)
    #expect(outcome.lines.map { Int($0.prefix(4).drop { $0 == " " }) } == numbers, "\(options)")
  }

  @Test(arguments: [
    ("", 0, "a field is missing"), ("type =", 5, "did you mean ==?"), ("type == ", 8, "a value is missing"),
    ("typ == data", 0, "there is no field 'typ'; did you mean type?"), ("type == dat", 8, "no type is 'dat'"),
    ("(seq > 1", 8, "a ) is missing"), ("seq > 1)", 7, "')' is not expected here"), ("seq > x", 6, "is a number"),
    ("len > 3s", 6, "no such unit"), ("type > data", 0, "can only be == or !="), ("src == nowhere", 7, "is no address"),
    ("name == \"x", 8, "not closed"), ("seq @ 1", 4, "is no operator"), ("&& seq", 0, "instead of a field"),
    ("conn == xyz", 8, "hexadecimal"), (String(repeating: "(", count: 70), 64, "nested too deeply"),
    ([String](repeating: "seq", count: 257).joined(separator: "||"), 1_283, "more than 256 comparisons"),
  ])
  func errorsPointAtTheColumn(_ expression: String, _ column: Int, _ reason: String) throws {
    let outcome = try inspect(Self.bytes, "--filter", expression)
    let lines = outcome.error.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(outcome.status == 2 && outcome.output == "" && lines.count == 4)
    #expect(lines[0].hasPrefix("shoal-dump: error: --filter: ") && lines[0].contains(reason), "\(lines[0])")
    #expect(lines[1] == "  \(expression)" && lines[2] == String(repeating: " ", count: column + 2) + "^", "\(lines)")
  }

  @Test func assertions() throws {
    func check(_ expression: String) throws -> Outcome { try inspect(Self.bytes, "-q", "--assert", expression) }
    let good = [
      "resent == 1", "resent > 33%", "resent < 34%", "corrupt == 1 && malformed == 0", "datagrams == 8", "data == 3",
      "rtt.median > 19ms", "duration < 1s", "tracker.requests == 1", "content == 200B", "goodput > 1kB", "acks == 1",
      "retransmitted <= 1 || corrupt == 0", "!(corrupt == 0)",
    ]
    for expression in good {
      let outcome = try check(expression)
      #expect(outcome.status == 0 && outcome.error == "", "\(expression): \(outcome.error)")
    }
    #expect(try check("resent < 10%").error == "shoal-dump: assertion failed: resent < 10%: is 33.33% (1 of 3)\n")
    #expect(try check("resent < 10%").status == 1)
    #expect(
      try check("corrupt == 0 && data > 2").error
        == "shoal-dump: assertion failed: corrupt == 0 && data > 2: corrupt is 1, data is 3\n")
    let none = try inspect(Self.bytes, "-q", "--type", "open", "--assert", "rtt.median < 1s")
    #expect(none.status == 1 && none.error.contains("is not known: no samples"))
    for expression in ["sent == 1", "resent", "resent == many", "duration < 10%", "goodput > 3s"] {
      #expect(try check(expression).status == 2, "\(expression)")
    }
  }

  @Test func everyNameThatIsListed() throws {
    let text = try run(["--fields"]).output
    for name in PacketField.allCases.map(\.rawValue) + Mark.allCases.map(\.name) + Schema.fieldNames {
      #expect(text.contains(" \(name)"))
      #expect(throws: Never.self) { _ = try Predicate(Condition(name).comparisons[0]) }
    }
  }
}
