import ShoalCapture

/// Finds where the clock that stamped a capture had been set, and gives times as if it had not been.
///
/// A jump in the times of a capture is taken for a pause, unless the clocks of senders and receivers deny it: between
/// two DATA packets of a connection, their timestamps tell how long it took, and an ACK tells how long ago what it
/// echoes had arrived. Queues on the way delay datagrams too, so those that come from elsewhere count as evidence only
/// for jumps longer than any queue that a connection would survive.
struct ClockWatch {
  /// Jumps that are looked into, in nanoseconds.
  private static let leastForward: Int64 = 1_000_000_000
  private static let leastBack: Int64 = 100_000_000
  /// What a clock was set by at least, where that shows to the millisecond, and where queues may be to blame.
  private static let leastExact: Int64 = 100_000_000
  private static let leastQueued: Int64 = 30_000_000_000
  /// The time after which timestamps repeat: 2^32 microseconds.
  private static let period: Int64 = 4_294_967_296_000
  /// The most by which a pause and what timestamps say about it differ.
  private static let tolerance: Int64 = 500_000_000
  /// The most datagrams that are remembered, and the most after a jump that are consulted.
  private static let most = 1 << 10
  static let mostAhead = 64

  /// A DATA packet, or an ACK.
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

  /// How far the clock is ahead of what it was at first, in nanoseconds.
  private(set) var shift: Int64 = 0
  private var latest: Int64?
  private var words: [Word] = []
  private var oldest = 0
  private var noted = 0
  /// How often the clock was set; by how much at first, and at which packet.
  private(set) var count = 0
  private(set) var first: (number: UInt64, by: Int64)?

  /// The time as if the clock had not been set.
  func steady(_ time: UInt64?) -> UInt64? {
    guard shift != 0, let time else { return time }
    return UInt64(clamping: Int64(clamping: time).subtracting(shift))
  }

  /// Whether the time jumps from the packet before.
  mutating func isJump(_ time: UInt64?) -> Bool {
    guard let time else { return false }
    let now = Int64(clamping: time).subtracting(shift)
    defer { latest = now }
    guard let latest else { return false }
    let span = now.subtracting(latest)
    return span > Self.leastForward || span < -Self.leastBack
  }

  /// Remembers a Shoal datagram, with a steady time, for later ones: all of them at first, then one in a few.
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

  /// Judges a jump to the first of these packets, by what it and those after it say; `before` is the steady time of the
  /// packet before it.
  mutating func judge(_ packets: borrowing HeldRecords, before: UInt64?) {
    guard let head = packets.first, let time = head.time, let before else { return }
    let span = Int64(clamping: time).subtracting(shift).subtracting(Int64(clamping: before))
    var heard: [Word] = []
    for index in 0..<packets.count {
      packets.withDatagram(index) { datagram in
        if let word = Self.word(datagram, steady(datagram.time)) { heard.append(word) }
      }
    }
    // DATA is exact to the microsecond, an ACK only as exact as the time to its sender is known.
    let witnesses = heard.filter { $0.delay == nil } + heard.filter { $0.delay != nil }
    switch firstVerdict(witnesses, span) {
    case .set(let by)?: set(by, at: head.number)
    case .pause?: break
    // Time does not run backwards by itself.
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
      // A pause of hours leaves the timestamps where they would be after several rounds.
      let rest = excess % Self.period
      let isPause = min(rest.magnitude, UInt64(Self.period) - rest.magnitude) < Self.tolerance.magnitude
      if isPause, excess.magnitude > Self.tolerance.magnitude { return .pause }
    }
    // Nothing that waited comes before its time: a jump back is the clock's, or its words come from a file out of
    // order.
    let least = word.leaves || span < 0 ? Self.leastExact : Self.leastQueued
    return excess.magnitude >= least.magnitude && (excess < 0) == (span < 0) ? .set(by: excess) : .pause
  }

  /// Whether the timestamps of a connection have been seen to follow the time: a peer may write what it likes.
  private func isTrue(_ word: Word) -> Bool {
    guard let earlier = latest(where: { $0.delay == nil && $0.connection == word.connection && $0.time < word.time })
    else { return false }
    let elapsed = Int64(Int32(bitPattern: word.timestamp &- earlier.timestamp)) * 1_000
    let differs = word.time.subtracting(earlier.time).subtracting(elapsed)
    return elapsed > 0 && differs.magnitude < Self.leastExact.magnitude
  }

  /// The time from here to the receiver and back, as the previous ACK showed it.
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
      // At their largest they say nothing, or no more than that it was long.
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
