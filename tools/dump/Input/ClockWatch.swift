import ShoalCapture

/// Finds where the clock that stamped a capture was set, and gives times as if it had not been.
///
/// A jump in the times of a capture is taken for a pause, unless the clocks of senders and receivers contradict that:
/// the timestamps of two DATA packets of a connection tell how much time passed between them, and an ACK tells how long
/// ago the packet that it echoes had arrived. Queues delay datagrams too, so datagrams from other machines count as
/// evidence only for jumps longer than any queue that a connection would survive.
struct ClockWatch {
  /// The least jumps that are judged, in nanoseconds.
  private static let leastForward: Int64 = 1_000_000_000
  private static let leastBack: Int64 = 100_000_000
  /// The least by which a clock counts as set, in nanoseconds: for evidence that is exact to a millisecond, and for
  /// evidence that queues may have delayed.
  private static let leastExact: Int64 = 100_000_000
  private static let leastQueued: Int64 = 30_000_000_000
  /// The time after which timestamps repeat: 2^32 microseconds.
  private static let period: Int64 = 4_294_967_296_000
  /// The most by which a pause and what timestamps say about it may differ, in nanoseconds.
  private static let tolerance: Int64 = 500_000_000
  /// The most datagrams that are remembered, and the most that are consulted after a jump.
  private static let most = 1 << 10
  static let mostAhead = 64

  /// What a DATA packet or an ACK says about time.
  private struct Word {
    var connection: UInt64
    /// The timestamp of DATA, the echo of an ACK.
    var timestamp: UInt32
    /// The delay in nanoseconds; nil for DATA.
    var delay: Int64?
    var time: Int64
    /// Whether it left the machine that captured it.
    var leaves: Bool
  }

  /// How far the clock has been set ahead since the first packet, in nanoseconds.
  private(set) var shift: Int64 = 0
  private var latest: Int64?
  private var words: [Word] = []
  private var oldest = 0
  private var noted = 0
  /// How often the clock was set, then by how much it was first set, and at which packet.
  private(set) var count = 0
  private(set) var first: (number: UInt64, by: Int64)?

  /// A steady time: one as if the clock had not been set.
  func steady(_ time: UInt64?) -> UInt64? {
    guard shift != 0, let time else { return time }
    return UInt64(clamping: Int64(clamping: time).subtracting(shift))
  }

  /// Whether the time jumps between the previous packet and this one.
  mutating func isJump(_ time: UInt64?) -> Bool {
    guard let time else { return false }
    let now = Int64(clamping: time).subtracting(shift)
    defer { latest = now }
    guard let latest else { return false }
    let span = now.subtracting(latest)
    return span > Self.leastForward || span < -Self.leastBack
  }

  /// Remembers a Shoal datagram, with its steady time, as evidence: all of them at first, later one in a few.
  @inline(__always)
  mutating func note(_ datagram: Datagram) {
    noted &+= 1
    if noted > Self.most, noted & 15 != 0 { return }
    remember(datagram)
  }

  private mutating func remember(_ datagram: Datagram) {
    guard let word = Self.word(datagram, datagram.time) else { return }
    if words.count < Self.most {
      words.append(word)
    } else {
      words[oldest] = word
      oldest = (oldest + 1) % Self.most
    }
  }

  /// Judges a jump that ends at the first of these packets, by what they say; `before` is the steady time of the packet
  /// before them.
  mutating func judge(_ packets: borrowing HeldRecords, before: UInt64?) {
    guard let head = packets.first, let time = head.time, let before else { return }
    let span = Int64(clamping: time).subtracting(shift).subtracting(Int64(clamping: before))
    var heard: [Word] = []
    for index in 0..<packets.count {
      packets.withDatagram(index) { datagram in
        if let word = Self.word(datagram, steady(datagram.time)) { heard.append(word) }
      }
    }
    // DATA is exact to the microsecond; an ACK is only as exact as the time that packets take to and from its sender.
    let witnesses = heard.filter { $0.delay == nil } + heard.filter { $0.delay != nil }
    switch firstVerdict(witnesses, span) {
    case .set(let by)?: set(by, at: head.number)
    case .pause?: break
    // Time never runs backwards by itself.
    case nil: if span < -Self.leastForward { set(span, at: head.number) }
    }
  }

