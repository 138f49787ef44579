import Foundation
import ShoalCapture
import ShoalBase
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

@Suite struct DiffTests {
  /// Captures of two ends; the second clock is ahead.
  private final class Ends {
    private let first = TestCapture()
    private let second = TestCapture()
    private var events: [(time: Int, capture: TestCapture, bytes: [UInt8], isFromAlice: Bool, outbound: Bool)] = []
    static let ahead = 7_000_000

    /// Sends a datagram at a time in microseconds; the rest says what arrives of it, and how much later.
    func pass(_ datagram: [UInt8], fromAlice: Bool = true, at time: Int, arriving: [(after: Int, bytes: [UInt8])]) {
      let (sender, receiver) = fromAlice ? (first, second) : (second, first)
      events.append((time, sender, datagram, fromAlice, true))
      for arrival in arriving { events.append((time + arrival.after, receiver, arrival.bytes, fromAlice, false)) }
    }

    func write() {
      var last = [ObjectIdentifier(first): 0, ObjectIdentifier(second): -Self.ahead]
      for event in events.sorted(by: { $0.time < $1.time }) {
        let id = ObjectIdentifier(event.capture)
        let (from, to) = event.isFromAlice ? (alice, bob) : (bob, alice)
        event.capture.add(
          event.bytes, from: from, to: to, after: UInt64(event.time - last[id]!), outbound: event.outbound)
        last[id] = event.time
      }
    }

    func diff(_ options: String...) throws -> (outcome: Outcome, svg: String?) {
      let scratch = try Scratch()
      let captures = try [scratch.write("a.pcapng", first.bytes), scratch.write("b.pcapng", second.bytes)]
      let outcome = try run(["diff"] + captures + ["--svg", scratch.at("delay.svg")] + options)
      return (outcome, try? scratch.text("delay.svg"))
    }
  }

  private func ends() throws -> Ends {
    let ends = Ends()
    for index in 0..<100 {
      let datagram = try data(UInt32(index), block(offset: UInt64(index), count: 200))
      let time = 1_000 * index
      switch index {
      case 10, 11, 12: ends.pass(datagram, at: time, arriving: [])
      case 20:
        // The damage spares the connection and the checksum, or it does not.
        var damaged = datagram
        damaged[100] ^= 1
        ends.pass(datagram, at: time, arriving: [(10_000, damaged)])
      case 30:
        var damaged = datagram
        damaged[9] ^= 1
        ends.pass(datagram, at: time, arriving: [(10_000, damaged)])
      case 40: ends.pass(datagram, at: time, arriving: [(10_000, datagram), (10_500, datagram)])
      case 50: ends.pass(datagram, at: time, arriving: [(13_300, datagram)])
      default: ends.pass(datagram, at: time, arriving: [(10_000 + index % 7, datagram)])
      }
    }
    // It arrives after its retransmission has left.
    let slow = try data(500)
    ends.pass(slow, at: 200_000, arriving: [(90_000, slow)])
    let again = try data(500, attempt: 1)
    ends.pass(again, at: 250_000, arriving: [(10_000, again)])
    for index in 0..<50 {
      var ack = AckPacket()
      ack.next = UInt32(index)
      let datagram = try ack.datagram(connection: 0x99)
      ends.pass(datagram, fromAlice: false, at: 2_000 * index, arriving: index == 7 ? [] : [(10_000, datagram)])
    }
    ends.write()
    return ends
  }

