import ShoalBase

/// What an ACK told, gathered as it is read.
struct AckResult {
  /// The bytes that it newly acknowledged.
  var bytes = 0
  /// Content was among them.
  var hasContent = false
  /// Packets that had been declared lost although they, or an earlier attempt, had arrived.
  var spurious = 0
  /// How late the latest of those was, against the packets sent after it; nil if that is not known of any.
  var lateness: Nanoseconds?
  /// The packets newly acknowledged, by how they had left.
  var acked = PhaseCounts()
  /// When the latest-sent of those left that were sent but once.
  var newestOnceSentAt: Instant?
  /// The packets that were declared lost.
  var losses = Losses()
  /// What the delivery rate is computed from: the latest-sent packet newly acknowledged.
  var sample = DeliveryRate.Sample()
}

/// The numbered packets from the lowest unacknowledged on: what both repeat modes share.
struct SendWindow: ~Copyable {
  /// The lowest unacknowledged number.
  private(set) var base: UInt64
  /// The number of the next new packet.
  private(set) var next: UInt64
  /// The most packets from `base` on.
  let limit: UInt64
  private(set) var bytesInFlight = 0
  /// Packets that are declared lost and not yet repeated.
  private(set) var lostCount = 0
  /// The transmissions so far; 64 bits, so that it never wraps.
  private(set) var transmissions: UInt64 = 0
  /// The latest transmission that is known to have arrived.
  private(set) var newest: Departure?
  /// When the latest-sent packet left that an ACK ever echoed, or that may have been what one acknowledged.
  private var newestEcho: Instant?
  /// Whether an ACK ever echoed anything.
  private(set) var isEchoed = false
  /// Under go-back-N: when the latest-sent packet left that arrived beyond a gap.
  private(set) var newestBeyondGap: Instant?
  /// What left before this should have been acknowledged.
  private(set) var suspectBefore: Instant?
  private(set) var blackHole = BlackHole()
  var rate = DeliveryRate()
  /// A round trip longer than this shows a queue on the path.
  var longRoundTrip: Nanoseconds?
  /// The round trip that was seen as the latest transmission to have arrived came to be this one.
  private(set) var passings = Ring<Passing>()
  private var lastLostOrder: UInt64?

  struct Passing: BitwiseCopyable {
    var order: UInt64
    var roundTrip: Nanoseconds
  }

  private var packets = WindowRing<SentPacket>(capacity: SendWindow.leastCapacity)
  private var acked = BitRing()
  /// Every transmission, oldest first; those that are settled are dropped when they come to the front.
  private(set) var flight = Ring<Transmission>()
  private(set) var lost = Ring<UInt64>()
  /// Packets taken for lost since they were last asked for; nil where nobody asks.
  private var verdicts: [LossVerdict]?
  private static let mostVerdicts = 1 << 14
  private static let mostPassings = 1 << 14 as UInt64
  private var messages: [[UInt8]] = []
  private var freeMessages: [Int32] = []
  /// The bytes of messages that are not acknowledged.
  private(set) var messageBytes = 0

  struct Transmission: BitwiseCopyable {
    var number: UInt64
    var order: UInt64
  }

  init(first: UInt64, limit: UInt64, recordsLosses: Bool = false) {
    verdicts = recordsLosses ? [] : nil
    base = first
    next = first
    self.limit = limit
  }

  var isEmpty: Bool { base == next }
  var hasRoom: Bool { next - base < min(limit, packets.capacity) }
  var hasLost: Bool { lostCount > 0 }

  /// A packet that lies in the window; valid until the next is added.
  func at(_ number: UInt64) -> UnsafeMutablePointer<SentPacket> { packets.at(number) }
  func packet(_ number: UInt64) -> SentPacket { packets.at(number).pointee }
  func isAcked(_ number: UInt64) -> Bool { acked.contains(number) }
  func messages(_ slot: Int32) -> [UInt8] { messages[Int(slot)] }

  // MARK: Memory

