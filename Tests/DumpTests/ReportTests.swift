import Foundation
import FoundationXML
import ShoalBase
import ShoalContent
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

/// The page shows what the capture says, works in a browser, and is harmless whatever names the capture contains.
@Suite struct ReportTests {
  private static let needsChromium: ConditionTrait = .enabled(
    if: RunningProgram.exists("chromium"), "chromium is not installed")

  @Test func columnsComeBack() {
    var generator = SeededGenerator(seed: 5)
    for round in 0..<200 {
      var values = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
        Int64(bitPattern: generator.next()) >> Int64.random(in: 0...63, using: &generator)
      }
      if round % 3 == 0 { values += [Int64](repeating: 7, count: 100) + [0, 0, .max, .min, 0] }
      var column = Column()
      for value in values { column.append(value) }
      #expect(column.values == values, "round \(round)")
    }
    var column = Column()
    for value: Int64 in [1, 1, 1, -200, 5] { column.append(value) }
    #expect(Data(base64Encoded: column.base64()) == Data([2, 0, 1, 0x91, 0x03, 0x9a, 0x03]))
  }

  @Test(needsChromium, arguments: ["sr", "gbn"])
  func everyVerbWorks(_ arq: String) async throws {
    let bytes = try await TransferCapture.make("loss=5%,corrupt=3%,delay=3ms", size: 400_000, arq: arq)
    try expectWorking(page(bytes))
  }

  @Test(needsChromium) func theCheckFindsWhatIsBroken() throws {
    let capture = TestCapture()
    for sequence in UInt32(1)..<50 {
      capture.add(try data(sequence, block(offset: UInt64(sequence) * 100, count: 100)))
    }
    let html = try page(capture.bytes)
    try expectWorking(html)
    let still = html.replacing("zoom(Math.exp(event.deltaY / 500)", with: "zoom(1")
    try #expect(still != html && (try document(still)).contains("data-check=\"the wheel zooms\""))
    let broken = html.replacing("readHash();\n}", with: "readHash();\n  noSuchFunction();\n}")
    try #expect(broken != html && (try document(broken)).contains("noSuchFunction is not defined"))
  }

  @Test(needsChromium) func hostileNamesAreText() throws {
    let name = "</script><script>document.body.dataset.hacked = 1</script><img src=x onerror=alert(1)>&amp;\u{202E}"
    let capture = TestCapture()
    var want = Want()
    want.id = film
    capture.add(try data(1, want.encoded()), from: alice, to: bob)
    var offer = Offer()
    (offer.size, offer.pieceExponent, offer.chunks, offer.name) = (200_000, 16, 4, name)
    offer.have = [ChunkRun(first: 0, count: 4)]
    capture.add(try data(1, offer.encoded()), from: bob, to: alice)
    for sequence in UInt32(2)..<40 {
      capture.add(try data(sequence, block(offset: UInt64(sequence) * 1_000, count: 1_000)), from: bob, to: alice)
    }
    var close = ClosePacket()
    close.reason = name
    try capture.add(close)
    let html = try page(capture.bytes)
    let dom = try document(html)
    #expect(!dom.contains("data-hacked") && !dom.contains("data-error"))
    #expect(dom.contains("&lt;/script&gt;") || html.contains("\\u003c/script>"))
    #expect(html.components(separatedBy: "</script>").count == 3, "the data end no script")
    // The page would show the characters that JSON's escapes stand for.
    #expect(!html.contains("\u{202E}") && html.firstMatch(of: /[^\\]\\u202[eE]/) == nil)
  }

  @Test(needsChromium) func anAnswerIsNotRemarkable() throws {
    let talk = try Conversation()
    try talk.data(1_000)
    try talk.ack(1_001, echo: talk.clock)
    #expect(try talk.marks().contains(["reply"]))
    #expect(try document(page(talk.capture.bytes)).contains(#"id="marks-count">0</small>"#))
  }

  @Test(needsChromium) func capturesWithoutAConnection() throws {
    let capture = TestCapture()
    try capture.add(ConnectPacket(), connection: 5, to: tracker)
    let dom = try document(page(capture.bytes))
    #expect(dom.contains("no connection") && !dom.contains("data-error"))
    let oneWay = TestCapture()
    for sequence in UInt32(1)..<9 { oneWay.add(try data(sequence, attempt: UInt8(sequence % 2))) }
    #expect(try !document(page(oneWay.bytes)).contains("data-error"))
  }

  @Test(needsChromium) func emptyPanelsSayWhy() throws {
    let talk = try Conversation()
    for sequence in UInt32(1_000)..<1_010 { try talk.data(sequence) }
    let without = try document(page(talk.capture.bytes))
    #expect(without.contains("left out: no ACK gives a round trip here"))
    #expect(without.contains("left out: nothing was lost"))
    try expectWorking(page(talk.capture.bytes))
    try talk.ack(1_006, top: 1_010, echo: talk.clock, slice: [1, 3], count: 4, after: 20_000)
    try talk.data(1_006, attempt: 1)
    let full = try document(page(talk.capture.bytes))
    #expect(full.split(separator: ">left out: ").dropFirst().map { $0.prefix(40) } == [])
  }

  @Test(needsChromium, arguments: [true, false])
  func theDirectionOfAQlogIsShownOrHintedAt(_ carriesContent: Bool) throws {
    let talk = try Conversation()
    for sequence in UInt32(1_000)..<1_010 { try talk.data(sequence) }
    for sequence in UInt32(50)..<53 {
      var packet = DataPacket()
      packet.sequence = sequence
      let message = carriesContent ? try block(offset: UInt64(sequence) * 40, count: 40) : try Have().encoded()
      let datagram = sealed(try packet.datagram(connection: Conversation.aliceID) + message)
      talk.capture.add(datagram, from: bob, to: alice, outbound: false)
    }
    let event =
      #"{"time":1795356194830,"name":"recovery:metrics_updated","group_id":"a11ce00000000001","#
      + #""data":{"congestion_window":12000}}"#
    let dom = try document(page(talk.capture.bytes, qlogs: [Array("\u{1e}\(event)\n".utf8)]))
    let (forth, back) = ("<span>\(alice) &gt; \(bob)</span>", "<span>\(bob) &gt; \(alice)</span>")
    #expect(dom.contains(carriesContent ? back : forth) && !dom.contains(carriesContent ? forth : back))
    #expect(dom.contains("<p id=\"hint\">The qlog covers the other direction") == !carriesContent)
    try #expect(document(page(talk.capture.bytes)).contains(forth))
  }

  @Test(needsChromium) func capturesOfOthersHaveNoControls() throws {
    let capture = TestCapture()
    capture.add([1, 2, 3])
    let dom = try document(page(capture.bytes))
    #expect(dom.contains("The capture holds no Shoal datagram.") && dom.contains("<nav hidden=\"\">"))
  }

  @Test func isOneFileThatFetchesNothing() throws {
    let capture = TestCapture()
    capture.add(try data(1))
    let html = try page(capture.bytes)
    for pattern in ["http://", "https://", "src=", "href=", "import(", "fetch(", "url("] {
      #expect(!html.contains(pattern), "\(pattern)")
    }
    #expect(html.contains("default-src 'none'"))
  }

  @Test(needsChromium) func titleAndDateAreAtTheTop() async throws {
    let talk = try Conversation()
    try talk.data(1_000)
    let dom = try document(page(talk.capture.bytes))
    #expect(dom.firstMatch(of: /<span id="file">report\.pcapng<\/span>/) != nil)
    #expect(dom.firstMatch(of: /<p id="when">20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC, [\d.]+ s, 3 datagrams<\/p>/) != nil)
  }

  @Test(needsChromium, arguments: [420, 900, 1_600]) func worksAtEveryWidth(_ width: Int) async throws {
    let transfer = try await TransferCapture.both("loss=3%,corrupt=1%,delay=3ms,rate=50mbit", size: 1_500_000)
    if width == 900 {
      try expectWorking(page(transfer.sender), width: width)
      try expectWorking(page(transfer.receiver), width: width)
    }
    try expectWorking(page(transfer.sender, qlogs: [transfer.qlog]), width: width)
    try expectWorking(page(transfer.receiver, qlogs: [transfer.receiverQlog, transfer.qlog]), width: width)
  }

  /// From the receiver's files alone, a report shows round trips, gaps and ACKs, and says what the sender's files would
  /// show.
  @Test(needsChromium) func theReceiversEnd() async throws {
    let transfer = try await TransferCapture.both("loss=3%,delay=3ms,rate=50mbit", size: 600_000)
    let dom = try document(page(transfer.receiver, qlogs: [transfer.receiverQlog]))
    #expect(dom.contains("Captured at the receiver's end"))
    #expect(dom.contains("only the sender's capture and qlog show the congestion window"))
    #expect(dom.contains("of what the receiver sends: ") && dom.contains("Goodput and arrival rate"))
    for panel in ["Waiting behind gaps", "ACK delay", "Limited by"] {
      #expect(dom.firstMatch(of: try Regex("\(panel)[^<]*<small>(?!left out)[^<]")) != nil, "\(panel)")
    }
    let with = try document(page(transfer.receiver, qlogs: [transfer.receiverQlog, transfer.qlog]))
    #expect(with.contains("come from the sender's qlog") && with.contains("by the sender's qlog: "))
    let sender = try document(page(transfer.sender, qlogs: [transfer.qlog]))
    #expect(!sender.contains("Captured at the receiver's end") && sender.contains("Goodput and sending rate"))
  }

  @Test func axesHaveThreeTicks() {
    for low in [0, 0.3, 17, -4, 1e6] {
      for span in [1e-6, 0.0007, 0.3, 1, 1.2, 2.2, 3, 17, 999, 1e5] {
        let ticks = SVGDrawing.ticks(low...low + span, most: 4)
        #expect(ticks.count >= 3 && ticks.count <= 10, "\(low), \(span): \(ticks)")
      }
    }
  }

  @Test func graphsAreFiles() async throws {
    let bytes = try await TransferCapture.make("loss=3%,corrupt=1%,delay=2ms", size: 200_000)
    let scratch = try Scratch()
    let outcome = try inspectReport(bytes, ["--svg", scratch.at("graphs")])
    #expect(outcome.status == 0, "\(outcome.error)")
    let names = scratch.names(in: "graphs")
    #expect(names.contains("1-sequence.svg") && names.contains("1-chunks.svg") && names.contains("2-losses.svg"))
    for name in names {
      let parser = XMLParser(data: Data(try scratch.read("graphs/\(name)")))
      #expect(parser.parse(), "\(name): \(parser.parserError.map { "\($0)" } ?? "")")
    }
  }

  @Test func saysWhatItCannotDo() throws {
    let capture = TestCapture()
    capture.add(try data(1))
    #expect(
      try inspectReport(capture.bytes, ["-o", "/nonexistent/a.html"]).error.hasPrefix("shoal-dump: error: /nonexi"))
    #expect(try run(["report", "/nonexistent/a.pcapng"]).status == 1)
    #expect(try run(["report"]).status == 2)
    let cut = try inspectReport(capture.bytes.dropLast(3), ["-o", "-"])
    #expect(cut.status == 1 && cut.error.contains(": byte "))
  }

  private func inspectReport(_ bytes: some Sequence<UInt8>, _ options: [String]) throws -> Outcome {
    let scratch = try Scratch()
    return try run(["report", scratch.write("report.pcapng", bytes)] + options)
  }

  private func page(_ bytes: [UInt8], qlogs: [[UInt8]] = []) throws -> String {
    let scratch = try Scratch()
    let files = try qlogs.enumerated().map { index, bytes in
      try scratch.write("\(index).qlog", bytes)
    }
    let outcome = try inspectReport(bytes, files.flatMap { ["--qlog", $0] } + ["-o", "-"])
    #expect(outcome.status == 0, "\(outcome.error)")
    return outcome.output
  }

  private func expectWorking(_ html: String, width: Int = 1_400) throws {
    let dom = try document(html, width: width)
    let verdict = dom.firstMatch(of: /data-check="([^"]*)"/).map { String($0.1) }
    let error = dom.firstMatch(of: /data-error="([^"]*)"/).map { String($0.1) }
    #expect(verdict == "passed" && error == nil, "\(verdict ?? "did not check itself"), \(error ?? "no error")")
  }

  /// The page's document after it has checked itself.
  private func document(_ html: String, width: Int = 1_400) throws -> String {
    let scratch = try Scratch()
    let file = try scratch.write("report.html", html.utf8)
    let result = try RunningProgram.run(
      "chromium",
      [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--virtual-time-budget=10000",
        "--user-data-dir=\(scratch.at("profile"))", "--window-size=\(width),1500", "--dump-dom",
        "file://\(file)#check",
      ])
    #expect(result.output.contains("</html>"), "\(result)")
    return result.output
  }
}
