/// One number of a flow: its first and its last transmission, as captured.
struct SentPacket {
  var firstNumber: UInt64
  var firstTime: UInt64
  var lastTime: UInt64
  /// The sender's clock at the last transmission.
  var timestamp: UInt32
  var length: UInt16
  /// The attempt of the last transmission.
  var attempt: UInt8
  /// Whether an ACK after the last transmission showed that it had not arrived.
  var isReportedMissing = false
  /// The place of the last transmission among those of the flow.
  var order: UInt64

  /// Whether the capture shows when it was sent.
  var hasTime: Bool { lastTime != 0 }
}

/// What is remembered about the numbers of a flow: those from the lowest unacknowledged to the highest seen, and some
/// before them.
///
/// A ring with 40 bytes and two bits for each number, as large as the window that the flow uses, and never above
/// `maximum`.
struct SentPackets {
  /// The protocol's largest window.
  static let maximum = 1 << 20
  private static let least = 256
  /// The bytes of the smallest ring.
  static let leastMemory = least * MemoryLayout<SentPacket>.stride + least / 4

  private var records: [SentPacket] = []
  /// Bit n & mask: the number n was seen; it was acknowledged.
  private var seen: [UInt64] = []
  private var acked: [UInt64] = []
  private var capacity = 0
  /// Whether any number was seen or acknowledged.
  private(set) var isAnchored = false
  /// The lowest number that is not acknowledged.
  private(set) var base: Int64 = 0
  /// The number after the highest that was seen.
  private(set) var end: Int64 = 0
  /// Bytes of the numbers that were seen and are not acknowledged.
  private(set) var bytesInFlight = 0
  private(set) var packetsInFlight = 0

  /// The bytes that the ring takes.
  var memory: Int { capacity * MemoryLayout<SentPacket>.stride + capacity / 4 }

  /// Frees the ring.
  mutating func deallocate() {
    (records, seen, acked, capacity, isAnchored) = ([], [], [], 0, false)
    (bytesInFlight, packetsInFlight) = (0, 0)
  }

  /// Sets the first number, if none is known yet.
  mutating func start(at number: UInt32) { if !isAnchored { anchor(Int64(number)) } }

  /// The 64-bit number that a number on the wire means.
  func unwrap(_ number: UInt32) -> Int64 {
    guard isAnchored else { return Int64(number) }
    return base + Int64(Int32(truncatingIfNeeded: Int64(number) - base))
  }

  /// What is remembered about a number; nil if it was never seen, or only long ago.
  func record(_ number: Int64) -> SentPacket? {
    guard isHeld(number), bit(seen, number) else { return nil }
    return records[slot(number)]
  }

  func isAcknowledged(_ number: Int64) -> Bool { isHeld(number) ? bit(acked, number) || number < base : number < base }

  /// Notes a transmission; the ring takes at most `budget` bytes. The record of a number that was seen before keeps its
  /// first transmission.
  mutating func note(_ number: Int64, _ packet: SentPacket, budget: Int) {
    if !isAnchored { anchor(number) }
    // Beyond any window: the capture has a hole, or the packet is a lie. Start over.
    if number >= base + Int64(Self.maximum) || number < base - Int64(Self.maximum) { anchor(number) }
    if number >= end { extend(to: number + 1, budget: budget) }
    guard isHeld(number) else { return }
    let place = slot(number)
    if bit(seen, number) {
      if !bit(acked, number), number >= base {
        bytesInFlight += Int(packet.length) - Int(records[place].length)
      }
      var packet = packet
      (packet.firstNumber, packet.firstTime) = (records[place].firstNumber, records[place].firstTime)
      records[place] = packet
    } else {
      seen[place >> 6] |= mask(number)
      records[place] = packet
      if number >= base, !bit(acked, number) {
        bytesInFlight += Int(packet.length)
        packetsInFlight += 1
      }
    }
  }

  /// What an acknowledgement changed.
  struct Acknowledged {
    var bytes = 0
    var packets = 0
    /// The transmission that the echo names.
    var echoed: SentPacket?
    /// The packets that were acknowledged too soon after their retransmission for the ACK to be for that.
    var early = 0
    var earliest: UInt64 = 0
    /// Of the transmissions that arrived, the one that left last: its place among those of the flow; 0 if there is
    /// none.
    var newest: (order: UInt64, timestamp: UInt32) = (0, 0)
  }

  /// How to judge the packets that an ACK acknowledges.
  struct Judgement {
    var echo: UInt32?
    /// The latest transmission that was ever echoed: a retransmission that left after it is not what has arrived.
    var latestEcho: UInt32?
    /// The time until which what left may be what was acknowledged without an echo.
    var answeredUntil: UInt64?
    /// A retransmission sent after this time cannot be what the ACK acknowledges; `.max`: not known.
    var latest = UInt64.max
  }

  /// Notes that all numbers before `next` have arrived.
  mutating func acknowledge(before next: Int64, _ judgement: Judgement, _ result: inout Acknowledged) {
    if !isAnchored { anchor(next) }
    guard next > base, next - base <= Int64(Self.maximum) else { return }
    acknowledge(base, min(next, end), judgement, &result)
    base = next
    if end < next {
      end = next
      clear()
    }
  }

