import ShoalBase
import ShoalWire
import Testing

@testable import Shoal

@Suite struct NameBookTests {
  private let place = Resolver.HostPort(host: "tracker.example", port: 7_400)
  private func address(_ number: UInt32) -> Address { Address(ipv4: 0xc000_0200 + number, port: 7_400) }
  private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Nanoseconds(seconds * 1e9)) }

  @Test func aTrackerIsLookedUpAgainEveryMinuteAndWhenItIsSilent() {
    var names = NameBook()
    let number = names.add(place, for: .tracker, at: at(100))!
    #expect(names.add(place, for: .tracker, at: at(100)) == nil)
    #expect(names.deadline == at(100) && names.next(at: at(100))?.1 == place && names.next(at: at(100)) == nil)
    #expect(names.deadline == .distantFuture)
    _ = names.resolved(number, .success([address(1)]), at: at(101))
    #expect(names.deadline == at(161))
    // Not more than every ten seconds.
    names.doubt(number, at: at(102))
    #expect(names.deadline == at(110) && names.next(at: at(109)) == nil)
    names.doubt(number, at: at(150))
    #expect(names.deadline == at(110))
    #expect(names.next(at: at(150)) != nil)
    // Nor while it is being looked up.
    names.doubt(number, at: at(170))
    #expect(names.deadline == .distantFuture)
    _ = names.resolved(number, .success([address(1)]), at: at(180))
    #expect(names.deadline == at(240))
  }

  @Test func aFailureIsTriedAgainLessAndLessOften() {
    var names = NameBook()
    let number = names.add(place, for: .tracker, at: at(0))!
    var (now, waits) = (at(0), [Double]())
    for _ in 0..<9 {
      #expect(names.next(at: now) != nil)
      let entry = names.resolved(number, .failure(.noAnswer("tracker.example")), at: now)!
      #expect(entry.isTried && !entry.isHopeless)
      names.doubt(number, at: now)
      waits.append(Double(names.pause(number, at: now)) / 1e9)
      now = names.deadline
    }
    #expect(waits == [5, 10, 20, 40, 80, 160, 300, 300, 300])
    #expect(names.next(at: now) != nil)
    #expect(names.resolved(number, .failure(.unknownHost("x")), at: now)!.isHopeless)
    now = names.deadline
    #expect(names.next(at: now) != nil)
    let entry = names.resolved(number, .success([address(1)]), at: now)!
    #expect(entry.failure == nil && !entry.isHopeless && entry.addresses == [address(1)])
    now = names.deadline
    #expect(names.next(at: now) != nil)
    // What was resolved once is not given up, and its wait begins anew.
    let later = names.resolved(number, .failure(.unknownHost("x")), at: now)!
    #expect(!later.isHopeless && later.addresses == [address(1)])
    #expect(names.deadline == now + 5 * .second)
  }

  @Test func anAddressCountsUntilTwoAnswersLackIt() {
    var names = NameBook()
    let number = names.add(place, for: .tracker, at: at(0))!
    func answer(_ numbers: UInt32...) -> [Address] {
      let now = names.deadline
      _ = names.next(at: now)
      return names.resolved(number, .success(numbers.map(address)), at: now)!.addresses
    }
    #expect(answer(1) == [address(1)])
    #expect(answer(2) == [address(2), address(1)])
    #expect(answer(1, 2) == [address(1), address(2)])
    #expect(answer(3) == [address(3), address(1), address(2)])
    #expect(answer(3) == [address(3)])
  }

  @Test func aPeerIsLookedUpAgainOnlyWhenItDoesNotAnswer() {
    var names = NameBook()
    let number = names.add(place, for: .peer(3), at: at(0))!
    _ = names.next(at: at(0))
    _ = names.resolved(number, .success([address(1), address(2)]), at: at(1))
    #expect(names.deadline == .distantFuture)
    names.doubt(address(9), at: at(20))
    #expect(names.deadline == .distantFuture)
    names.doubt(address(2), at: at(20))
    #expect(names.deadline == at(20))
    _ = names.next(at: at(20))
    names.remove(.peer(3))
    // Nobody wants it any more.
    #expect(names.resolved(number, .success([address(1)]), at: at(21)) == nil)
    #expect(names.entries.isEmpty && names.deadline == .distantFuture)
  }

  @Test func fewAreResolvedAtATimeAndNotAnyNumberIsKept() {
    var names = NameBook()
    let added = (0..<1_000).compactMap { names.add(.init(host: "h\($0)", port: 1), for: .tracker, at: at(0)) }
    #expect(added.count == 64)
    var running: [Int] = []
    while let next = names.next(at: at(0)) { running.append(next.0) }
    #expect(running == [0, 1, 2, 3] && names.deadline == .distantFuture)
    _ = names.resolved(2, .success([address(1)]), at: at(0))
    #expect(names.next(at: at(0))?.0 == 4 && names.next(at: at(0)) == nil)
  }

  @Test func familiesTakeTurns() {
    let ipv4 = (0..<3).map { address(UInt32($0)) }
    let ipv6 = (0..<2).map { Address(high: 1, low: UInt64($0), port: 1) }
    #expect(Resolver.inTurn(ipv6 + ipv4) == [ipv6[0], ipv4[0], ipv6[1], ipv4[1], ipv4[2]])
    #expect(Resolver.inTurn(ipv4) == ipv4 && Resolver.inTurn([]).isEmpty)
  }
}
