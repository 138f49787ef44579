import ShoalBase

/// The ring of sent packets, from the lowest unacknowledged on, and which of them have arrived.
struct SentPackets: ~Copyable {
  /// The lowest unacknowledged number.
  private(set) var base: UInt64
  /// The number of the next new packet.
  private(set) var next: UInt64
  /// The most packets from `base` on.
  let limit: UInt64
  private var ring = WindowRing<SentPacket>(capacity: SentPackets.leastCapacity)
  private var acked = BitRing()
  private(set) var messages = MessageSlots()

  init(first: UInt64, limit: UInt64) {
    base = first
    next = first
    self.limit = limit
  }

  var isEmpty: Bool { base == next }
  var count: UInt64 { next - base }
  /// How many packets there is memory for.
  var capacity: UInt64 { ring.capacity }
  var hasRoom: Bool { count < min(limit, capacity) }

  /// A packet that lies in the window.
  subscript(number: UInt64) -> SentPacket {
    @inline(__always) _read {
      assert(contains(number))
      yield ring[number]
    }
    @inline(__always) _modify {
      assert(contains(number))
      yield &ring[number]
    }
  }

  /// Whether a packet with this number was sent, and not everything up to it has arrived.
  func contains(_ number: UInt64) -> Bool { number >= base && number < next }

  func isAcked(_ number: UInt64) -> Bool { acked.contains(number) }

  /// The lowest number from `number` on, and below `end`, that has not arrived.
  func unacked(from number: UInt64, to end: UInt64) -> UInt64? {
    let number = acked.next(false, from: max(number, base), to: end)
    return number < end ? number : nil
  }

  // MARK: Changes

  /// Gives the next number to a new packet.
  mutating func add(payload: Payload, messages bytes: [UInt8]?) -> UInt64 {
    assert(hasRoom)
    let number = next
    acked.makeRoom(from: base, to: next, through: number)
    acked.remove(number)
    next += 1
    ring[number] = SentPacket(payload: payload, messages: bytes.map { messages.add($0) })
    return number
  }

  /// Notes that a packet has arrived: its messages are no longer needed.
  mutating func acknowledge(_ number: UInt64) {
    assert(contains(number) && !acked.contains(number))
    acked.insert(number)
    if let slot = ring[number].messages { messages.remove(slot) }
  }

  /// Notes that all packets before `number` have arrived.
  mutating func advance(to number: UInt64) {
    assert(number > base && number <= next && unacked(from: base, to: number) == nil)
    base = number
  }

  /// Makes room for twice as many packets.
  mutating func grow() { ring.grow(base..<next) }

  /// Gives back what an empty window does not need.
  mutating func shrink() {
    assert(isEmpty && messages.bytes == 0)
    ring = WindowRing(capacity: SentPackets.leastCapacity)
    acked = BitRing()
    messages = MessageSlots()
  }
}
