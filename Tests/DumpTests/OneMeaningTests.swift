import Foundation
import ShoalBase
import ShoalCapture
import ShoalContent
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

/// A number has the same meaning in every command, and no command states what a capture cannot show.
@Suite struct OneMeaningTests {
  /// One ACK may show that many repeats were needless: repeats are counted, wherever they are.
  @Test func needlessRepeatsAreCountedOnce() throws {
    let talk = try Conversation()
    for sequence in UInt32(1_000)..<1_010 {
      try talk.data(sequence)
      try talk.ack(sequence + 1, echo: talk.clock, after: 20_000)
    }
    for sequence in UInt32(1_010)..<1_015 { try talk.data(sequence, after: 10) }
    let echo = talk.clock
    for sequence in UInt32(1_010)..<1_015 {
      try talk.data(sequence, attempt: 1, after: sequence == 1_010 ? 19_000 : 10)
    }
    try talk.ack(1_015, echo: echo, after: 900)
    #expect(try talk.lines().last?.hasSuffix("[shows that 5 repeats were needless]") == true)
    let text = try inspect(by: "stats", talk.capture.bytes).output
    #expect(text.contains("(5 of 20), 5 needless") && text.contains("marks: resent 5, spurious 5"), "\(text)")
    let all = try objects(inspect(by: "stats", talk.capture.bytes, "--json"))
    #expect(all.compactMap { $0["spurious"] as? Int }.reduce(0, +) == 5)
    #expect((all.last?["marks"] as? [String: Int])?["spurious"] == 5)
    let failure = try inspect(talk.capture.bytes, "-q", "--assert", "spurious < 10%")
    #expect(failure.status == 1 && failure.error.contains("is 25.00% (5 of 20)"), "\(failure.error)")
  }

