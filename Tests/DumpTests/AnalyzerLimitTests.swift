import ShoalCapture
import ShoalBase
import ShoalWire
import Testing

@testable import shoal_dump

/// What a capture can make us remember is bounded.
@Suite struct AnalyzerLimitTests {
  private func observe(_ analyzer: inout Analyzer, _ connection: UInt64, _ sequence: UInt32) throws -> Observation {
    var packet = DataPacket()
    packet.sequence = sequence
    let bytes = Bytes(try packet.datagram(connection: connection))
    var datagram = Datagram(from: alice, to: bob, payload: bytes, length: bytes.count)
    return analyzer.observe(&datagram)
  }

  @Test func manyFlowsWithWideWindows() throws {
    var analyzer = Analyzer()
    for connection in UInt64(1)...80 {
      for sequence in [0, 200, 70_000, 71_000, 900_000, 5, 3_000_000_000] as [UInt32] {
        let seen = try observe(&analyzer, connection, sequence)
        #expect(seen.flow != nil && (seen.inFlight ?? 0) >= 0)
      }
      #expect(analyzer.memory <= Analyzer.mostMemory)
    }
    #expect(analyzer.flows.count == 80)
    // What was used most recently is still known.
    #expect(try observe(&analyzer, 80, 3_000_000_000).marks.contains(.duplicate))
  }

  @Test func manyConnections() throws {
    let capture = TestCapture()
    let most = Analyzer.mostFlows
    for connection in 1...most + 5 {
      capture.add(sealed(try DataPacket().datagram(connection: UInt64(connection))))
    }
    let stats = try inspect(by: "stats", capture.bytes)
    #expect(stats.status == 0 && stats.error.contains("5 datagrams belong to more connections than can be followed"))
    let report = try inspect(by: "report", capture.bytes, "-o", "-")
    #expect(report.status == 0 && report.error.contains("3,584 connections are left out of the report"))
    #expect(report.output.components(separatedBy: #""shown":true"#).count == 1_025)
  }

  @Test func numbersOfAWideWindow() throws {
    var sent = SentPackets()
    defer { sent.deallocate() }
    func packet(_ number: Int64, _ attempt: UInt8 = 0) -> SentPacket {
      SentPacket(
        firstNumber: UInt64(number), firstTime: 0, lastTime: 0, timestamp: 0, length: 10, attempt: attempt,
        order: UInt64(number) + 1)
    }
    let budget = 1 << 26
    for number in Int64(0)..<70_000 { sent.note(number, packet(number), budget: budget) }
    #expect(sent.packetsInFlight == 70_000 && sent.bytesInFlight == 700_000)
    var result = SentPackets.Acknowledged()
    // Runs that cross words in every way, twice.
    var random = SeededGenerator(seed: 4)
    var model = [Bool](repeating: false, count: 70_000)
    for _ in 0..<40 {
      let first = Int.random(in: 0..<70_000, using: &random)
      let end = min(70_000, first + Int.random(in: 0..<900, using: &random))
      for number in first..<end { model[number] = true }
      sent.acknowledge(Int64(first), Int64(end), SentPackets.Judgement(), &result)
      #expect(result.packets == model.count { $0 } && sent.packetsInFlight == 70_000 - result.packets)
    }
    sent.acknowledge(before: 70_000, SentPackets.Judgement(), &result)
    #expect(result.packets == 70_000 && sent.bytesInFlight == 0 && sent.base == 70_000)
    #expect(sent.isAcknowledged(5) && !sent.isAcknowledged(70_000) && sent.record(69_999)?.firstNumber == 69_999)
    // Across the end of 32 bits.
    sent.note(Int64(UInt32.max), packet(Int64(UInt32.max)), budget: budget)
    #expect(sent.unwrap(3) == 1 << 32 + 3 && sent.unwrap(.max - 1) == Int64(UInt32.max) - 1)
  }
}