  /// The packets that there is memory for.
  var capacity: UInt64 { packets.capacity }

  /// Makes room for twice as many packets.
  mutating func grow() { packets.grow(base..<next) }

  /// Gives back what an empty window does not need.
  mutating func shrink() {
    packets = WindowRing(capacity: SendWindow.leastCapacity)
    acked = BitRing()
    flight = Ring()
    lost = Ring()
    passings = Ring()
    messages = []
    freeMessages = []
  }

  /// Drops the numbers of packets that are no longer lost, and those that are there twice.
  private mutating func forgetRepeated() {
    lost.filter { $0 >= base && packets.at($0).pointee.isLost }
    if lost.count > capacity {
      lost.removeAll()
      for number in base..<next where packets.at(number).pointee.isLost { lost.append(number) }
    }
    if lost.count > lost.capacity / 2 { lost.grow() }
  }

  // MARK: Sending

  /// Gives the next number to a new packet.
  mutating func add(payload: Payload, messages bytes: [UInt8]?) -> UInt64 {
    let number = next
    acked.makeRoom(from: base, to: next, through: number)
    acked.remove(number)
    next += 1
    var slot: Int32?
    if let bytes {
      messageBytes += bytes.count
      if let free = freeMessages.popLast() {
        slot = free
        messages[Int(free)] = bytes
      } else {
        slot = Int32(messages.count)
        messages.append(bytes)
      }
    }
    packets.at(number).initialize(
      to: SentPacket(
        order: 0, sentAt: .zero, delivered: 0, deliveredAt: .zero, firstSentAt: .zero, appLimited: false, attempts: 0,
        bytes: 0, phase: .steady, isTail: false, isProbe: false, inFlight: false, isLost: false, messages: slot,
        payload: payload))
    return number
  }

  /// Cuts what a repeat carries to `length` bytes; what is cut off is returned, to go out under a new number.
  mutating func shorten(_ number: UInt64, to length: Int) -> Payload {
    let packet = packets.at(number)
    var rest = packet.pointee.payload
    packet.pointee.payload.length = length
    rest.offset += UInt64(length)
    rest.length -= length
    return rest
  }

  /// Notes a transmission, the first or a repeat, of `bytes` bytes of datagram.
  mutating func sent(
    _ number: UInt64, bytes: Int, phase: SendPhase, isTail: Bool = false, at now: Instant
  ) {
    transmissions += 1
    rate.willSend(inFlight: bytesInFlight, at: now)
    let packet = packets.at(number)
    if packet.pointee.inFlight { bytesInFlight -= Int(packet.pointee.bytes) }
    packet.pointee.isProbe = packet.pointee.attempts > 0 && !packet.pointee.isLost
    if packet.pointee.isLost { noLongerLost(packet) }
    packet.pointee.attempts += 1
    packet.pointee.sentAt = now
    packet.pointee.order = transmissions
    packet.pointee.bytes = Int32(bytes)
    packet.pointee.phase = phase
    packet.pointee.isTail = isTail
    packet.pointee.inFlight = true
    rate.tag(packet)
    bytesInFlight += bytes
    if flight.isFull { forgetSuperseded() }
    flight.append(Transmission(number: number, order: transmissions))
  }

  /// The next packet to repeat.
  mutating func takeLost() -> UInt64? {
    while let number = lost.popFirst() {
      if number >= base, packets.at(number).pointee.isLost { return number }
    }
    return nil
  }

  private mutating func noLongerLost(_ packet: UnsafeMutablePointer<SentPacket>) {
    packet.pointee.isLost = false
    lostCount -= 1
    if lostCount == 0 { lost.removeAll() }
  }

  // MARK: Acknowledgement

  /// An ACK echoes a packet that left at `sentAt`; `beyondGap` if one before it had not arrived then.
  mutating func echoed(sentAt: Instant, beyondGap: Bool) {
    isEchoed = true
    mayAnswer(sentBefore: sentAt)
    if beyondGap { newestBeyondGap = max(newestBeyondGap ?? sentAt, sentAt) }
  }

