import ShoalBase
import ShoalContent
import ShoalWire
import Testing

@testable import ShoalTransport

/// The parts of a connection and of an endpoint, each alone.
@Suite struct PartsTests {
  @Test func turnsGoRoundAndEachCostsItsShare() {
    var turns = Turns(slots: 3)
    for slot in 0..<3 { turns.add(slot) }
    var work = [0, 0, 0]
    for _ in 0..<3_000 {
      guard let slot = turns.first, turns.begin() else { continue }
      // The last connection sends little datagrams, the first large ones.
      let cost = [9_000, 3_000, 1_100][slot]
      work[slot] += cost
      turns.spend(cost)
    }
    #expect(work.max()! - work.min()! <= Work.quantum + 9_000, "\(work)")
  }

  @Test func whoOwesIsPassedByUntilItHasPaid() {
    var turns = Turns(slots: 2)
    turns.charge(10 * Work.quantum, to: 0)
    for slot in 0..<2 { turns.add(slot) }
    var spent = 0
    while turns.first == 1 || !turns.begin() {
      guard turns.first == 1, turns.begin() else { continue }
      turns.spend(Work.quantum)
      spent += 1
    }
    let first = turns.first
    #expect(first == 0 && spent == 10)
    // Afterwards its slot belongs to another connection, which owes nothing.
    turns.charge(.max, to: 0)
    turns.remove(0)
    let credit = turns.credit[0]
    let next = turns.first
    #expect(next == 1 && credit == 0)
    let hasBegun = turns.begin()
    turns.finish()
    let last = turns.first
    #expect(hasBegun && last == nil)
  }

  @Test func anAddressIsSentThreeTimesWhatCameUntilItIsValidated() {
    var validation = AddressValidation(isValidated: false)
    #expect(!validation.allows(1))
    validation.received(1_200)
    #expect(validation.allows(3_600) && !validation.allows(3_601))
    validation.sent(3_600)
    #expect(!validation.allows(1))
    validation.validated()
    #expect(validation.allows(1_000_000))
  }

  @Test func aPathIsItsOwn() {
    var path = Path(to: Address(ipv4: 1, port: 1), isValidated: true, .cubic, seed: 1, at: .zero)
    #expect(path.datagram == 1_200 && path.hasRoom(inFlight: 0))
    #expect(!path.hasRoom(inFlight: path.congestion.window))
    path.roundTrip.add(40 * .millisecond)
    path.opened(limit: 1_500, peerLimit: 65_507, at: .zero)
    let probe = path.mtu.nextProbe(.second, at: .zero)
    #expect(probe == 1_472)
    path.onProbed(1_472, at: .zero + 40 * .millisecond)
    #expect(path.datagram == 1_472)
    path.suspectBlackHole(at: .zero + .second)
    #expect(path.datagram == 1_200)
    // A path beside it has its own address, and knows nothing yet.
    let other = Path(to: Address(ipv4: 2, port: 1), isValidated: false, .cubic, seed: 1, at: .zero)
    #expect(!other.roundTrip.hasSample && other.datagram == 1_200 && !other.validation.isValidated)
  }

  @Test func aLostPacketMetTheQueueThatWasSeenAsItWasOvertaken() {
    var history = RoundTripHistory()
    history.longRoundTrip = 50
    for (order, roundTrip) in [(10, 40), (20, 60), (30, 40)] as [(UInt64, Nanoseconds)] {
      let isNews = history.isNews(order)
      #expect(isNews)
      history.add(roundTrip, at: order, capacity: 64)
    }
    let isNews = history.isNews(30)
    #expect(!isNews)
    let met = ([5, 10, 11, 20, 21, 30, 31] as [UInt64]).map { history.metQueue($0) }
    #expect(met == [false, false, true, true, false, false, false])
  }

  @Test func whatIsRepeatedTwiceWasLostTwiceAtTheTailOfALossyPath() {
    var packet = SentPacket(payload: .empty, messages: nil)
    packet.left(1, bytes: 100, phase: .steady, isTail: false, at: .zero)
    #expect(!RepeatMode.selectiveRepeat.goesOutTwice(packet, isTail: true, randomLoss: 0.1))
    packet.left(2, bytes: 100, phase: .steady, isTail: false, at: .zero)
    #expect(RepeatMode.selectiveRepeat.goesOutTwice(packet, isTail: true, randomLoss: 0.1))
    #expect(!RepeatMode.selectiveRepeat.goesOutTwice(packet, isTail: false, randomLoss: 0.1))
    #expect(!RepeatMode.selectiveRepeat.goesOutTwice(packet, isTail: true, randomLoss: 0.01))
    #expect(!RepeatMode.selectiveRepeat.goesOutTwice(packet, isTail: true, randomLoss: nil))
    #expect(!RepeatMode.goBackN.goesOutTwice(packet, isTail: true, randomLoss: 0.1))
  }

  @Test func slotsOfMessagesAreUsedAgain() {
    var messages = MessageSlots()
    let (first, second) = (messages.add([1, 2]), messages.add([3]))
    messages.remove(first)
    let third = messages.add([4, 5, 6])
    #expect(third == first && messages[third] == [4, 5, 6] && messages[second] == [3] && messages.bytes == 4)
  }
}
