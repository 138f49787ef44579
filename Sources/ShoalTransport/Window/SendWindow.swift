import ShoalBase

/// The numbered packets that are on their way, and what shows which of them are lost: what both repeat modes share.
struct SendWindow: ~Copyable {
  var packets: SentPackets
  /// The bytes of the packets that are neither acknowledged nor declared lost.
  private(set) var bytesInFlight = 0
  /// Packets that are declared lost and not yet retransmitted.
  private(set) var lostCount = 0
  /// The transmissions so far; 64 bits, so that it never wraps.
  private var transmissions: UInt64 = 0
  /// Every transmission, oldest first; those that are settled are dropped when they come to the front.
  private(set) var flight = Ring<Transmission>()
  /// The numbers of the packets to retransmit, in order; some are no longer lost.
  private(set) var lost = Ring<UInt64>()
  var evidence = AckEvidence()
  var rate = DeliveryRate()
  var roundTrips = RoundTripHistory()
  var blackHole = BlackHole()
  var log: LossLog
  private var lastLostOrder: UInt64?

  init(first: UInt64, limit: UInt64, recordsLosses: Bool = false) {
    packets = SentPackets(first: first, limit: limit)
    log = LossLog(isKept: recordsLosses)
  }

  var base: UInt64 { packets.base }
  var next: UInt64 { packets.next }
  var isEmpty: Bool { packets.isEmpty }
  var hasLost: Bool { lostCount > 0 }

  // MARK: Memory

  /// Makes room for twice as many packets.
  mutating func grow() {
    assert(countsAreRight)
    packets.grow()
  }

  /// Gives back what an empty window does not need.
  mutating func shrink() {
    assert(bytesInFlight == 0 && lostCount == 0)
    packets.shrink()
    flight = Ring()
    lost = Ring()
    roundTrips.removeMemory()
  }

  /// Drops the numbers of packets that are no longer lost, and those that are there twice.
  private mutating func forgetRetransmitted() {
    lost.filter { packets.contains($0) && packets[$0].isLost }
    if lost.count > packets.capacity {
      lost.removeAll()
      for number in base..<next where packets[number].isLost { lost.append(number) }
    }
    if lost.count > lost.capacity / 2 { lost.grow() }
  }

  /// Whether the sums match those over all packets. It visits every packet, so only assertions use it.
  private var countsAreRight: Bool {
    var (bytes, lost) = (0, 0)
    for number in base..<next {
      let packet = packets[number]
      if packet.inFlight { bytes += Int(packet.bytes) }
      if packet.isLost { lost += 1 }
    }
    return bytes == bytesInFlight && lost == lostCount
  }

  // MARK: Sending

  /// Cuts what a retransmission carries to `length` bytes; returns what is cut off, which is to go out under a new
  /// number.
  mutating func shorten(_ number: UInt64, to length: Int) -> Payload {
    var rest = packets[number].payload
    assert(rest.length > length)
    packets[number].payload.length = length
    rest.offset += UInt64(length)
    rest.length -= length
    return rest
  }

  /// Notes a transmission, whether the first or a retransmission, of `bytes` bytes of datagram.
  mutating func sent(
    _ number: UInt64, bytes: Int, phase: SendPhase, isTail: Bool = false, at now: Instant
  ) {
    transmissions += 1
    rate.willSend(inFlight: bytesInFlight, at: now)
    let before = packets[number]
    if before.inFlight { bytesInFlight -= Int(before.bytes) }
    packets[number].left(transmissions, bytes: bytes, phase: phase, isTail: isTail, at: now)
    if before.isLost { noLongerLost(number) }
    rate.tag(&packets[number])
    bytesInFlight += bytes
    if flight.isFull { forgetSuperseded() }
    flight.append(Transmission(number: number, order: transmissions))
  }

  /// The next packet to retransmit; it stays the next.
  mutating func nextLost() -> UInt64? {
    while !lost.isEmpty {
      let number = lost.first
      if packets.contains(number), packets[number].isLost { return number }
      _ = lost.popFirst()
    }
    assert(lostCount == 0)
    return nil
  }

  /// Takes the next packet to retransmit.
  mutating func takeLost() -> UInt64? {
    let number = nextLost()
    if number != nil { _ = lost.popFirst() }
    return number
  }

  private mutating func noLongerLost(_ number: UInt64) {
    packets[number].isLost = false
    lostCount -= 1
    assert(lostCount >= 0)
    if lostCount == 0 { lost.removeAll() }
  }

  private mutating func noLongerInFlight(_ number: UInt64) {
    packets[number].inFlight = false
    bytesInFlight -= Int(packets[number].bytes)
    assert(bytesInFlight >= 0)
  }

  // MARK: Acknowledgement