  @Test(arguments: ["sr", "gbn"]) func theReportSaysWhatStatsSays(_ arq: String) async throws {
    let both = try await TransferCapture.both("loss=5%,corrupt=3%,delay=3ms", size: 400_000, arq: arq)
    for bytes in [both.sender, both.receiver] {
      let stats = try objects(inspect(by: "stats", bytes, "--json")).filter { $0["kind"] as? String == "flow" }
      let text = try inspect(by: "stats", bytes).output
      let flows = try #require(page(bytes)["flows"] as? [[String: Any]])
      for flow in stats where flow["content_bytes"] as? Int ?? 0 > 0 {
        let id = try #require(flow["connection"] as? String)
        let verdict = try #require(flows.first { $0["connection"] as? String == id }?["verdict"] as? String)
        // Two lines: the head has length, content, rate and overhead, the second the rest.
        let lines = text.split(separator: "\n")
        let at = try #require(lines.firstIndex { $0.contains("  \(id.prefix(8))  ") })
        let head = lines[at].components(separatedBy: "  ")
        for part in head[2...4] { #expect(verdict.contains(part), "\(part): \(verdict)") }
        #expect(verdict.contains("Wire \(head[5])."), "\(head[5]): \(verdict)")
        for (name, words) in [
          ("lost_by_ack", "found by ACK"), ("lost_by_timeout", "found by timeout"), ("missed", "never came before"),
          ("spurious", "proved needless"),
        ] {
          let count = flow[name] as? Int ?? 0
          #expect(verdict.contains("\(count) \(words)") == (count > 0), "\(count) \(words): \(verdict)")
        }
        let lost = ["lost_by_ack", "lost_by_timeout", "missed"].reduce(0) { $0 + (flow[$1] as? Int ?? 0) }
        #expect(verdict.contains(" \(lost) lost (") && lost > 0, "\(verdict)")
        #expect(flows.first { $0["connection"] as? String == id }?["declared"] as? Int == lost)
        #expect(verdict.contains("reported") == (flow["reported_corrupt"] as? Int != 0), "\(verdict)")
      }
    }
  }

  @Test func headersOfEitherIP() throws {
    let six = Address(high: 0x2001_0db8 << 32, low: 1, port: 7_401)
    for (from, to, header) in [(alice, bob, 28), (six, six, 48)] {
      let capture = TestCapture()
      capture.add(try data(1, block(offset: 0, count: 1_000)), from: from, to: to)
      let object = try #require(objects(inspect(by: "stats", capture.bytes, "--json")).first)
      let length = try #require(object["bytes"] as? Int)
      #expect(object["overhead"] as? Double == Double(length + header) / 1_000)
      let limit = "overhead == \(Double(length + header) / 1_000)"
      #expect(try inspect(capture.bytes, "-q", "--assert", limit).status == 0)
    }
  }

  /// Only the sender's end knows what is in flight, and the round trip.
  @Test func theReceiversEndKnowsNoFlight() throws {
    let there = try Conversation()
    try there.data(1_000)
    try there.ack(1_001, echo: there.clock, after: 20_000)
    #expect(try inspect(by: "stats", there.capture.bytes).output.contains("in flight at most 142 B  RTT min"))
    let capture = TestCapture()
    capture.add(try data(1, block(offset: 0, count: 100)), outbound: false)
    let text = try inspect(by: "stats", capture.bytes).output
    #expect(!text.contains("in flight at most") && !text.contains("RTT min"), "\(text)")
    #expect(text.hasSuffix("-       -\n"), "\(text)")
    let all = try objects(inspect(by: "stats", capture.bytes, "--json"))
    #expect(all[0]["most_in_flight"] is NSNull && all[0]["rtt"] is NSNull)
    #expect(all[2]["kind"] as? String == "second" && all[2]["most_in_flight"] is NSNull)
    let line = try #require(objects(inspect(capture.bytes, "--json")).first)
    #expect(line["in_flight"] == nil)
    let failure = try inspect(capture.bytes, "-q", "--assert", "in_flight < 1MB")
    #expect(failure.status == 1 && failure.error.contains("not known"))
  }

  /// A chunk is whole once the receiver has all of it: at the sender's end, only its ACKs tell that.
  @Test func chunksAreWholeWhenTheyHaveArrived() throws {
    for isReceivers in [false, true] {
      let talk = try Conversation()
      var offer = Offer()
      (offer.size, offer.pieceExponent, offer.chunks) = (400, 16, 1)
      func send(_ sequence: UInt32, _ messages: [UInt8], isSeen: Bool = true) throws {
        var packet = DataPacket()
        (packet.sequence, packet.timestamp) = (sequence, talk.clock)
        var datagram = sealed(try packet.datagram(connection: Conversation.bobID) + messages)
        if !isSeen { datagram[50] ^= 1 }
        talk.capture.add(datagram, outbound: !isReceivers)
      }
      try send(1_000, offer.encoded())
      for part in UInt32(0)..<3 { try send(1_001 + part, block(offset: UInt64(part) * 100, count: 100)) }
      if isReceivers { try send(1_004, block(offset: 300, count: 100), isSeen: false) }
      #expect(try whole(talk) == 0)
      try send(1_004, block(offset: 300, count: 100))
      // All was sent; at the sender's end that is not enough.
      #expect(try whole(talk) == (isReceivers ? 1 : 0))
      try talk.ack(1_002, top: 1_004, echo: talk.clock, slice: [1, 1], count: 2)
      #expect(try whole(talk) == (isReceivers ? 1 : 0))
      try talk.ack(1_002, top: 1_005, echo: talk.clock, slice: [0, 3], count: 3)
      #expect(try whole(talk) == 1)
    }
  }

  /// How many chunks the swarm map has as whole.
  private func whole(_ talk: Conversation) throws -> Int? {
    let lanes = try page(talk.capture.bytes)["lanes"] as? [[String: Any]]
    return (lanes?.first?["whole"] as? [String: Any])?["count"] as? Int
  }

  private func page(_ bytes: [UInt8]) throws -> [String: Any] {
    let html = try inspect(by: "report", bytes, "-o", "-").output
    let start = try #require(html.range(of: #"<script type="application/json" id="data">"#)?.upperBound)
    let end = try #require(html.range(of: "</script>", range: start..<html.endIndex)?.lowerBound)
    return try JSONSerialization.jsonObject(with: Data(html[start..<end].utf8)) as? [String: Any] ?? [:]
  }
}
