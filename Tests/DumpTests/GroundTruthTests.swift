import ShoalCapture
import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalTransport
import ShoalWire
import Testing

@testable import shoal_dump

/// A transfer in virtual time, seen at both ends; what the analyzer concludes is compared with what the ends know.
@Suite struct GroundTruthTests {
  private final class Transfer {
    let sender: TransportCounters
    let receiver: TransportCounters
    /// How often the sender's probe timeout passed.
    let timeouts: Int
    var captures: [Address: [(time: UInt64, from: Address, to: Address, bytes: [UInt8], outbound: Bool)]] = [:]
    let addresses: (Address, Address)

    init(_ link: String, arq: RepeatMode = .selectiveRepeat, size: Int = 1_500_000, seed: UInt64 = 3) throws {
      let world = World(seed: seed)
      var configuration = TransportConfiguration()
      configuration.repeatMode = arq
      let a = world.addEndpoint(configuration, link: try LinkSpec(parsing: link))
      let b = world.addEndpoint(configuration)
      addresses = (a.address, b.address)
      let box = Box()
      world.network.onSend = { datagram, now in
        box.add(datagram.from, now, datagram, true)
        return true
      }
      world.onArrival = { datagram, now in box.add(datagram.to, now, datagram, false) }
      world.connect(a, to: b)
      world.run(for: 10 * .second) { a.connection != nil && b.connection != nil }
      world.sendFile(size, from: a, on: try #require(a.connection))
      let connection = try #require(a.connection)
      var (inARow, timeouts) = (0, 0)
      func watch() -> Bool {
        let now = a.endpoint.status(connection)?.probeTimeouts ?? 0
        timeouts += max(0, now - inARow)
        inARow = now
        return false
      }
      #expect(world.run(for: 120 * .second) { watch() || world.isComplete } && world.violations.isEmpty)
      // The last ACKs.
      world.run(for: 3 * .second, until: watch)
      self.timeouts = timeouts
      (sender, receiver) = (a.endpoint.counters, b.endpoint.counters)
      captures = box.captures
    }

    final class Box {
      var captures: [Address: [(time: UInt64, from: Address, to: Address, bytes: [UInt8], outbound: Bool)]] = [:]
      func add(_ host: Address, _ now: Instant, _ datagram: NetworkDatagram, _ outbound: Bool) {
        captures[host, default: []].append(
          (UInt64(now.nanoseconds) + 1_000_000_000, datagram.from, datagram.to, datagram.bytes, outbound))
      }
    }

    /// Calls `visit` with each datagram at one end.
    func replay(at address: Address, _ visit: (inout Datagram) -> Void) {
      for (index, event) in (captures[address] ?? []).enumerated() {
        var datagram = Datagram(
          from: event.from, to: event.to, payload: Bytes(event.bytes), length: event.bytes.count)
        (datagram.number, datagram.time) = (UInt64(index + 1), event.time)
        datagram.direction = event.outbound ? .outbound : .inbound
        visit(&datagram)
      }
    }

    /// Twins are retransmissions that go out twice, one after another, without a new loss.
    func analyze(at address: Address) -> (statistics: Statistics, flows: [Flow], inFlight: Int, twins: Int) {
      var analyzer = Analyzer()
      var statistics = Statistics()
      var (inFlight, twins) = (0, 0)
      var latest: Int64?
      replay(at: address) { datagram in
        let seen = analyzer.observe(&datagram)
        statistics.add(datagram, seen)
        guard let subject = seen.subject, analyzer.flows[subject].destination == addresses.1 else { return }
        inFlight = seen.inFlight ?? 0
        guard let number = seen.sequence else { return }
        if number == latest, !seen.marks.contains(.pto) { twins += 1 }
        latest = number
      }
      return (statistics, analyzer.flows, inFlight, twins)
    }

    func sightings(at address: Address) -> Sightings {
      var sightings = Sightings()
      var analyzer = Analyzer()
      replay(at: address) { datagram in
        _ = analyzer.observe(&datagram)
        sightings.add(datagram)
      }
      return sightings
    }
  }

