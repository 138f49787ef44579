import Foundation
import ShoalBase
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

/// A peer writes a qlog, and the inspector makes one of a capture; the page shows both together.
@Suite struct QlogTests {
  /// The records of a JSON text sequence: each begins with RS and ends with a line feed.
  private func records(_ bytes: [UInt8]) throws -> [[String: Any]] {
    #expect(bytes.first == 0x1e && bytes.last == UInt8(ascii: "\n"))
    return try bytes.split(separator: 0x1e).map { record in
      try #require(
        JSONSerialization.jsonObject(with: Data(record)) as? [String: Any], "\(String(decoding: record, as: UTF8.self))"
      )
    }
  }

  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Every namespace of events has its schema.
  private func expectSchemas(_ header: [String: Any]) throws {
    let trace = try #require(header["trace"] as? [String: Any])
    #expect(trace["event_schemas"] as? [String] == ["urn:ietf:params:qlog:events:quic", "urn:shoal:qlog:events"])
  }

  @Test func ofACapture() async throws {
    let bytes = try await TransferCapture.both("loss=5%,corrupt=2%,delay=3ms", size: 300_000).sender
    let outcome = try inspect(bytes, "--qlog")
    #expect(outcome.status == 0)
    let records = try records(Array(outcome.output.utf8))
    #expect(records[0]["file_schema"] as? String == "urn:ietf:params:qlog:file:sequential")
    let events = records.dropFirst()
    let names = Dictionary(grouping: events) { $0["name"] as? String ?? "" }.mapValues(\.count)
    let datagrams = try objects(inspect(bytes, "--json")).count
    #expect((names["shoal:packet"] ?? 0) + (names["shoal:packet_dropped"] ?? 0) == datagrams)
    let lost = try inspect(bytes, "--marks", "lost_by_ack,lost_by_timeout,pto").lines.filter {
      !$0.contains("needless")
    }.count
    #expect(names["recovery:packet_lost"] == lost && lost > 0)
    let headers = events.filter { $0["name"] as? String == "recovery:packet_lost" }.compactMap {
      ($0["data"] as? [String: Any])?["header"] as? [String: Any]
    }
    #expect(headers.count == lost && headers.allSatisfy { $0["packet_type"] is String && $0["packet_number"] is Int })
    try expectSchemas(records[0])
    let metrics = events.filter { $0["name"] as? String == "recovery:metrics_updated" }.compactMap {
      $0["data"] as? [String: Any]
    }
    #expect(metrics.contains { $0["min_rtt"] is Double } && metrics.allSatisfy { $0["bytes_in_flight"] is Int })
    #expect(events.allSatisfy { $0["time"] is Double })
    // A datagram that is corrupt before anything intact was seen belongs to an unknown connection.
    let groups = Set(events.compactMap { $0["group_id"] as? String }).subtracting(["unknown"])
    #expect(groups.count == 2 && groups.allSatisfy { $0 == "tracker" || $0.count == 16 })
  }

  /// What qvis's loader and its sequence and congestion views read, of a capture alone and with the qlog of its peer.
  @Test(arguments: [true, false], [true, false])
  func asQvisReadsThem(_ isSenders: Bool, _ isMerged: Bool) async throws {
    let transfer = try await TransferCapture.both("loss=5%,corrupt=2%,delay=3ms", size: 300_000)
    let bytes = isSenders ? transfer.sender : transfer.receiver
    let log = try scratch.write("a.qlog", isSenders ? transfer.qlog : transfer.receiverQlog)
    let written = try inspect(bytes, options: ["--qlog"] + (isMerged ? ["--merge", log] : []))
    let records = try records(Array(written.output.utf8))
    // It looks for these in the first 1,024 bytes.
    let start = written.output.prefix(1_024)
    #expect(start.contains(#""qlog_version":"0.3""#) && start.contains(#""qlog_format":"JSON-SEQ""#))
    let trace = try #require(records[0]["trace"] as? [String: Any])
    // qvis finds out by itself which end's view this is: that of the end that receives the first packet.
    #expect((trace["vantage_point"] as? [String: String])?["type"] == "unknown")
    let lines = try objects(inspect(bytes, "--json"))
    let open = try #require(lines.first { $0["type"] as? String == "OPEN" })
    let local = try #require(open[isSenders ? "dst" : "src"] as? String)
    let sends = try #require(lines.first { $0["type"] as? String == "DATA" && $0["src"] as? String == local })
    let id = (sends["fields"] as? [String: Any])?["connection"] as? String
    // To qvis, each group is a connection, in the order of time: the end's own, and all requests to trackers.
    let groups = Dictionary(grouping: records.dropFirst()) { $0["group_id"] as? String }
    // Nobody can say whose datagram it is if it was corrupted before anything intact came.
    #expect(Set(groups.keys).subtracting(["unknown"]) == [id, "tracker"])
    for group in groups.values {
      let times = group.compactMap { $0["time"] as? Double }
      #expect(times.count == group.count && times == times.sorted())
    }
    let events = records.dropFirst().filter { ($0["name"] as? String)?.hasPrefix("transport:packet_") == true }
    let datagrams = lines.filter { $0["checksum"] as? String == "ok" }
    #expect(events.count == datagrams.count && events.count > 200)
    let tracker = (0...UInt8.max).compactMap { PacketType(rawValue: $0) }.filter(\.isTracker).map(\.name)
    var numbers: [String: Set<Int>] = ["transport:packet_sent": [], "transport:packet_received": []]
    var acked: [String: Set<Int>] = [:]
    for (event, line) in zip(events, datagrams) {
      let name = try #require(event["name"] as? String)
      let data = try #require(event["data"] as? [String: Any])
      #expect((data["raw"] as? [String: Any])?["length"] as? Int == line["len"] as? Int)
      let header = try #require(data["header"] as? [String: Any])
      let (type, number) = (try #require(header["packet_type"] as? String), header["packet_number"] as? Int)
      guard !tracker.contains(line["type"] as? String ?? "") else {
        #expect(event["group_id"] as? String == "tracker" && type == "unknown" && number != nil)
        continue
      }
      #expect(event["group_id"] as? String == id)
      #expect((name == "transport:packet_sent") == (line["src"] as? String == local))
      guard let number, number < 1 << 53 else {
        #expect(["retry", "version_negotiation", "stateless_reset"].contains(type))
        continue
      }
      let isTwice = numbers[name, default: []].contains(number)
      #expect(!isTwice || (line["marks"] as? [String])?.contains("duplicate") == true || type == "initial")
      if type == "1RTT" { numbers[name, default: []].insert(number) }
      for frame in try #require(data["frames"] as? [[String: Any]]) {
        #expect(frame["frame_type"] is String)
        for range in frame["acked_ranges"] as? [[Int]] ?? [] {
          acked[name, default: []].formUnion(try #require(range.first)...(try #require(range.last)))
        }
      }
    }
    // What was acknowledged or lost is what was sent; if a number was sent again, its latest transmission counts as
    // acknowledged.
    let (sent, received) = (numbers["transport:packet_sent"] ?? [], numbers["transport:packet_received"] ?? [])
    #expect(acked["transport:packet_received", default: []].subtracting(sent).isEmpty)
    let lost = records.filter { $0["name"] as? String == "recovery:packet_lost" }.compactMap {
      (($0["data"] as? [String: Any])?["header"] as? [String: Any])?["packet_number"] as? Int
    }
    #expect(Set(lost).isSubset(of: sent), "\(Set(lost).subtracting(sent))")
    if isSenders {
      #expect(lost.count > 3 && acked["transport:packet_received", default: []].contains { $0 >= 1 << 32 })
      #expect(acked["transport:packet_received", default: []].count > 200)
    } else {
      #expect(acked["transport:packet_sent", default: []].subtracting(received).count < 20)
    }
    let windows = records.filter { ($0["data"] as? [String: Any])?["congestion_window"] != nil }
    #expect(windows.isEmpty != isMerged && windows.allSatisfy { $0["group_id"] as? String == id })
  }

  /// Without directions, the responder's view is shown, as the peer that is asked usually serves.
  @Test func whoseView() throws {
    func names(_ directions: [Bool?]) throws -> [String] {
      let capture = TestCapture()
      var accept = AcceptPacket()
      accept.responder = Conversation.bobID
      let datagrams = [
        try OpenPacket().datagram(connection: Conversation.aliceID),
        try accept.datagram(connection: Conversation.aliceID),
        try DataPacket().datagram(connection: Conversation.bobID),
      ]
      for (index, datagram) in datagrams.enumerated() {
        let (from, to) = index == 1 ? (bob, alice) : (alice, bob)
        capture.add(datagram, from: from, to: to, outbound: directions[index])
      }
      let events = try records(Array(inspect(capture.bytes, "--qlog").output.utf8))
        .filter { ($0["name"] as? String)?.hasPrefix("transport:") == true }
      return events.map { "\($0["name"] ?? "") \($0["group_id"] ?? "")" }
    }
    let (sent, received) = ("transport:packet_sent", "transport:packet_received")
    let openers = ["\(sent) b0b0000000000002", "\(received) b0b0000000000002", "\(sent) b0b0000000000002"]
    let responders = ["\(received) a11ce00000000001", "\(sent) a11ce00000000001", "\(received) a11ce00000000001"]
    #expect(try names([true, false, true]) == openers)
    #expect(try names([false, true, false]) == responders)
    #expect(try names([nil, nil, nil]) == responders)
    // If everything leaves, as on loopback, the first packet decides.
    #expect(try names([true, true, true]) == openers)
  }

  @Test func ofAPeerAndTheReportWithIt() async throws {
    let transfer = try await TransferCapture.both("loss=5%,delay=3ms,rate=50mbit", size: 600_000)
    let events = try records(transfer.qlog).dropFirst()
    let names = Set(events.compactMap { $0["name"] as? String })
    #expect(
      names.isSuperset(of: [
        "recovery:metrics_updated", "recovery:congestion_state_updated", "recovery:loss_timer_updated",
        "recovery:packet_lost",
      ]))
    // Each packet that was declared lost is named, along with what showed it.
    let lost = events.filter { $0["name"] as? String == "recovery:packet_lost" }
      .compactMap { $0["data"] as? [String: Any] }
    #expect(lost.allSatisfy { ($0["header"] as? [String: Any])?["packet_number"] is Int })
    #expect(lost.allSatisfy { ["reordering_threshold", "time_threshold"].contains($0["trigger"] as? String) })
    let timers = events.filter { $0["name"] as? String == "recovery:loss_timer_updated" }
      .compactMap { $0["data"] as? [String: Any] }
    #expect(timers.allSatisfy { $0["timer_type"] as? String == "pto" })
    #expect(timers.contains { $0["event_type"] as? String == "set" && $0["delta"] is Double })
    try expectSchemas(records(transfer.qlog)[0])
    let (capture, qlog) = try (scratch.write("a.pcapng", transfer.sender), scratch.write("a.qlog", transfer.qlog))
    let outcome = try run(["report", capture, "--qlog", qlog, "-o", "-"])
    #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
    let match = try #require(outcome.output.firstMatch(of: /id="data">(?s:(.*?))<\/script>/))
    let data = try #require(JSONSerialization.jsonObject(with: Data(match.1.utf8)) as? [String: Any])
    let flows = try #require(data["flows"] as? [[String: Any]])
    let flow = try #require(flows.max { ($0["fresh"] as? Int ?? 0) < ($1["fresh"] as? Int ?? 0) })
    let series = try #require(flow["qlog"] as? [String: Any], "the sender's connection is in its qlog")
    for name in ["cwnd", "srtt", "pacing"] {
      #expect(((series[name] as? [String: Any])?["count"] as? Int ?? 0) > 1, "\(name)")
    }
    let end = try #require(data["end"] as? Int)
    let states = try #require(series["states"] as? [[Any]])
    #expect(!states.isEmpty && states.allSatisfy { (-100_000...end + 100_000).contains($0[0] as? Int ?? .min) })
  }

  @Test func filesThatAreNoQlogs() throws {
    let capture = TestCapture()
    capture.add(try data(1))
    let input = try scratch.write("a.pcapng", capture.bytes)
    let other = try scratch.write(
      "b.qlog",
      "\u{1e}{\"time\":1,\"name\":\"recovery:metrics_updated\",\"group_id\":\"00000000000000ff\",\"data\":{}}\n\u{1e}{\"ti"
        .utf8)
    #expect(try run(["report", input, "--qlog", "/nonexistent", "-o", "-"]).status == 1)
    #expect(try run(["report", input, "--qlog", input, "-o", "-"]).error.contains("is it a qlog"))
    let outcome = try run(["report", input, "--qlog", other, "-o", "-"])
    #expect(outcome.status == 0 && outcome.error.contains("record 2 is broken"))
    #expect(outcome.error.contains("the qlog has no connection of this capture"))
  }

  @Test func readsJSON() throws {
    let text = #"{"a":[1,-2.5e3,true,null,"x\n\"ä\u00e4"],"b":{"c":{}},"d":[]}"#
    let value = try #require(JSONReader.read(Array(text.utf8)[...]))
    guard case .array(let values)? = value["a"] else { throw InputFailure(reason: "no array") }
    #expect(values[1].number == -2_500 && values[4].string == "x\n\"ää" && value["b"]?["c"] != nil)
    for length in 0..<text.utf8.count {
      #expect(JSONReader.read(Array(text.utf8.prefix(length))[...]) == nil, "\(length)")
    }
    let wrong = [
      "", "{", "[1,]", "{\"a\" 1}", "nul", "1 2", "--1", "1e999", "\"\\u12\"", String(repeating: "[", count: 100_000),
    ]
    for text in wrong { #expect(JSONReader.read(Array(text.utf8)[...]) == nil, "\(text.prefix(20))") }
    var generator = SeededGenerator(seed: 3)
    // Damaged JSON may or may not be valid; reading it must not crash, and an undamaged member must read the same.
    for round in 0..<20_000 {
      var bytes = Array(text.utf8)
      for _ in 0..<3 {
        bytes[Int.random(in: 20..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      guard let value = JSONReader.read(bytes[...]), case .array(let values)? = value["a"] else { continue }
      #expect(values[0].number == 1, "round \(round)")
    }
  }
}
