import ShoalBase
import ShoalLink
import ShoalTransport
import ShoalWire
import Testing

@testable import ShoalSimulator

@Suite struct SimulatedTransferTests {
  private func transfer(
    _ link: String, size: Int = 1_000_000, _ change: (inout TransportConfiguration) -> Void = { _ in }
  ) throws -> SimulatedTransfer {
    var transport = TransportConfiguration()
    change(&transport)
    return SimulatedTransfer(size: size, link: try LinkSpec(parsing: link), transport: transport)
  }

  @Test func theSameSeedIsTheSameRun() throws {
    let transfer = try transfer("rate=20mbit,delay=10ms,loss=3%,seed=5")
    let (once, again, other) = (transfer.run(seed: 1), transfer.run(seed: 1), transfer.run(seed: 2))
    #expect(once.time == again.time && once.sender == again.sender && once.up == again.up)
    // A seed in the link itself does not make all runs alike.
    #expect(once.time != other.time)
  }

  @Test func countsEveryByteOnce() throws {
    let transfer = try transfer("rate=20mbit,delay=10ms,loss=5%,corrupt=2%")
    let result = transfer.run(seed: 3)
    #expect(result.received == 1_000_000 && result.violations.isEmpty)
    let time = try #require(result.time)
    #expect(abs(result.goodput * Double(time) / 1e9 - 1_000_000) < 1)
    // Everything that was sent, lost or not: no less than the file, and what the link counted.
    #expect(result.wireBytes == result.up.offeredBytes && result.wire > 1.05 && result.wire < 1.5)
    #expect(result.up.offered == result.sender.sent && result.receiver.corrupt > 0)
    let trip = try #require(result.roundTrip)
    #expect(trip.median >= 20 * .millisecond && trip.high >= trip.median)
  }

  @Test func theWindowAloneLimits() throws {
    // 16 packets per round trip of 40 ms, and 0.12 ms for each on the wire.
    let transfer = try transfer("rate=100mbit,delay=20ms") { transport in
      transport.window = 16
      transport.congestion = .none
    }
    let result = transfer.run(seed: 1)
    let limit = 16 * 1_472 / 0.040
    #expect(result.goodput < limit && result.goodput > 0.4 * limit)
  }

  @Test func goBackNRepeatsMore() throws {
    func wire(_ mode: RepeatMode) throws -> Double {
      try transfer("rate=20mbit,delay=20ms,loss=2%/0%") { transport in
        transport.repeatMode = mode
        transport.window = 64
        transport.congestion = .none
      }
      .run(seed: 1).wire
    }
    #expect(try wire(.goBackN) > 1.2 * wire(.selectiveRepeat))
  }

  @Test func isGivenUpInTime() throws {
    var transfer = try transfer("rate=10kbit,delay=10ms")
    transfer.limit = 3 * .second
    let result = transfer.run(seed: 1)
    #expect(result.time == nil && result.received < 10_000 && result.goodput == 0 && result.violations.isEmpty)
    var deaf = try self.transfer("loss=100%")
    deaf.limit = 60 * .second
    #expect(deaf.run(seed: 1).time == nil)
  }

  @Test func theTimelineAscends() throws {
    var transfer = try transfer("rate=20mbit,delay=10ms")
    transfer.interval = 10 * .millisecond
    let samples = transfer.run(seed: 1).samples
    #expect(samples.count > 20)
    #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.time < $1.time && $0.received <= $1.received })
    #expect(samples.contains { $0.inFlight > 0 && $0.queueDelay > 0 && $0.roundTrip != nil })
  }
}