  /// Notes that the numbers `first ..< last`, all at or beyond `base`, have arrived.
  mutating func acknowledge(_ first: Int64, _ last: Int64, _ judgement: Judgement, _ result: inout Acknowledged) {
    var number = max(first, end - Int64(capacity), base)
    let last = min(last, end)
    guard capacity > 0 else { return }
    while number < last {
      let (place, width, mask) = word(number, last)
      let fresh = mask & ~acked[place >> 6]
      if fresh != 0 {
        acked[place >> 6] |= fresh
        var rest = fresh & seen[place >> 6]
        while rest != 0 {
          let bit = rest.trailingZeroBitCount
          rest &= rest - 1
          count(records[place & ~63 | bit], judgement, &result)
        }
      }
      number += width
    }
  }

  /// Notes that an ACK says that the numbers `first ..< last` have not arrived.
  mutating func reportMissing(_ first: Int64, _ last: Int64) {
    var number = max(first, end - Int64(capacity), base)
    let last = min(last, end)
    guard capacity > 0 else { return }
    while number < last {
      let (place, width, mask) = word(number, last)
      var rest = mask & seen[place >> 6] & ~acked[place >> 6]
      while rest != 0 {
        records[place & ~63 | rest.trailingZeroBitCount].isReportedMissing = true
        rest &= rest - 1
      }
      number += width
    }
  }

  private mutating func count(_ record: SentPacket, _ judgement: Judgement, _ result: inout Acknowledged) {
    bytesInFlight -= Int(record.length)
    packetsInFlight -= 1
    result.bytes += Int(record.length)
    result.packets += 1
    if record.timestamp == judgement.echo { result.echoed = record }
    if record.order > result.newest.order {
      let isBeyond = judgement.latestEcho.map { Int32(bitPattern: record.timestamp &- $0) > 0 } ?? true
      let mayBe = judgement.answeredUntil.map { record.hasTime && record.lastTime <= $0 } ?? false
      if record.attempt == 0 || !isBeyond || mayBe { result.newest = (record.order, record.timestamp) }
    }
    if record.attempt > 0, record.firstTime != record.lastTime, record.lastTime > judgement.latest {
      result.early += 1
      result.earliest = record.firstNumber
    }
  }

  // MARK: The ring

  private func slot(_ number: Int64) -> Int { Int(truncatingIfNeeded: number) & (capacity - 1) }

  /// The slot of a number, how many up to `last` share its word, and their bits in it.
  @inline(__always)
  private func word(_ number: Int64, _ last: Int64) -> (place: Int, width: Int64, mask: UInt64) {
    let place = slot(number)
    let low = place & 63
    let width = min(Int64(64 - low), last - number)
    return (place, width, (UInt64.max >> UInt64(64 - width)) << UInt64(low))
  }

  private func isHeld(_ number: Int64) -> Bool { number < end && number >= end - Int64(capacity) }

  private func bit(_ bits: [UInt64], _ number: Int64) -> Bool {
    guard capacity > 0 else { return false }
    return bits[slot(number) >> 6] >> UInt64(slot(number) & 63) & 1 == 1
  }

  private func mask(_ number: Int64) -> UInt64 { 1 << UInt64(slot(number) & 63) }

  private mutating func anchor(_ number: Int64) {
    isAnchored = true
    (base, end) = (number, number)
    clear()
  }

  private mutating func clear() {
    (bytesInFlight, packetsInFlight) = (0, 0)
    for word in 0..<capacity >> 6 {
      seen[word] = 0
      acked[word] = 0
    }
  }

  /// Makes `newEnd` the end; what falls out of the ring is forgotten, even if it may be in flight.
  private mutating func extend(to newEnd: Int64, budget: Int) {
    while newEnd - base > Int64(capacity), capacity < Self.maximum, max(memory * 2, Self.leastMemory) <= budget {
      grow()
    }
    if newEnd - end > Int64(capacity) {
      end = newEnd
      base = max(base, newEnd - Int64(capacity))
      clear()
      return
    }
    while end < newEnd {
      let old = end - Int64(capacity)
      if old >= base {
        // It was never acknowledged: the capture has only one direction, or memory is short.
        if bit(seen, old), !bit(acked, old) {
          bytesInFlight -= Int(records[slot(old)].length)
          packetsInFlight -= 1
        }
        base = old + 1
      }
      seen[slot(end) >> 6] &= ~mask(end)
      acked[slot(end) >> 6] &= ~mask(end)
      end += 1
    }
  }

  private mutating func grow() {
    let larger = max(capacity * 2, Self.least)
    let nothing = SentPacket(firstNumber: 0, firstTime: 0, lastTime: 0, timestamp: 0, length: 0, attempt: 0, order: 0)
    var newRecords = [SentPacket](repeating: nothing, count: larger)
    var newSeen = [UInt64](repeating: 0, count: larger / 64)
    var newAcked = newSeen
    if capacity > 0 {
      for number in max(end - Int64(capacity), base - Int64(capacity))..<end {
        let place = Int(truncatingIfNeeded: number) & (larger - 1)
        if bit(seen, number) {
          newRecords[place] = records[slot(number)]
          newSeen[place >> 6] |= 1 << UInt64(place & 63)
        }
        if bit(acked, number) { newAcked[place >> 6] |= 1 << UInt64(place & 63) }
      }
    }
    (records, seen, acked, capacity) = (newRecords, newSeen, newAcked, larger)
  }
}
