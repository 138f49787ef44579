import Foundation
import ShoalCapture
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

/// Captures without directions, taken anywhere on a path of 20 ms each way.
@Suite struct VantageTests {
  private static let oneWay = 20_000
  private static let (alicesID, bobsID) = (Conversation.aliceID, Conversation.bobID)

  /// Alice opens, and Bob sends her 40 packets, which she acknowledges one by one; `place` is where on the path they
  /// are captured, counted from Alice. The packets that `lost` names are lost once, beyond that place or before it.
  private func capture(
    at place: Double, withHandshake: Bool = true, lost: Set<UInt32> = [], lostAt: Double = 0.99
  ) throws -> [UInt8] {
    var events: [(time: Int, bytes: [UInt8], fromAlice: Bool)] = []
    func add(_ time: Int, _ bytes: [UInt8], fromAlice: Bool, isLost: Bool = false) {
      // A packet that is lost on its way from Bob gets as far as `lostAt`, counted from Alice.
      if isLost, place < lostAt { return }
      let delay = Double(Self.oneWay) * (fromAlice ? place : 1 - place)
      events.append((time + Int(delay), bytes, fromAlice))
    }
    let way = Self.oneWay
    if withHandshake {
      var open = OpenPacket()
      (open.window, open.initialSequence) = (64, 500)
      add(0, try open.datagram(connection: Self.alicesID), fromAlice: true)
      var accept = AcceptPacket()
      (accept.responder, accept.window, accept.initialSequence) = (Self.bobsID, 64, 1_000)
      add(way + 300, try accept.datagram(connection: Self.alicesID), fromAlice: false)
    }
    func data(_ sequence: UInt32, attempt: UInt8 = 0, at time: Int, id: UInt64) throws -> [UInt8] {
      var packet = DataPacket()
      (packet.sequence, packet.attempt, packet.timestamp) = (sequence, attempt, UInt32(time))
      return sealed(try packet.datagram(connection: id) + block(offset: UInt64(sequence), count: 100))
    }
    func ack(_ next: UInt32, echo: Int, top: UInt32? = nil, slice: [UInt8] = [], id: UInt64) throws -> [UInt8] {
      var packet = AckPacket()
      (packet.next, packet.top, packet.echo, packet.delay) = (next, top ?? next, UInt32(echo), 100)
      (packet.first, packet.count) = (next, (top ?? next) - next)
      return sealed(try packet.datagram(connection: id) + slice)
    }
    // Her request, and its ACK.
    let asked = 2 * way + 500
    add(asked, try data(500, at: asked, id: Self.bobsID), fromAlice: true)
    add(asked + way + 100, try ack(501, echo: asked, id: Self.alicesID), fromAlice: false)
    var next = UInt32(1_000)
    for sequence in UInt32(1_000)..<1_040 {
      let time = asked + way + 200 + Int(sequence - 1_000) * 3_000
      let isLost = lost.contains(sequence)
      add(time, try data(sequence, at: time, id: Self.alicesID), fromAlice: false, isLost: isLost)
      guard !isLost else {
        let again = time + 2 * way + 9_000
        add(again, try data(sequence, attempt: 1, at: again, id: Self.alicesID), fromAlice: false)
        let echo = try ack(sequence + 1, echo: again, id: Self.bobsID)
        add(again + way + 100, echo, fromAlice: true)
        next = sequence
        continue
      }
      let isGap = lost.contains(next)
      if !isGap { next = sequence + 1 }
      let slice: [UInt8] = isGap ? [1, UInt8(sequence - next)] : []
      add(
        time + way + 100,
        try ack(next, echo: time, top: sequence + 1, slice: slice, id: Self.bobsID), fromAlice: true)
      if isGap, sequence - next > 18 { next = sequence + 1 }
    }
    let capture = TestCapture()
    var last = 0
    for event in events.sorted(by: { $0.time < $1.time }) {
      let (from, to) = event.fromAlice ? (alice, bob) : (bob, alice)
      capture.add(event.bytes, from: from, to: to, after: UInt64(event.time - last), outbound: nil)
      last = event.time
    }
    return capture.bytes
  }

