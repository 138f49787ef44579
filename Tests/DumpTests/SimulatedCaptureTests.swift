import ShoalLink
import ShoalSimulator
import ShoalTransport
import TestSupport
import Testing

@testable import shoal_dump

/// What a simulation records can be read as what a real end records.
@Suite struct SimulatedCaptureTests {
  private static let link = "rate=50mbit/10mbit,delay=20ms,loss=2%,corrupt=0.5%"

  @Test(arguments: [WorldWatch.Place.sender, .receiver(1)])
  func aTransfer(_ place: WorldWatch.Place) throws {
    let records = try SimulatedCapture(place)
    var transport = TransportConfiguration()
    transport.recordsLosses = true
    let transfer = SimulatedTransfer(size: 1_000_000, link: try LinkSpec(parsing: Self.link), transport: transport)
    let result = transfer.run(seed: 3, watch: records.watch)
    let same = transfer.run(seed: 3)
    #expect(result.wireBytes == same.wireBytes && result.time == same.time, "to be watched changes nothing")
    let files = records.finish()
    let stats = try objects(run(["stats", "--json", files.capture]))
    let flow = try #require(stats.first { $0["content_bytes"] as? Int ?? 0 > 0 }, "\(stats)")
    #expect(flow["content_bytes"] as? Int == 1_000_000)
    // One end sees what it repeats; the other, what reached it.
    let resent = try #require(flow["resent"] as? Int)
    #expect(place == .sender ? resent == result.sender.retransmitted : resent < result.sender.retransmitted)
    let corrupt = try #require(flow["corrupt"] as? Int)
    #expect(place == .sender ? corrupt == 0 : corrupt == result.receiver.corrupt && corrupt > 0)
    let report = try run(["report", files.capture, "--qlog", files.qlog, "-o", files.capture + ".html", "--json"])
    let verdict = try #require(try objects(report).first { $0["event"] as? String == "verdict" })
    #expect(verdict["captured_at"] as? String == (place == .sender ? "sender" : "receiver"))
    #expect(verdict["with_qlog"] as? Bool == (place == .sender) && !report.error.contains("warning"), "\(report.error)")
  }

  @Test func aReceiverOfASwarm() throws {
    let records = try SimulatedCapture(.receiver(2))
    var swarm = SimulatedSwarm(
      receivers: 3, size: 300_000, link: try LinkSpec(parsing: Self.link), transport: TransportConfiguration())
    swarm.restarts = 1
    let result = swarm.run(seed: 5, watch: records.watch)
    #expect(result.fingerprint == swarm.run(seed: 5).fingerprint && result.complete == 3)
    let files = records.finish()
    let stats = try objects(run(["stats", "--json", files.capture]))
    let got = stats.filter { ($0["dst"] as? String)?.hasPrefix("10.0.0.3:") == true }
      .reduce(0) { $0 + ($1["content_bytes"] as? Int ?? 0) }
    #expect(got >= 300_000)
  }
}