  @Test func everyFate() throws {
    let (outcome, svg) = try ends().diff()
    #expect(outcome.status == 0 && outcome.error == "")
    #expect(
      outcome.lines == [
        "A is \(alice), in a.pcapng", "B is \(bob), in b.pcapng",
        "clock of B ahead by 7000.00 ms, if the minimum delays are equal both ways; +-10.00 ms at most", "",
        "102 datagrams A > B",
        "delivered  97  95.1%  duplicated 1, reordered 2, late 1",
        "lost        3   2.9%  longest run of lost and corrupted: 3",
        "corrupted   2   2.0%",
        "one-way delay min/median/p99: 10.00/10.00/90.00 ms", "",
        "50 datagrams B > A", "delivered  49  98.0%", "lost        1   2.0%  longest run of lost and corrupted: 1",
        "corrupted   0     0%", "one-way delay min/median/p99: 10.00/10.00/10.00 ms",
      ])
    let picture = try #require(svg)
    #expect(picture.hasPrefix("<svg ") && picture.contains("a.pcapng (\(alice)) &gt; b.pcapng (\(bob))"))
    #expect(throws: Never.self) { _ = try XMLCheck.parse(picture) }
  }

  @Test func forPrograms() throws {
    let json = try objects(ends().diff("--json").outcome)
    #expect(json.count == 2 && json[0]["path"] as? String == "A > B" && json[0]["corrupted"] as? Int == 2)
    #expect(json[0]["from"] as? [String] == ["\(alice)"] && json[1]["from"] as? [String] == ["\(bob)"])
    #expect(json[0]["clock_offset"] as? Double == 7 && json[1]["lost"] as? Int == 1)
  }

  @Test func ticksOfShortCapturesDiffer() {
    let ticks = SVGDrawing.ticks(0...0.02, most: 9)
    #expect(Set(ticks.map { SVGDrawing.label($0, among: ticks) }).count == ticks.count && ticks.count > 3)
    #expect(SVGDrawing.label(2, among: [0, 2, 4]) == "2" && SVGDrawing.label(0.05, among: [0, 0.05]) == "0.05")
  }

  @Test func axesHaveRoundSteps() throws {
    let picture = try #require(try ends().diff().svg)
    let labels = picture.matches(of: />([0-9.]+) s<\/text>/).compactMap { Double($0.1) }
    let steps = Set(zip(labels, labels.dropFirst()).map { (($1 - $0) * 1e6).rounded() }.filter { $0 > 0 })
    #expect(steps.count <= 2 && labels.count > 4, "\(labels)")
    for step in steps { #expect(["1", "2", "5"].contains("\(Int(step))".prefix { $0 != "0" }), "\(labels)") }
  }

  /// The earliest and the latest times that 64 bits hold.
  @Test func absurdTimes() throws {
    var (a, b) = (Sightings(), Sightings())
    for index in UInt32(0)..<8 {
      for (connection, isForth) in [(UInt64(1), true), (2, false)] {
        var packet = DataPacket()
        packet.sequence = index
        let bytes = Bytes(try packet.datagram(connection: connection))
        let (from, to) = isForth ? (alice, bob) : (bob, alice)
        var datagram = Datagram(from: from, to: to, payload: bytes, length: bytes.count)
        for isA in [true, false] {
          datagram.time = isA ? 0 : index % 2 == 0 ? .max : UInt64(Int64.max)
          datagram.direction = isA == isForth ? .outbound : .inbound
          if isA { a.add(datagram) } else { b.add(datagram) }
        }
      }
    }
    let comparison = CaptureComparison(a, b)
    #expect(comparison.forth.passages.count == 8 && comparison.back.passages.count == 8 && comparison.offset != nil)
    #expect(!DelayPicture.svg(comparison, names: ("a", "b")).isEmpty)
  }

  /// Captures of a connection without directions, like tcpdump's, of datagrams that left Alice or Bob at a time in
  /// microseconds and arrived 15 ms later or never.
  private func plain(
    _ events: [(time: Int, bytes: [UInt8], fromAlice: Bool, arrives: Bool)], delay: Int = 15_000, ahead: Int = 0,
    natted: Bool = false, flags: Set<Int> = []
  ) throws -> [[String: Any]] {
    var (a, b) = (Sightings(), Sightings())
    let outside = Address(ipv4: 0xcb00_7105, port: 40_000)
    var seen: [(time: Int, isA: Bool, bytes: [UInt8], fromAlice: Bool)] = []
    for event in events {
      if event.fromAlice || event.arrives {
        seen.append((event.time + (event.fromAlice ? 0 : delay), true, event.bytes, event.fromAlice))
      }
      if !event.fromAlice || event.arrives {
        seen.append((event.time + (event.fromAlice ? delay : 0) + ahead, false, event.bytes, event.fromAlice))
      }
    }
    for event in seen.sorted(by: { $0.time < $1.time }) {
      let (here, bytes) = (natted && !event.isA ? outside : alice, Bytes(event.bytes))
      var datagram = Datagram(
        from: event.fromAlice ? here : bob, to: event.fromAlice ? bob : here, payload: bytes, length: bytes.count)
      datagram.time = UInt64(1_700_000_000_000_000 + event.time) * 1_000
      if flags.contains(event.isA ? 0 : 1) {
        datagram.direction = event.fromAlice == event.isA ? .outbound : .inbound
      }
      if event.isA { a.add(datagram) } else { b.add(datagram) }
    }
    let comparison = CaptureComparison(a, b)
    return [comparison.forth, comparison.back].map { report in
      [
        "sent": report.passages.count, "lost": report.count(.lost), "reordered": report.reordered,
        "delays": Set(report.delays.map { Int($0) / 1_000 }),
      ]
    }
  }

  @Test func withoutDirectionsTheClocksTell() throws {
    var events: [(time: Int, bytes: [UInt8], fromAlice: Bool, arrives: Bool)] = []
    for index in 0..<40 {
      events.append((index * 7_000, try data(UInt32(index)), true, true))
      var ack = AckPacket()
      ack.next = UInt32(index)
      events.append((index * 7_000 + 500, try ack.datagram(connection: 0x99), false, true))
    }
    // Without losses and with losses on either way, clocks that differ by an hour, a NAT, directions in one of them.
    for lost in [[], [4, 5], [7, 9, 11], [4, 7]] {
      for (ahead, natted, flags) in [(0, false, []), (3_600_000_000, true, []), (-40_000, false, [0]), (1, true, [1])] {
        var events = events
        for index in lost { events[index].arrives = false }
        let reports = try plain(events, ahead: ahead, natted: natted, flags: Set(flags))
        for (report, way) in zip(reports, [0, 1]) {
          #expect(report["sent"] as? Int == 40 && report["lost"] as? Int == lost.count { $0 % 2 == way })
          #expect(report["delays"] as? Set<Int> == [15_000] && report["reordered"] as? Int == 0)
        }
      }
    }
    // In one direction only: a datagram that only one capture has was lost; if none was lost, the order is found
    // because none arrives before it was sent.
    for fromAlice in [true, false] {
      for lost in [nil, 3] {
        var events = (0..<9).map { (time: $0 * 100, bytes: events[$0 * 2].bytes, fromAlice: fromAlice, arrives: true) }
        if let lost { events[lost].arrives = false }
        let reports = try plain(events)
        #expect(reports.map { $0["sent"] as? Int } == (fromAlice ? [9, 0] : [0, 9]))
      }
    }
  }

  @Test func nothingInCommon() throws {
    let ends = Ends()
    ends.pass(try data(1), at: 0, arriving: [])
    ends.write()
    let (outcome, svg) = try ends.diff()
    #expect(outcome.status == 1 && svg == nil && outcome.error.contains("no datagram in common"))
    #expect(try run(["diff", "a.pcapng", "a.pcapng"]).status == 2)
    #expect(try run(["diff", "a.pcapng"]).status == 2)
  }
}