  private func flows(_ bytes: [UInt8]) throws -> (toAlice: [String: Any], toBob: [String: Any]) {
    let flows = try objects(inspect(by: "stats", bytes, "--json")).filter { $0["kind"] as? String == "flow" }
    let toAlice = try #require(flows.first { $0["dst"] as? String == "\(alice)" })
    return (toAlice, try #require(flows.first { $0["dst"] as? String == "\(bob)" }))
  }

  @Test(arguments: [(true, 0.0), (true, 0.5), (true, 0.3), (true, 1.0), (false, 0.0), (false, 0.5), (false, 1.0)])
  func roundTripsAreTheSendersOrNotTold(_ withHandshake: Bool, _ place: Double) throws {
    let bytes = try capture(at: place, withHandshake: withHandshake)
    let (toAlice, toBob) = try flows(bytes)
    let ends = place == 0 ? ("receiver", "sender") : place == 1 ? ("sender", "receiver") : ("between", "between")
    #expect(toAlice["captured_at"] as? String == ends.0 && toBob["captured_at"] as? String == ends.1)
    for (flow, end) in [(toAlice, ends.0), (toBob, ends.1)] {
      let rtt = flow["rtt"] as? [String: Any]
      #expect((rtt != nil) == (end == "sender"), "\(flow)")
      if let median = rtt?["median"] as? Double { #expect(abs(median - 0.04) < 0.002) }
      #expect((flow["most_in_flight"] is NSNull) == (end != "sender"))
    }
    let text = try inspect(by: "stats", bytes).output
    #expect(text.contains("captured where it arrives") == (place == 0 || place == 1))
    #expect(text.contains("captured between the two ends") == (place > 0 && place < 1))
    #expect(!text.contains("RTT min/median/p99 0.00"))
  }

  /// The sender's end shows what made it retransmit; elsewhere only that it did can be seen, and whether the packet had
  /// come before.
  @Test func marksOfTheSendersEnd() throws {
    for (place, lostAt, causes, missed) in [
      (1.0, 0.9, true, 0), (0.5, 0.1, false, 0), (0.5, 0.9, false, 1), (0, 0.9, false, 1),
    ] {
      let (toAlice, _) = try flows(try capture(at: place, lost: [1_010], lostAt: lostAt))
      let explained = ["lost_by_ack", "lost_by_timeout", "pto"].reduce(0) { $0 + (toAlice[$1] as? Int ?? 0) }
      #expect(toAlice["resent"] as? Int == 1 && (explained > 0) == causes, "\(place) \(lostAt)")
      #expect(toAlice["missed"] as? Int == missed && toAlice["spurious"] as? Int == 0, "\(place) \(lostAt)")
    }
  }

  /// On a host that forwards, all packets arrive: what the capture says about directions says nothing about ends.
  @Test func directionsOfAHostThatForwards() throws {
    let plain = try capture(at: 0.5)
    var reader = CaptureReader()
    reader.feed(plain.span)
    var writer = PcapngWriter()
    while let record = try reader.next() {
      writer.packet(
        record.bytes.span, originalLength: record.originalLength, wallClockNanoseconds: record.time ?? 0,
        direction: .inbound)
    }
    #expect(try flows([UInt8](writer.bytes)).toAlice["captured_at"] as? String == "between")
  }

  /// Frames that were cut short may hide datagrams: what ACKs say about those is not a lie.
  @Test func framesCutShort() throws {
    let talk = try Conversation()
    let frames = try (0..<3).map { frame in
      try (0..<4).map { try data(1_000 + UInt32(frame * 4 + $0), block(offset: 0, count: 900)) }.joined()
    }
    var reader = CaptureReader()
    reader.feed(talk.capture.bytes.span)
    var pcap = pcapHeader(linkType: 101)
    while let record = try reader.next() {
      let frame = try IPFrame.parse(linkType: record.linkType, bytes: record.bytes.span)
      pcap += pcapRecord(Array(record.bytes[frame.payload]), cutTo: min(100, frame.payload.count))
    }
    for (index, frame) in frames.enumerated() {
      var datagrams = Array(frame)
      for part in 0..<4 {
        datagrams.replaceSubrange(part * 942 + 8..<part * 942 + 16, with: bigEndian(Conversation.bobID))
      }
      pcap += pcapRecord(datagrams, cutTo: 100)
      var ack = AckPacket()
      (ack.next, ack.top, ack.delay) = (1_004 + UInt32(index * 4), 1_004 + UInt32(index * 4), .max)
      pcap += pcapRecord(try ack.datagram(connection: Conversation.aliceID), cutTo: 43)
    }
    let outcome = try inspect(pcap, "-f", "data || ack || cut")
    #expect(!outcome.output.contains("beyond"), "\(outcome.output)")
    #expect(outcome.error.contains("ACKs show 9 packets that are not in the capture"), "\(outcome.error)")
    #expect(try inspect(by: "stats", pcap).output.contains("remark: frames were captured in part"))
  }
}