  /// Notes that everything before `number` has arrived.
  mutating func acknowledge(upTo number: UInt64, _ result: inout AckResult) {
    guard number > base else { return }
    acknowledge(base..<number, &result)
    packets.advance(to: number)
    assert(!isEmpty || bytesInFlight == 0 && lostCount == 0)
  }

  /// Notes that these numbers have arrived; those outside the window are ignored.
  mutating func acknowledge(_ run: Range<UInt64>, _ result: inout AckResult) {
    let end = min(run.upperBound, next)
    var from = run.lowerBound
    while let number = packets.unacked(from: from, to: end) {
      settle(number, &result)
      from = number + 1
    }
  }

  private mutating func settle(_ number: UInt64, _ result: inout AckResult) {
    packets.acknowledge(number)
    let packet = packets[number]
    result.acked.add(packet.phase, isTail: packet.isTail)
    result.bytes += Int(packet.bytes)
    if packet.payload.length > 0 { result.hasContent = true }
    // If an attempt was sent after whatever has been echoed so far, what is acknowledged is an earlier attempt.
    let isRetransmitted = packet.attempts > 1
    let arrivedEarlier = isRetransmitted && evidence.isTooRecent(packet.sentAt)
    if packet.inFlight { noLongerInFlight(number) }
    // What a probe retransmits had not been declared lost: if only its ACK was lost, that is not reordering.
    if packet.isLost || arrivedEarlier && !packet.isProbe {
      result.spurious += 1
      if packet.isLost {
        let lateness = evidence.newest.map { $0.sentAt - packet.sentAt } ?? 0
        if lateness > result.lateness ?? 0 { result.lateness = lateness }
        rate.found(packet)
        noLongerLost(number)
      }
    }
    if !arrivedEarlier {
      evidence.arrived(packet.departure)
      if packet.isLarge { blackHole.onArrival(packet.departure) }
    }
    if !isRetransmitted {
      result.newestOnceSentAt = max(result.newestOnceSentAt ?? packet.sentAt, packet.sentAt)
    }
    rate.delivered(packet, &result.sample)
  }

  // MARK: Loss

  /// Completes an ACK that brought something new, and whose round trip was this.
  mutating func saw(roundTrip: Nanoseconds?) {
    guard let roundTrip, let newest = evidence.newest, roundTrips.isNews(newest.order) else { return }
    // Settled packets are no longer needed.
    if bytesInFlight == 0 { roundTrips.removeAll() }
    roundTrips.add(roundTrip, at: newest.order, capacity: packets.capacity)
  }

  /// Whether a transmission is neither acknowledged nor superseded nor declared lost.
  private func isInFlight(_ transmission: Transmission) -> Bool {
    guard packets.contains(transmission.number), !packets.isAcked(transmission.number) else { return false }
    let packet = packets[transmission.number]
    return packet.inFlight && packet.order == transmission.order
  }

  /// The oldest transmission in flight.
  mutating func oldestInFlight() -> UInt64? {
    while !flight.isEmpty {
      let oldest = flight.first
      if isInFlight(oldest) {
        roundTrips.forget(before: oldest.order)
        return oldest.number
      }
      _ = flight.popFirst()
    }
    return nil
  }

  /// Drops superseded transmissions wherever they stand: while nothing is acknowledged, probes leave such entries
  /// behind those of packets that stay in flight. Where few can be dropped, there must be room for more.
  private mutating func forgetSuperseded() {
    for _ in 0..<flight.count {
      if let oldest = flight.popFirst(), isInFlight(oldest) { flight.append(oldest) }
    }
    if flight.count > flight.capacity / 2 { flight.grow() }
  }

  /// Declares a packet lost: it no longer counts as in flight and will be retransmitted, after the other lost packets
  /// or before them. A late ACK is still honoured. Without a trigger, it was discarded.
  mutating func declareLost(
    _ number: UInt64, _ trigger: LossVerdict.Trigger?, first: Bool = false, _ result: inout AckResult
  ) {
    let packet = packets[number]
    guard !packet.isLost, !packets.isAcked(number) else { return }
    if packet.inFlight {
      noLongerInFlight(number)
      let isNewRun = lastLostOrder.map { packet.order != $0 + 1 } ?? true
      lastLostOrder = packet.order
      rate.lost(packet)
      result.losses.add(packet, isNewRun: isNewRun, isQueued: roundTrips.metQueue(packet.order))
      if packet.isLarge { blackHole.onLoss(packet.departure) }
    }
    if let trigger { log.add(number, attempt: packet.attempt, trigger) }
    packets[number].isLost = true
    lostCount += 1
    if lost.isFull { forgetRetransmitted() }
    if first { lost.prepend(number) } else { lost.append(number) }
  }

  /// The lowest number from `number` on that is not acknowledged, which is what a probe retransmits.
  func outstanding(from number: UInt64) -> UInt64? { packets.unacked(from: number, to: next) }
}
