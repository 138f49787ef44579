import ShoalBase
import ShoalLink
import ShoalTransport
import Testing

@testable import ShoalSimulator

@Suite struct SimulatedSwarmTests {
  private func swarm(
    _ receivers: Int, size: Int = 500_000, _ link: String = "rate=20mbit/100mbit,delay=10ms,loss=1%"
  ) throws -> SimulatedSwarm {
    SimulatedSwarm(
      receivers: receivers, size: size, link: try LinkSpec(parsing: link), transport: TransportConfiguration())
  }

  @Test func allHaveTheFileAndTheSameSeedIsTheSameRun() throws {
    let swarm = try swarm(3)
    let (once, again, other) = (swarm.run(seed: 1), swarm.run(seed: 1), swarm.run(seed: 2))
    #expect(once == again && once.fingerprint != other.fingerprint)
    #expect(once.complete == 3 && once.violations.isEmpty && !once.isStalled)
    // What arrived is the file, whoever sent it.
    #expect(once.receivers.allSatisfy { $0.fromOrigin + $0.fromPeers == 500_000 })
    let last = try #require(once.last)
    #expect(Double(last) / 1e9 >= swarm.bound!)
    #expect(once.origin.contentSent >= 500_000 && once.origin.fromPeers == 0)
  }

  /// F/u of the origin, F/d of a receiver, N·F divided by the sum of all uplinks: the largest of them is the bound.
  @Test func theBoundIsTheNarrowestPlace() throws {
    let share = 1_430.0 / 1_500
    var swarm = try swarm(4, size: 10_000_000, "rate=20mbit/100mbit")
    #expect(abs(swarm.bound! - 10 / (2.5 * share)) < 0.01)
    swarm.originLink = try LinkSpec(parsing: "rate=100mbit/none")
    #expect(abs(swarm.bound! - 4 * 10 / ((12.5 + 4 * 2.5) * share)) < 0.01)
    swarm.secondLink = try LinkSpec(parsing: "rate=2mbit/100mbit")
    #expect(abs(swarm.bound! - 4 * 10 / ((12.5 + 2 * 2.5 + 2 * 0.25) * share)) < 0.01)
    swarm.secondLink = try LinkSpec(parsing: "rate=20mbit/6mbit")
    #expect(abs(swarm.bound! - 10 / (0.75 * share)) < 0.01)
    swarm.secondLink = nil
    swarm.originLink = try LinkSpec(parsing: "rate=8mbit/none")
    #expect(abs(swarm.bound! - 10 / share) < 0.02)
    swarm.link = try LinkSpec(parsing: "rate=none/4mbit,loss=10%/50%")
    #expect(abs(swarm.bound! - 40 / share) < 0.1)
    // The last receiver can have nothing before it has come.
    swarm.arrival = 100 * .second
    #expect(abs(swarm.bound! - 100 - 40 / share) < 0.1)
    #expect(try self.swarm(3, "delay=1ms").bound == nil)
  }

  @Test func receiversComeOneAfterTheOther() throws {
    var swarm = try swarm(4)
    swarm.arrival = 3 * .second
    let result = swarm.run(seed: 1)
    #expect(result.receivers.map { $0.arrived / .millisecond } == [0, 1_000, 2_000, 3_000])
    #expect(result.complete == 4 && result.last! > 3 * .second)
    // Receivers whose time does not come before the end have nothing.
    swarm.limit = 2_500 * .millisecond
    let short = swarm.run(seed: 1)
    #expect(short.receivers.count == 4 && short.complete == 3 && short.last == nil)
  }

  @Test func aFullDiskIsNamedAndHoldsUpNobodyElse() throws {
    var swarm = try swarm(3)
    swarm.fullDisks = 1
    let result = swarm.run(seed: 1)
    #expect(result.complete == 2 && result.last == nil && result.violations.isEmpty)
    #expect(result.receivers[2].time == nil && result.receivers[2].failure?.contains("full") == true)
    #expect(result.receivers[2].fromOrigin == 0 && result.time < 60 * .second)
  }

  @Test func thoseThatLosePowerGoOn() throws {
    var swarm = try swarm(3, size: 1_000_000)
    swarm.restarts = 2
    let result = swarm.run(seed: 1)
    #expect(result.complete == 3 && result.violations.isEmpty)
    #expect(result.receivers[..<2].allSatisfy { $0.time! > .second })
  }

  /// Without an origin, the receivers cannot get what only it had; that is noticed long before the limit.
  @Test func whatCannotEndIsGivenUp() throws {
    var swarm = try swarm(2)
    swarm.originLasts = 0.1
    swarm.patience = 60 * .second
    let result = swarm.run(seed: 1)
    #expect(result.complete == 0 && result.isStalled && result.time < 120 * .second)
    var deaf = try self.swarm(2, "loss=100%")
    deaf.limit = 5 * .second
    let nothing = deaf.run(seed: 1)
    #expect(nothing.complete == 0 && !nothing.isStalled && nothing.time == 5 * .second)
  }
}