  /// What an ACK acknowledges without an echo may have left up to a least round trip ago.
  mutating func mayAnswer(sentBefore: Instant) { newestEcho = max(newestEcho ?? sentBefore, sentBefore) }

  /// What left before `sentBefore` should have been acknowledged by now.
  mutating func suspect(sentBefore: Instant) { suspectBefore = max(suspectBefore ?? sentBefore, sentBefore) }

  /// Everything before `number` has arrived.
  mutating func acknowledge(upTo number: UInt64, at now: Instant, _ result: inout AckResult) {
    guard number > base else { return }
    acknowledge(base..<number, at: now, &result)
    base = number
  }

  /// These numbers have arrived; those outside the window are passed over.
  mutating func acknowledge(_ run: Range<UInt64>, at now: Instant, _ result: inout AckResult) {
    let end = min(run.upperBound, next)
    var number = acked.next(false, from: max(run.lowerBound, base), to: end)
    while number < end {
      settle(number, at: now, &result)
      number = acked.next(false, from: number + 1, to: end)
    }
  }

  private mutating func settle(_ number: UInt64, at now: Instant, _ result: inout AckResult) {
    acked.insert(number)
    let packet = packets.at(number)
    result.acked.add(packet.pointee.phase, isTail: packet.pointee.isTail)
    result.bytes += Int(packet.pointee.bytes)
    if packet.pointee.payload.length > 0 { result.hasContent = true }
    // An attempt sent after whatever was echoed so far is not what is acknowledged: an earlier one is.
    let isRepeat = packet.pointee.attempts > 1
    let arrivedEarlier = isRepeat && newestEcho.map { packet.pointee.sentAt > $0 } ?? false
    if packet.pointee.inFlight {
      bytesInFlight -= Int(packet.pointee.bytes)
      packet.pointee.inFlight = false
    }
    // What a probe repeats was not taken for lost: that its ACK was is no reordering.
    if packet.pointee.isLost || arrivedEarlier && !packet.pointee.isProbe {
      result.spurious += 1
      if packet.pointee.isLost {
        let lateness = newest.map { $0.sentAt - packet.pointee.sentAt } ?? 0
        if lateness > result.lateness ?? 0 { result.lateness = lateness }
        noLongerLost(packet)
      }
    }
    if !arrivedEarlier {
      if packet.pointee.order > newest?.order ?? 0 { newest = packet.pointee.departure }
      if packet.pointee.isLarge { blackHole.arrived(packet.pointee.departure) }
    }
    if !isRepeat {
      result.newestOnceSentAt = max(result.newestOnceSentAt ?? packet.pointee.sentAt, packet.pointee.sentAt)
    }
    rate.delivered(packet, at: now, &result.sample)
    if let slot = packet.pointee.messages {
      messageBytes -= messages[Int(slot)].count
      messages[Int(slot)] = []
      freeMessages.append(slot)
    }
  }

  // MARK: Loss

  /// What an ACK newly told of has been taken in, and its round trip was this.
  mutating func passed(roundTrip: Nanoseconds?) {
    guard let roundTrip, let order = newest?.order, order > passings.last?.order ?? 0 else { return }
    // Of what is settled nobody asks any more.
    if bytesInFlight == 0 { passings.removeAll() }
    // However many ACKs a peer makes of it, one a packet is enough.
    if passings.count >= min(packets.capacity, Self.mostPassings) { passings.removeLast() }
    passings.append(Passing(order: order, roundTrip: roundTrip))
  }

  /// The round trip that was seen when a transmission was first overtaken, or arrived.
  private mutating func roundTrip(whenPassing order: UInt64) -> Nanoseconds? {
    while passings.count > 1, passings.first.order < order { _ = passings.popFirst() }
    return passings.isEmpty ? nil : passings.first.roundTrip
  }

