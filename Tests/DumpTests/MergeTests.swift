import Foundation
import TestSupport
import Testing

@testable import shoal_dump

/// The events of a peer's qlog are shown between the datagrams of a capture.
@Suite struct MergeTests {
  private let scratch: Scratch
  private let capture: String
  private let qlog: String

  /// Alice sends DATA 1000 and 1001, 21 and 22 ms after the first datagram.
  init() throws {
    scratch = try Scratch()
    let talk = try Conversation()
    try talk.data(1_000)
    try talk.data(1_001)
    capture = try scratch.write("a.pcapng", talk.capture.bytes)
    let group = hex(Conversation.bobID, 16)
    func event(_ time: String, _ name: String, _ data: String, _ group: String = group) -> String {
      "\u{1e}{\"time\":\(time),\"name\":\"\(name)\",\"group_id\":\"\(group)\",\"data\":{\(data)}}\n"
    }
    let records = [
      "\u{1e}{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\"}\n",
      event("1795356194824.500", "recovery:metrics_updated", #""smoothed_rtt":20.5,"congestion_window":47104"#),
      event("1795356194825.000", "recovery:congestion_state_updated", #""new":"drain\u001b[31m""#),
      event("1795356194830.000", "shoal:corrupt", #""datagrams":1"#, "00000000000000ff"),
      "\u{1e}{\"time\":17953",
    ]
    qlog = try scratch.write("a.qlog", records.joined().utf8)
  }

  @Test func lines() throws {
    let outcome = try run([capture, "--merge", qlog])
    #expect(outcome.status == 0 && outcome.error.hasSuffix("a.qlog: record 5 is broken, perhaps others too\n"))
    #expect(outcome.lines.count == 7)
    let start = "\(alice) > \(bob) qlog "
    #expect(outcome.lines[2].hasPrefix("   3  0.021000 ") && outcome.lines[5].hasPrefix("   4  0.022000 "))
    #expect(
      outcome.lines[3] == "   *  0.021376 \(start)metrics_updated congestion_window=47104 smoothed_rtt=20.5")
    #expect(outcome.lines[4] == "   *  0.021876 \(start)congestion_state_updated new=\"drain\\x1B[31m\"")
    #expect(outcome.lines[6] == "   *  0.026876 conn=00000000 qlog corrupt datagrams=1")
  }

  @Test func objectsAndRecords() throws {
    let all = try objects(run([capture, "--merge", qlog, "--json"]))
    let events = all.filter { $0["event"] as? String == "qlog" }
    #expect(events.count == 3 && events[0]["time"] as? String == "1795356194.824500000")
    #expect(events[0]["connection"] as? String == "b0b0000000000002")
    #expect((events[0]["data"] as? [String: Any])?["congestion_window"] as? Int == 47_104)
    let records = try run([capture, "--merge", qlog, "--qlog"]).output.split(separator: "\u{1e}")
    #expect(
      records.contains {
        $0 == #"{"time":1795356194824.5,"name":"recovery:metrics_updated","group_id":"b0b0000000000002","#
          + #""data":{"congestion_window":47104,"smoothed_rtt":20.5}}"# + "\n"
      })
  }

  @Test(arguments: [
    (["--flow", "b0b0"], 2), (["-f", "conn == ff"], 0), (["-f", "conn == 00000000000000ff"], 1),
    (["--type", "data"], 0),
    (["--to", "21.5ms"], 1), (["--peer", "10.0.0.1"], 2), (["-f", "!resent"], 3), (["--count", "3"], 0),
  ])
  func filters(_ options: [String], _ count: Int) throws {
    let lines = try run([capture, "--merge", qlog] + options).lines
    #expect(lines.count { $0.contains(" qlog ") } == count, "\(lines)")
  }

  @Test func whatCannotBeMerged() throws {
    #expect(try run([capture, "--merge", capture]).error.contains("no event in it; is it a qlog"))
    #expect(try run([capture, "--merge", "/nonexistent"]).status == 1)
    #expect(try run([capture, "--merge", qlog, "-w", "x"]).status == 2)
    let strange = try scratch.write(
      "b.qlog", "\u{1e}{\"time\":1,\"name\":\"a:b\",\"group_id\":\"1\",\"data\":{}}".utf8)
    #expect(try run([capture, "--merge", strange]).error.contains("the qlog has no connection of this capture"))
  }
}
