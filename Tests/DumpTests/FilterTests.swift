import ShoalContent
import ShoalWire
import TestSupport
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
    ("type == data", [3, 4, 6, 8]), ("type != data", [1, 2, 5, 7]), ("data && seq > 1000", [4, 8]),
    ("type == data && seq > 1000 && !checksum.ok", [8]), ("shoal.seq gt 1000 and not shoal.checksum.ok", [8]),
    ("seq eq 1000", [3, 6]), ("attempt ne 0", [6, 8]), ("shoal.close.code", []),
    ("seq ge 1001 or next le 1000", [4, 5, 8]),
    ("seq >= 1000 and attempt == 0", [3, 4]), ("!checksum.ok", [8]), ("checksum.ok == false", [8]),
    ("corrupt || resent", [6, 8]), ("mark == resent", [6]), ("not (type == data or type == ack)", [1, 2, 7]),
    ("attempt", [3, 4, 6, 8]), ("next == 1000", [5]), ("rtt < 1ms", []), ("rtt >= 19ms && rtt < 20ms", [5]),
    ("acked > 0", [5]), ("delay < 1ms", [5]),
    ("in_flight == 284B", [4]), ("acked > 0B", [5]), ("content == 100B", [3, 4, 6]), ("block", [3, 4, 6]),
    ("message == block && time < 23ms", [3, 4]), ("n == 7", [7]), ("len > 1kB", [1]), ("src == 10.0.0.1", [2, 5]),
    ("dst == 10.0.0.1:7401", [1, 3, 4, 6, 8]), ("peer == :7400", [7]), ("port == 7400", [7]), ("port != 7401", [7]),
    ("sport == 7402 && dport == 7400", [7]), ("conn == b0b0", [3, 4, 6]), ("flow == a11ce", [1, 2, 3, 4, 5, 6, 8]),
    ("name == \"film.mkv\"", [7]), ("name contains \"ilm\"", [7]), ("name != film.mkv", []), ("id == 6b0c12d4", [7]),
    ("have == 4", [7]), ("have == 5", []), ("window < 100", [1, 2]), ("arq == sr", [1, 2]), ("arq == gbn", []),
    ("ack_delay == 25ms", [3, 4, 6, 8]), ("encoding == runs", [5]), ("reply", [2]), ("token", []),
    ("seq", [3, 4, 6, 8]),
    ("chunk == 3", [7]), ("timestamp != 0", [3, 4, 6]), ("captured < 100B", [2, 5, 7, 8]),
    ("len > 1 kB && len < 2 kB", [1]), ("rtt >= 19 ms and rtt < 20 ms", [5]),
  ])
  func whatPasses(_ expression: String, _ numbers: [Int]) throws {
    let outcome = try inspect(Self.bytes, "-f", expression)
    #expect(outcome.lines.map { Int($0.prefix(4).drop { $0 == " " }) } == numbers, "\(expression)")
    #expect(outcome.error == "" && outcome.status == 0)
  }

  @Test(arguments: [
    (["--type", "data,ack"], [3, 4, 5, 6, 8]), (["--peer", "10.0.0.1:7400"], [7]),
    (["--flow", "b0b0"], [2, 3, 4, 5, 6, 8]),
    (["--marks", "any"], [6, 8]), (["--marks", "reply,resent"], [2, 6]),
    (["--from", "0.04s", "--to", "0.0445s"], [5, 6, 7]), (["--from", "40ms", "--to", "44.5 ms"], [5, 6, 7]),
    (["--type", "data, ack"], [3, 4, 5, 6, 8]), (["--type", "data", "--marks", "corrupt"], [8]),
    (["--flow", "77", "--marks", "corrupt"], []), (["--flow", "0000000000000077", "--marks", "corrupt"], [8]),
    (["--chunk", "0-3"], [7]), (["--chunk", "5"], []), (["--type", "data", "-f", "attempt == 1"], [6, 8]),
  ])
  func options(_ options: [String], _ numbers: [Int]) throws {
    let outcome = try inspect(Self.bytes, options: options)
    #expect(outcome.lines.map { Int($0.prefix(4).drop { $0 == " " }) } == numbers, "\(options)")
  }

  @Test(arguments: [
    ("", 0, "a field is missing"), ("type =", 5, "did you mean ==?"), ("type == ", 8, "a value is missing"),
    ("typ == data", 0, "there is no field 'typ'; did you mean type?"), ("type == dat", 8, "no type is 'dat'"),
    ("(seq > 1", 8, "a ) is missing"), ("seq > 1)", 7, "')' is not expected here"), ("seq > x", 6, "is a number"),
    ("next < top", 7, "a field cannot be compared with a field"),
    ("seq gt shoal.window", 7, "a field cannot be compared with a field"),
    ("len > 3s", 6, "len has no such unit; there are: B, kB"),
    ("rtt > 50", 6, "rtt needs a unit, as in 50ms: ns, us, ms"),
    ("len >= 1200", 7, "len needs a unit, as in 1200kB: B, kB"), ("ack_delay == 25000", 13, "ack_delay needs a unit"),
    ("delay < 3kB", 8, "delay has no such unit"), ("seq > 5s", 6, "seq has no such unit; there are: none"),
    ("type > data", 0, "can only be compared with == or !="), ("src == nowhere", 7, "is not an address"),
    ("name == \"x", 8, "not closed"), ("seq @ 1", 4, "is not an operator"), ("&& seq", 0, "instead of a field"),
    ("conn == xyz", 8, "hexadecimal"), ("resent == true", 0, "resent is a mark: write it alone, or !resent"),
    ("data == 7", 0, "data is not a field; write type == data"), ("needless", 0, "did you mean spurious?"),
    ("seq && lost", 7, "did you mean lost_by_ack?"), ("mark == lost", 8, "did you mean lost_by_ack?"),
    ("len > 5 MB/s", 6, "no such unit"), ("seq > 1 2", 8, "'2' is not expected here"),
    (String(repeating: "(", count: 70), 64, "nested too deeply"),
    ([String](repeating: "seq", count: 257).joined(separator: "||"), 1_283, "more than 256 comparisons"),
  ])
  func errorsPointAtTheColumn(_ expression: String, _ column: Int, _ reason: String) throws {
    let outcome = try inspect(Self.bytes, "--filter", expression)
    let lines = outcome.error.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(outcome.status == 2 && outcome.output == "" && lines.count == 4)
    #expect(lines[0].hasPrefix("shoal-dump: error: --filter: ") && lines[0].contains(reason), "\(lines[0])")
    #expect(lines[1] == "  \(expression)" && lines[2] == String(repeating: " ", count: column + 2) + "^", "\(lines)")
  }

  @Test(arguments: [
    ("--type", "data,ak", 5, "no type is 'ak'; did you mean ack?"),
    ("--marks", "needless", 0, "no mark is 'needless'; did you mean spurious?"),
    ("--marks", "resent, lost", 8, "no mark is 'lost'; did you mean lost_by_ack?"),
    ("--peer", "nowhere", 0, "'nowhere' is not an address"), ("--flow", "12,xyz", 3, "16 hexadecimal digits"),
    ("--type", "", 0, "no type is '"),
  ])
  func errorsShowWhatWasTyped(_ option: String, _ typed: String, _ column: Int, _ reason: String) throws {
    let outcome = try inspect(Self.bytes, "\(option)=\(typed)")
    let lines = outcome.error.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(outcome.status == 2 && lines.count == 4, "\(outcome.error)")
    #expect(lines[0].hasPrefix("shoal-dump: error: \(option): ") && lines[0].contains(reason), "\(lines[0])")
    #expect(lines[1] == "  \(typed)" && lines[2] == String(repeating: " ", count: column + 2) + "^", "\(lines)")
  }

  @Test func invalidTimes() throws {
    for time in ["x", "-1s", "2", "2kB", "10%", ""] {
      let outcome = try inspect(Self.bytes, "--from=\(time)")
      #expect(outcome.status == 2 && outcome.error.contains("must be a time such as 2s or 500ms"), "\(time)")
    }
  }

  @Test(arguments: [
    ("100MB/s", 1e8), ("100mbit", 12.5e6), ("1Mbit/s", 125e3), ("8bit/s", 1), ("1.5kB/s", 1500), ("2GB/s", 2e9),
  ])
  func rates(_ text: String, _ value: Double) throws {
    let quantity = try #require(Quantity(text))
    #expect(quantity.value == value && quantity.unit == "B/s")
  }

  @Test func valuesAgreeWithTheVerdict() throws {
    func text(_ expression: String, _ number: Double, _ usual: String) throws -> String {
      let comparison = try Condition(expression).comparisons[0]
      let measure = try #require(Measure(comparison.field.text))
      let limit = try #require(Quantity(comparison.value?.text ?? ""))
      return Assertion.text((number, usual), measure, try #require(comparison.relation), limit)
    }
    #expect(try text("rtt.p99 < 100ms", 0.1004, "0.1 s") == "0.1004 s")
    #expect(try text("rtt.p99 < 100ms", 0.31, "0.3 s") == "0.3 s")
    #expect(try text("tracker.latency < 1us", 0.000_042, "0.0 ms") == "0.04 ms")
    #expect(try text("duration < 100s", 100.3, "1 min 40 s") == "100.3 s")
    #expect(try text("resent < 10%", 0.100_001, "10.00% (1 of 9)") == "10.0001% (1 of 9)")
    #expect(try text("resent < 0.01%", 0.0005, "<0.1% (5 of 10,000)") == "0.1% (5 of 10,000)")
    #expect(try text("content < 1.5MB", 1_500_001, "1.5 MB") == "1,500,001 B")
    #expect(try text("goodput > 10 MB/s", 9_999_000, "10.0 MB/s") == "9.999 MB/s")
    #expect(try text("overhead < 1.06", 1.0601, "1.06") == "1.0601")
  }

  @Test func assertions() throws {
    func check(_ expression: String) throws -> Outcome { try inspect(Self.bytes, "-q", "--assert", expression) }
    let good = [
      "resent == 1", "resent > 33%", "resent < 34%", "corrupt == 1 && malformed == 0", "datagrams == 8", "data == 3",
      "rtt.median > 19ms", "duration < 1s", "tracker.requests == 1", "content == 200B", "goodput > 1kB",
      "goodput < 100 MB/s", "goodput > 1kbit", "acks == 1",
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
    for expression in [
      "sent == 1", "resent", "resent == many", "duration < 10%", "goodput > 3s", "rtt.p99 < 50", "content > 5",
      "goodput > 1", "duration < 2",
    ] {
      #expect(try check(expression).status == 2, "\(expression)")
    }
  }

  @Test func aBareNumberOfSeconds() throws {
    let outcome = try inspect(by: "stats", Self.bytes, "--assert", "rtt.p99 < 50 && resent < 10")
    #expect(outcome.status == 2 && outcome.error.contains("--assert: rtt.p99 needs a unit, as in 50ms: ns, us, ms, s"))
    #expect(try inspect(Self.bytes, "-q", "--assert", "duration > 0 && content != 0 && resent < 10").status == 0)
  }

  @Test(arguments: [["-q"], ["--json"], ["--type", "close"]])
  func anAssertionOverNothingFails(_ options: [String]) throws {
    let bytes = options[0] == "--type" ? Self.bytes : TestCapture().bytes
    let words = options + ["--assert", "corrupt == 0"]
    let outcome = try inspect(bytes, options: words)
    #expect(outcome.status == 1 && outcome.error.contains("assertion failed: corrupt == 0: no datagrams"))
    #expect(try inspect(bytes, options: options + ["--assert", "datagrams == 0"]).status == 0)
  }

  @Test func everyNameThatIsListed() throws {
    let text = try run(["--fields"]).output
    for name in PacketField.allCases.map(\.rawValue) + Mark.allCases.map(\.name) + Schema.fieldNames {
      #expect(text.contains(" \(name)"))
      #expect(throws: Never.self) { _ = try Predicate(Condition(name).comparisons[0]) }
    }
  }
}