  /// Whether it is neither acknowledged nor superseded nor declared lost.
  private func isInFlight(_ transmission: Transmission) -> Bool {
    guard transmission.number >= base, !acked.contains(transmission.number) else { return false }
    let packet = packets.at(transmission.number)
    return packet.pointee.inFlight && packet.pointee.order == transmission.order
  }

  /// The oldest transmission in flight.
  mutating func oldestInFlight() -> UInt64? {
    while !flight.isEmpty {
      let oldest = flight.first
      if isInFlight(oldest) {
        _ = roundTrip(whenPassing: oldest.order)
        return oldest.number
      }
      _ = flight.popFirst()
    }
    return nil
  }

  /// While nothing is acknowledged, what probes repeat leaves entries behind those of packets that stay in flight: they are
  /// dropped wherever they stand. Where few can be, there is to be room for more.
  private mutating func forgetSuperseded() {
    for _ in 0..<flight.count {
      if let oldest = flight.popFirst(), isInFlight(oldest) { flight.append(oldest) }
    }
    if flight.count > flight.capacity / 2 { flight.grow() }
  }

  /// Declares a packet lost: it no longer counts as in flight and will be repeated, after the others that are lost or
  /// before them. A late ACK is still honoured. Without a trigger it was discarded.
  mutating func declareLost(
    _ number: UInt64, _ trigger: LossVerdict.Trigger?, first: Bool = false, _ result: inout AckResult
  ) {
    let packet = packets.at(number)
    guard !packet.pointee.isLost, !acked.contains(number) else { return }
    if packet.pointee.inFlight {
      bytesInFlight -= Int(packet.pointee.bytes)
      packet.pointee.inFlight = false
      result.losses.bytes += Int(packet.pointee.bytes)
      if lastLostOrder.map({ packet.pointee.order != $0 + 1 }) ?? true { result.losses.runs += 1 }
      lastLostOrder = packet.pointee.order
      let sentAt = packet.pointee.sentAt
      result.losses.newestSentAt = max(result.losses.newestSentAt ?? sentAt, sentAt)
      let seen = roundTrip(whenPassing: packet.pointee.order)
      if let seen, let longRoundTrip, seen > longRoundTrip {
        result.losses.queued += 1
      } else {
        result.losses.unqueued.add(packet.pointee.phase, isTail: packet.pointee.isTail)
      }
      if packet.pointee.isLarge { blackHole.lost(packet.pointee.departure) }
    }
    if let trigger, (verdicts?.count ?? .max) < Self.mostVerdicts {
      verdicts?.append(
        LossVerdict(sequence: UInt32(truncatingIfNeeded: number), attempt: packet.pointee.attempt, trigger: trigger))
    }
    packet.pointee.isLost = true
    lostCount += 1
    if lost.isFull { forgetRepeated() }
    if first { lost.prepend(number) } else { lost.append(number) }
  }

  mutating func takeVerdicts() -> [LossVerdict] {
    guard let taken = verdicts, !taken.isEmpty else { return [] }
    verdicts = []
    return taken
  }

  mutating func forgetLargeLosses() { blackHole.forget() }

  /// Declares the base lost, and all that follows it discarded, to be repeated in order.
  ///
  /// What was discarded before and has not been repeated since still waits, in order: only what was sent since is looked
  /// at, so that who makes us go back over and over makes no more work than there are packets sent.
  mutating func goBack(_ trigger: LossVerdict.Trigger, _ result: inout AckResult) {
    var end = base
    while end < next, !packets.at(end).pointee.isLost { end += 1 }
    var discarded = AckResult()
    for number in (base..<end).reversed() {
      if number == base {
        declareLost(number, trigger, first: true, &result)
      } else {
        declareLost(number, nil, first: true, &discarded)
      }
    }
  }

  /// The lowest number from `number` on that is not acknowledged: what a probe repeats.
  func outstanding(from number: UInt64) -> UInt64? {
    let number = acked.next(false, from: max(number, base), to: next)
    return number < next ? number : nil
  }
}
