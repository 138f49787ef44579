import Glibc

/// Room for the packets that a link holds, in slots of one size.
///
/// Only slots that were ever used take memory, and the one given back last is used first.
struct PacketPool: ~Copyable {
  let capacity: Int
  /// The longest packet that a slot takes.
  let slotSize: Int
  private let stride: Int
  private let base: UnsafeMutableRawPointer
  private let lengths: UnsafeMutablePointer<UInt32>
  private let free: UnsafeMutablePointer<UInt32>
  private var freeCount = 0
  private var used = 0

  /// Slots for `capacity` packets of at most `slotSize` bytes; nil: there is no address space for them.
  init?(capacity: Int, slotSize: Int) {
    stride = (slotSize + 63) & ~63
    let map = mmap(
      nil, capacity * stride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let map, map != MAP_FAILED else { return nil }
    self.capacity = capacity
    self.slotSize = slotSize
    base = map
    lengths = .allocate(capacity: capacity)
    free = .allocate(capacity: capacity)
  }

  deinit {
    munmap(base, capacity * stride)
    lengths.deallocate()
    free.deallocate()
  }

  /// A slot of no use yet; nil: all are in use.
  mutating func take() -> UInt32? {
    if freeCount > 0 {
      freeCount -= 1
      return free[freeCount]
    }
    guard used < capacity else { return nil }
    used += 1
    return UInt32(used - 1)
  }

  /// Gives a slot back.
  mutating func give(_ slot: UInt32) {
    free[freeCount] = slot
    freeCount += 1
  }

  /// The whole room of a slot.
  func room(_ slot: UInt32) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + Int(slot) * stride, count: slotSize)
  }

  /// Says how much of a slot is in use.
  func setLength(_ slot: UInt32, _ length: Int) { lengths[Int(slot)] = UInt32(length) }

  /// The packet in a slot.
  func packet(_ slot: UInt32) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + Int(slot) * stride, count: Int(lengths[Int(slot)]))
  }
}