  private func firstVerdict(_ witnesses: [Word], _ span: Int64) -> Verdict? {
    for word in witnesses {
      if let verdict = verdict(word, span) { return verdict }
    }
    return nil
  }

  private enum Verdict {
    case set(by: Int64)
    case pause
  }

  /// What a datagram after the jump says about it; nil if nothing.
  private func verdict(_ word: Word, _ span: Int64) -> Verdict? {
    let excess: Int64
    if let delay = word.delay {
      guard let data = latest(where: { $0.delay == nil && $0.timestamp == word.timestamp }), isTrue(data) else {
        return nil
      }
      excess = word.time.subtracting(data.time).subtracting(delay).subtracting(usualLeg(of: word) ?? 0)
    } else {
      guard let earlier = latest(where: { $0.delay == nil && $0.connection == word.connection }), isTrue(earlier)
      else { return nil }
      let elapsed = Int64(Int32(bitPattern: word.timestamp &- earlier.timestamp)) * 1_000
      excess = word.time.subtracting(earlier.time).subtracting(elapsed)
      // In a pause of hours the timestamps wrap, perhaps several times.
      let rest = excess % Self.period
      let isPause = min(rest.magnitude, UInt64(Self.period) - rest.magnitude) < Self.tolerance.magnitude
      if isPause, excess.magnitude > Self.tolerance.magnitude { return .pause }
    }
    // No queue makes a datagram early: a jump back is the clock's, or the packets are out of order in the file.
    let least = word.leaves || span < 0 ? Self.leastExact : Self.leastQueued
    return excess.magnitude >= least.magnitude && (excess < 0) == (span < 0) ? .set(by: excess) : .pause
  }

  /// Whether the timestamps of a connection have so far agreed with the time: a peer may write whatever it likes.
  private func isTrue(_ word: Word) -> Bool {
    guard let earlier = latest(where: { $0.delay == nil && $0.connection == word.connection && $0.time < word.time })
    else { return false }
    let elapsed = Int64(Int32(bitPattern: word.timestamp &- earlier.timestamp)) * 1_000
    let differs = word.time.subtracting(earlier.time).subtracting(elapsed)
    return elapsed > 0 && differs.magnitude < Self.leastExact.magnitude
  }

  /// The time from here to the receiver and back, according to the previous ACK.
  private func usualLeg(of word: Word) -> Int64? {
    let before = latest { $0.delay != nil && $0.connection == word.connection }
    guard let ack = before, let delay = ack.delay else { return nil }
    return latest { $0.delay == nil && $0.timestamp == ack.timestamp }
      .map { max(0, ack.time.subtracting($0.time).subtracting(delay)) }
  }

  private func latest(where matches: (Word) -> Bool) -> Word? {
    words[..<oldest].last(where: matches) ?? words[oldest...].last(where: matches)
  }

  private mutating func set(_ by: Int64, at number: UInt64) {
    shift = shift.adding(by)
    latest = latest?.subtracting(by)
    count += 1
    if first == nil { first = (number, by) }
  }

  private static func word(_ datagram: Datagram, _ time: UInt64?) -> Word? {
    guard let time, datagram.isOurs, datagram.verdict != .corrupt else { return nil }
    var word = Word(
      connection: datagram.connection, timestamp: 0, time: Int64(clamping: time),
      leaves: datagram.direction == .outbound)
    switch datagram.content {
    case .data(let packet): word.timestamp = packet.timestamp
    case .ack(let packet):
      // The largest value means that the delay is unknown, the next only that it was long.
      guard packet.delay < .max - 1 else { return nil }
      (word.timestamp, word.delay) = (packet.echo, Int64(packet.delay) * 1_000)
    case .other, .none: return nil
    }
    return word
  }
}

extension Int64 {
  fileprivate func adding(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  fileprivate func subtracting(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }
}