  @Test(arguments: [
    "delay=10ms", "delay=10ms,loss=3%,corrupt=2%,rate=50mbit", "delay=10ms,loss=10%,jitter=3ms",
    "delay=10ms,duplicate=3%,reorder=3%,rate=20mbit", "delay=10ms,loss=1%,outage=300ms/200ms,rate=10mbit",
    "delay=20ms,loss=40%,rate=2mbit",
  ])
  func selectiveRepeat(_ link: String) throws {
    let transfer = try Transfer(link)
    let (statistics, flows, inFlight, twins) = transfer.analyze(at: transfer.addresses.0)
    let index = try #require(flows.firstIndex { $0.destination == transfer.addresses.1 })
    let sent = statistics.flows[index]
    #expect(sent.resent == UInt64(transfer.sender.retransmitted) && sent.freshBytes == 1_500_000, "\(link)")
    #expect(statistics.all.corrupt == UInt64(transfer.sender.corrupt) && inFlight == 0, "\(link)")
    #expect(sent.roundTrips.minimum >= 20_000_000 && sent.roundTrips.count > 20, "\(link)")
    // The ACKs that report the last ones may be lost.
    let reported = Int(flows[index].reportedCorrupt)
    #expect((transfer.receiver.corrupt - 2...transfer.receiver.corrupt).contains(reported), "\(link)")
    let (byAck, byTimeout) = (statistics.count(of: .lostByAck), statistics.count(of: .lostByTimeout))
    // A lost packet may have arrived before it was repeated; probes may repeat what was lost.
    #expect(byAck + byTimeout <= UInt64(transfer.sender.lost), "\(link)")
    let (pto, timeouts) = (statistics.count(of: .pto), Int(sent.timeouts))
    #expect(pto <= 2 * sent.timeouts, "\(link)")
    #expect((transfer.timeouts * 9 / 10...transfer.timeouts).contains(timeouts), "\(link)")
    #expect(byAck + byTimeout + pto + statistics.count(of: .spurious) + UInt64(twins) >= sent.resent, "\(link)")
    #expect(sent.outOfOrder == 0 && sent.duplicates == 0, "a sender's end sees no disorder of its own")
  }

  @Test(arguments: ["delay=10ms,loss=2%,rate=50mbit", "delay=10ms,loss=1%,outage=300ms/200ms,rate=20mbit"])
  func goBackN(_ link: String) throws {
    let transfer = try Transfer(link, arq: .goBackN)
    let (statistics, flows, inFlight, _) = transfer.analyze(at: transfer.addresses.0)
    let index = try #require(flows.firstIndex { $0.destination == transfer.addresses.1 })
    #expect(statistics.flows[index].resent == UInt64(transfer.sender.retransmitted) && inFlight == 0)
    #expect(flows[index].arq == .goBackN && statistics.flows[index].goBacks == UInt64(transfer.sender.lost))
    #expect(statistics.flows[index].timeouts == UInt64(transfer.timeouts))
    // The other end sees the same returns, except those of which every retransmission was lost.
    let there = transfer.analyze(at: transfer.addresses.1)
    let arrived = try #require(there.flows.firstIndex { $0.destination == transfer.addresses.1 })
    let goBacks = Int(there.statistics.flows[arrived].goBacks)
    #expect((transfer.sender.lost / 2...transfer.sender.lost).contains(goBacks), "\(link)")
  }

  @Test func theReceiversEnd() throws {
    let transfer = try Transfer("delay=10ms,loss=3%,corrupt=2%,duplicate=1%,reorder=2%,rate=50mbit")
    let (statistics, flows, _, _) = transfer.analyze(at: transfer.addresses.1)
    let index = try #require(flows.firstIndex { $0.destination == transfer.addresses.1 })
    let arrived = statistics.flows[index]
    #expect(statistics.all.corrupt == UInt64(transfer.receiver.corrupt))
    #expect(arrived.freshBytes == 1_500_000)
    // What the network duplicated is not a retransmission.
    let repeats = UInt64(transfer.receiver.receivedRetransmitted)
    #expect(arrived.resent <= repeats && arrived.resent + arrived.duplicates >= repeats)
    #expect(arrived.duplicates + arrived.spurious == UInt64(transfer.receiver.duplicate))
    #expect(arrived.outOfOrder > 0)
  }

  @Test func bothEndsCompared() throws {
    let transfer = try Transfer("delay=10ms,loss=3%,corrupt=2%,rate=50mbit")
    let comparison = CaptureComparison(
      transfer.sightings(at: transfer.addresses.0), transfer.sightings(at: transfer.addresses.1))
    for (report, from, to) in [
      (comparison.forth, transfer.addresses.0, transfer.addresses.1),
      (comparison.back, transfer.addresses.1, transfer.addresses.0),
    ] {
      let sent = transfer.captures[from]?.filter { $0.outbound } ?? []
      let arrived = transfer.captures[to]?.filter { !$0.outbound } ?? []
      let damaged = arrived.count { !Checksum.isValid($0.bytes.span) }
      #expect(report.passages.count == sent.count && report.count(.corrupted) + report.unmatched == damaged)
      #expect(report.count(.delivered) + report.count(.late) == arrived.count - damaged)
      #expect(report.count(.lost) == sent.count - arrived.count + report.unmatched)
      #expect(report.delays.first.map { abs($0 - 10_000_000) < 100_000 } == true)
    }
    let offset = try #require(comparison.offset)
    #expect(abs(offset.value) < 100_000)
  }
}
