import ShoalBase
import ShoalWire
import Testing

@testable import ShoalTransport

/// Small rules, each tested at its edge: at one less and at one more than it says.
@Suite struct RuleEdgeTests {
  @Test func goBackNKeepsWhatItExpectsAlone() {
    var window = ReceiveWindow(first: 100, limit: 4)
    #expect(GoBackN.keep(99, &window) == .duplicate)
    #expect(GoBackN.keep(103, &window) == .discarded && window.top == 104)
    #expect(GoBackN.keep(104, &window) == .outside && window.top == 104)
    #expect(GoBackN.keep(100, &window) == .new && window.next == 101 && window.top == 101)
    #expect(GoBackN.keep(100, &window) == .duplicate && !window.hasGap)
  }

  @Test func selectiveRepeatKeepsItsWindowAndNoMore() {
    var window = ReceiveWindow(first: 100, limit: 4)
    #expect(SelectiveRepeat.keep(99, &window) == .duplicate)
    #expect(SelectiveRepeat.keep(104, &window) == .outside && window.top == 100)
    #expect(SelectiveRepeat.keep(103, &window) == .new && window.next == 100)
    #expect(SelectiveRepeat.keep(103, &window) == .duplicate)
    #expect(SelectiveRepeat.keep(100, &window) == .new && window.next == 101 && window.top == 104)
  }

  @Test func whatIsOvertakenByThreeIsLostAndByTwoIsNot() {
    let now = Instant.zero + .second
    for by in [2, 3] as [UInt64] {
      var window = SendWindow(first: 100, limit: 64)
      for _ in 0..<4 {
        let number = window.packets.add(payload: .empty, messages: nil)
        window.sent(number, bytes: 100, phase: .steady, at: now)
      }
      var result = AckResult()
      window.acknowledge(100 + by..<101 + by, &result)
      let again = SelectiveRepeat.detectLosses(
        &window, Reordering(), RoundTrip(), at: now + .millisecond, &result)
      let lost = window.packets[100].isLost
      #expect(lost == (by == 3) && again != nil, "overtaken by \(by)")
    }
  }

  @Test func aBlackHoleIsManyLossesOverSomeTimeAndNothingSince() {
    func hole(_ losses: Int, over time: Nanoseconds, arrived: UInt64? = nil) -> Bool {
      var hole = BlackHole()
      if let arrived { hole.onArrival(Departure(order: arrived, sentAt: .zero)) }
      for i in 0..<losses {
        let sentAt = Instant.zero + time * Nanoseconds(i) / Nanoseconds(losses - 1)
        hole.onLoss(Departure(order: UInt64(10 + i), sentAt: sentAt))
      }
      return hole.isLikely(RoundTrip())
    }
    #expect(hole(16, over: 2 * .second) && !hole(15, over: 2 * .second))
    #expect(!hole(16, over: .second))
    // Losses of packets that left before one that got through prove nothing.
    #expect(hole(16, over: 2 * .second, arrived: 9) && !hole(16, over: 2 * .second, arrived: 11))
  }

  @Test func anAckEchoesWhatLeftLatest() {
    let cases: [(UInt32, UInt32, UInt32)] = [(100, 50, 100), (50, 100, 100), (.max, 3, 3), (3, .max, 3)]
    for (first, second, echo) in cases {
      var schedule = AckSchedule()
      for timestamp in [first, second] {
        var packet = DataPacket()
        packet.timestamp = timestamp
        schedule.onData(packet, .new, gap: false, RoundTrip(), at: .zero)
      }
      #expect(schedule.take(at: .zero).echo == echo)
      #expect(schedule.take(at: .zero).delay == .max, "an echo is told once")
    }
  }

  /// 65,535 means that there is no echo, so it must never stand for a long delay, however long.
  @Test func aLongDelayIsNotTheAbsenceOfAnEcho() {
    var schedule = AckSchedule()
    var packet = DataPacket()
    packet.timestamp = 9
    schedule.onData(packet, .new, gap: false, RoundTrip(), at: .zero)
    let (echo, delay) = schedule.take(at: .zero + 60 * .second)
    #expect(echo == 9 && delay == 65_534)
  }

  /// What came in pays for ACKs up to a limit, and each ACK uses up its own size.
  @Test func acksAreNotPaidForWithoutEnd() {
    var schedule = AckSchedule()
    for _ in 0..<1_000 { schedule.earn(1_200) }
    _ = schedule.take(at: .zero)
    var bytes = 0
    while schedule.canGoOn, bytes < 1 << 20 {
      let room = schedule.room(at: .zero)
      schedule.spend(room)
      bytes += room
    }
    #expect(bytes >= Constants.ackCredit - Constants.ackLength && bytes <= Constants.ackCredit + Constants.ackLength)
    let (soon, later) = (schedule.room(at: .zero), schedule.room(at: .zero + Constants.longestAckDelay))
    #expect(soon < Constants.shortAck && later == Constants.shortAck)
  }

  /// An ACK is due after as many packets as the sender asks for, or at once if a packet brings news.
  @Test func anAckIsDueWhenItIsWishedFor() {
    func due(_ packets: Int, every: UInt8, attempt: UInt8 = 0, gap: Bool = false) -> Bool {
      var schedule = AckSchedule()
      var packet = DataPacket()
      (packet.ackEvery, packet.ackDelay, packet.attempt) = (every, .max, attempt)
      for _ in 0..<packets { schedule.onData(packet, .new, gap: gap, RoundTrip(), at: .zero + .second) }
      return schedule.isDue(at: .zero + .second)
    }
    #expect(!due(1, every: 2) && due(2, every: 2) && due(1, every: 1) && due(1, every: 0))
    #expect(!due(63, every: 64) && due(64, every: 64))
    #expect(due(1, every: 64, attempt: 1) && due(1, every: 64, gap: true))
  }
}
