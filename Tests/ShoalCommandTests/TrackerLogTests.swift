import Shoal
import ShoalBase
import ShoalContent
import ShoalTerminal
import ShoalWire
import Testing

@testable import ShoalCommand

@Suite struct TrackerLogTests {
  private let peer = Address(ipv4: 0xc000_0209, port: 7401)
  private let id = Digest(hex: someID)!

  private func update(_ have: Int, _ gained: Int) -> TrackerEvent {
    .updated(peer: peer, id: id, have: have, chunks: 700, gained: gained)
  }

  @Test func lines() {
    #expect(
      TrackerLog.line(for: .registered(peer: peer, id: id, name: "a\u{202E}b", have: 700, chunks: 700))
        == "register    192.0.2.9:7401 6437b3ac \"a\\u{202E}b\" 700/700")
    #expect(TrackerLog.line(for: update(318, 12)) == "update      192.0.2.9:7401 6437b3ac 318/700 (+12)")
    #expect(
      TrackerLog.line(for: .expired(peer: peer, id: id, silence: .seconds(1_200)))
        == "expire      192.0.2.9:7401 6437b3ac silent 1,200 s")
    #expect(TrackerLog.line(for: .deregistered(peer: peer, id: id)) == "deregister  192.0.2.9:7401 6437b3ac")
  }

  @Test func theEndOfACaptureIsSaid() {
    let event = TrackerEvent.captureFailed("a: no space left")
    // However little is to be said.
    #expect(TrackerLog.warning(for: event)?.text == "the capture ends here: \"a: no space left\"")
    #expect(TrackerLog.warning(for: .stateFailed("a: disk full"))?.text == "a: disk full")
    let object: JSON = [
      "event": "warning", "message": "the capture ends here: \"a: no space left\"", "code": "capture",
    ]
    #expect(TrackerLog.object(for: event) == object)
  }

  @Test func whatIsLeftOutIsCounted() {
    var log = TrackerLog()
    #expect(log.lines(for: .omitted(count: 50_000)).isEmpty && log.lines(for: .omitted(count: 2_670)).isEmpty)
    #expect(log.summary() == ["more        52,670 events"] && log.summary().isEmpty)
    #expect(TrackerLog.object(for: .omitted(count: 7)) == ["event": "omitted", "events": 7])
  }

  @Test func aHostThatGivesWayIsOneLineAMinute() {
    var log = TrackerLog()
    let lines = (1...30).map { log.lines(for: .displaced(peer: peer.with(port: $0), id: id)) }
    #expect(lines[0] == ["displace    192.0.2.9:1 6437b3ac its host has most, others need room"])
    #expect(lines.dropFirst().allSatisfy { $0.isEmpty })
    #expect(log.summary() == ["displace    192.0.2.9:30 6437b3ac its host has most, others need room (29 times more)"])
  }

  @Test func repeatsAreOneLineAMinute() {
    var log = TrackerLog()
    #expect(log.lines(for: update(10, 10)).count == 1)
    for have in 11...30 { #expect(log.lines(for: update(have, 1)).isEmpty) }
    #expect(log.summary() == ["update      192.0.2.9:7401 6437b3ac 30/700 (+20)"])
    #expect(log.summary().isEmpty)
    #expect(log.lines(for: update(31, 1)).count == 1)
  }

  @Test func completionIsToldAtOnce() {
    var log = TrackerLog()
    _ = log.lines(for: update(10, 10))
    _ = log.lines(for: update(310, 300))
    #expect(log.lines(for: update(700, 390)) == ["update      192.0.2.9:7401 6437b3ac 700/700 (+690)"])
    #expect(log.summary().isEmpty)
  }

  @Test func aFloodIsBounded() {
    var log = TrackerLog()
    var count = 0
    for port in 1...5_000 {
      count += log.lines(for: .deregistered(peer: peer.with(port: UInt16(port)), id: id)).count
    }
    #expect(count == 1_000)
    #expect(log.summary() == ["more        4,000 events"])
  }
}
