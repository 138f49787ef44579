import ShoalBase
import ShoalContent
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTracker

/// What strangers can and cannot use up.
struct AbuseTests {
  @Test func aHostThatAsksTooMuchWaitsAndOthersDoNot() throws {
    var harness = TrackerHarness {
      $0.requestsPerHost = 10
      $0.requestsPerHostAtOnce = 50
    }
    let (greedy, other) = (peer(1), peer(2))
    let requests = [
      try harness.finding("x", from: greedy).datagram(connection: 1),
      try harness.finding("x", from: greedy.with(port: 9)).datagram(connection: 1),
    ]
    var answered = 0
    for number in 0..<200 {
      answered += harness.send(requests[number % 2], from: number % 2 == 0 ? greedy : greedy.with(port: 9)).count
    }
    #expect(answered == 50 && harness.tracker.counters.limited == 150, "a host's ports share what it may send")
    #expect(try harness.error(try harness.finding("x", from: other), from: other) == .unknownFile)
    harness.now = harness.now + 1 * .second
    answered = 0
    for _ in 0..<200 { answered += harness.send(requests[0], from: greedy).count }
    #expect(answered == 10)
  }

  @Test func aForgedSenderDoesNotUseUpWhatAHostMaySend() throws {
    var harness = TrackerHarness { $0.requestsPerHostAtOnce = 5 }
    var forged = try harness.finding("x", from: peer(1))
    forged.cookie ^= 1
    for _ in 0..<100 { #expect(try harness.error(forged, from: peer(1)) == .staleCookie) }
    #expect(harness.tracker.counters.limited == 0 && harness.tracker.counters.unproven == 100)
    #expect(try harness.error(try harness.finding("x", from: peer(1)), from: peer(1)) == .unknownFile)
  }

  /// So many forged requests are refused each second; the rest are dropped, and honest requests are answered.
  @Test func moreForgedRequestsThanThatAreDropped() throws {
    var harness = TrackerHarness { $0.strangers = 100 }
    let request = try harness.finding("x", from: peer(1)).datagram(connection: 1)
    var forged = request
    forged[16] ^= 1
    var answered = 0
    for _ in 0..<1_000 { answered += harness.send(forged, from: peer(1)).count }
    #expect(answered == 100 && harness.tracker.counters.unanswered == 900)
    #expect(harness.send(request, from: peer(1)).count == 1)
    #expect(harness.send(try ConnectPacket().datagram(connection: 1), from: peer(2)).count == 1)
    harness.now = harness.now + .second
    #expect(harness.send(forged, from: peer(1)).count == 1)
    harness.tracker.isPressed = true
    #expect(harness.send(forged, from: peer(1)).isEmpty && harness.send(request, from: peer(1)).count == 1)
  }

  /// A host is only slowed down by others if both of its buckets are shared with greedy ones.
  @Test func aThousandGreedyHostsLeaveTheOthersAlone() throws {
    var budgets = HostBudgets(perSecond: 10, atOnce: 20)
    var random = SeededGenerator(seed: 7)
    let now = Instant(nanoseconds: .second)
    for _ in 0..<1_000 {
      let hash = UInt32(truncatingIfNeeded: random.next())
      for _ in 0..<30 { _ = budgets.take(hash, at: now) }
    }
    let refused = (0..<1_000).count { _ in !budgets.take(UInt32(truncatingIfNeeded: random.next()), at: now) }
    #expect(refused < 40)
    let size = budgets.byteCount
    for _ in 0..<10_000 { _ = budgets.take(UInt32(truncatingIfNeeded: random.next()), at: now) }
    #expect(budgets.byteCount == size)
  }

  /// A flood of forged datagrams, and honest peers who repeat a request that is not answered. The tracker handles 40 in
  /// the time in which 42 arrive, so that some of everything finds the socket's queue full.
  @Test func honestPeersGetThroughAFlood() throws {
    var random = SeededGenerator(seed: 11)
    var harness = TrackerHarness()
    for number in 0..<50 { try harness.register(digest(1), from: peer(number), have: [run(0, 10)]) }
    let honest = try (100..<400).map { try harness.finding("film.mkv", from: peer($0)).datagram(connection: 1) }
    _ = harness.send(honest[0], from: peer(100))
    let before = (harness.tracker.byteCount, harness.tracker.registrationCount)
    var queue: [(bytes: [UInt8], from: Address, honest: Int?)] = []
    var isAnswered = [Bool](repeating: false, count: honest.count)
    var lost = 0
    for step in 0..<700 {
      // Each asks once, and once more 350 steps later if there was no answer.
      let asking = step < 300 ? step : step < 350 || isAnswered.count <= step - 350 ? nil : step - 350
      let turn = Int(random.next() % 42)
      for arrival in 0..<42 {
        if arrival == turn, let asking, !isAnswered[asking] {
          if queue.count < 400 { queue.append((honest[asking], peer(100 + asking), asking)) } else { lost += 1 }
        } else if queue.count < 400 {
          queue.append((try Self.forgery(&random), peer(Int(random.next() & 0xffff) + 1_000), nil))
        }
      }
      for (bytes, from, number) in queue.prefix(40) {
        let replies = harness.send(bytes, from: from)
        if let number { isAnswered[number] = !replies.isEmpty }
        for reply in replies where number == nil { #expect(reply.count <= bytes.count) }
      }
      queue.removeFirst(min(40, queue.count))
      harness.now = harness.now + .millisecond
    }
    let heard = isAnswered.count { $0 }
    #expect(lost > 0 && heard >= 297, "\(heard) of 300, \(lost) requests lost")
    #expect(harness.tracker.byteCount == before.0 && harness.tracker.registrationCount == before.1)
    #expect(harness.tracker.counters.unproven > 10_000)
  }

  /// A CONNECT, or a request with a cookie that is none.
  private static func forgery(_ random: inout SeededGenerator) throws -> [UInt8] {
    switch random.next() & 3 {
    case 0: return try ConnectPacket().datagram(connection: random.next())
    case 1:
      var packet = RegisterPacket()
      (packet.cookie, packet.id, packet.cut, packet.name) = (
        random.next(), digest(random.next() & 7), cut(10), "film.mkv"
      )
      return try packet.datagram(connection: random.next())
    case 2:
      var packet = LookupPacket()
      (packet.cookie, packet.id, packet.most) = (random.next(), digest(1), 255)
      return try packet.datagram(connection: random.next())
    default:
      var packet = FindPacket()
      (packet.cookie, packet.name) = (random.next(), "film.mkv")
      return try packet.datagram(connection: random.next())
    }
  }

  @Test func readingAheadChangesNothing() throws {
    var random = SeededGenerator(seed: 5)
    var plain = TrackerHarness(), ahead = TrackerHarness()
    for _ in 0..<20 {
      var batch: [([UInt8], Address)] = []
      for _ in 0..<80 {
        let sender = peer(Int(random.next() % 40))
        let id = digest(random.next() % 6)
        let packet: [UInt8] =
          switch random.next() % 4 {
          case 0:
            try plain.registering(id, from: sender, have: [run(0, UInt32(random.next() % 11))].filter { $0.count > 0 })
              .datagram(connection: 1)
          case 1: try plain.lookingUp(id, from: sender).datagram(connection: 1)
          case 2: try plain.deregistering(id, from: sender).datagram(connection: 1)
          default: (0..<Int(random.next() % 90)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
          }
        batch.append((packet, sender))
      }
      for (bytes, from) in batch { ahead.tracker.expect(bytes.span, from: from) }
      ahead.tracker.readAhead()
      for (bytes, from) in batch {
        let replies = (plain.send(bytes, from: from), ahead.send(bytes, from: from))
        let isSame = replies.0 == replies.1
        #expect(isSame)
      }
    }
  }

  @Test func whatIsBusyIsKnown() throws {
    var harness = TrackerHarness()
    try harness.register(digest(1), from: peer(1))
    let busy = try harness.lookingUp(digest(1), from: peer(7)).datagram(connection: 1)
    for number in 0..<3_200 {
      _ = harness.send(busy, from: peer(7))
      let other = peer(10 + number % 100)
      if number % 2 == 0 {
        _ = harness.send(try harness.lookingUp(digest(9), from: other).datagram(connection: 1), from: other)
      }
    }
    let (host, file) = (harness.tracker.busiestHosts(1).first, harness.tracker.busiestFiles(1).first)
    #expect(host?.host == peer(7).with(port: 0) && (host?.share ?? 0) > 0.5)
    #expect(file?.id == digest(1) && file?.name == "film.mkv" && file?.peers == 1)
  }

  @Test func timesAreInClasses() {
    var times = ReplyTimes()
    #expect(times.quantile(0.5) == nil)
    for microseconds in [0, 15, 16, 31, 32, 1_000, 600_000] { times.add(Nanoseconds(microseconds) * .microsecond) }
    #expect(times.counts[0] == 2 && times.counts[1] == 2 && times.counts[2] == 1 && times.counts[16] == 1)
    #expect(times.count == 7 && times.longest == 600 * .millisecond)
    #expect(times.quantile(0.5) == 32 * .microsecond && times.quantile(1) == 600 * .millisecond)
    times.add(-1)
    #expect(times.counts[0] == 3)
  }
}
