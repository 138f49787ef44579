import Glibc

// Safety: the memory has one owner and is mapped until `deinit`. A slot's number is checked, and its length never
// exceeds its size.

/// Room for the packets that a link holds, in slots of one size.
///
/// Only slots that have been used take memory, and the one returned last is used next.
@safe struct PacketPool: ~Copyable {
  let capacity: Int
  /// The longest packet that a slot takes.
  let slotSize: Int
  private let stride: Int
  private let base: UnsafeMutableRawPointer
  /// The lengths of the packets in the slots that were ever used.
  private var lengths: [Int] = []
  private var free: [UInt32] = []

  /// Slots for `capacity` packets of at most `slotSize` bytes; nil: there is no address space for them.
  init?(capacity: Int, slotSize: Int) {
    stride = (slotSize + 63) & ~63
    let map = unsafe mmap(
      nil, capacity * stride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let map = unsafe map, unsafe map != MAP_FAILED else { return nil }
    self.capacity = capacity
    self.slotSize = slotSize
    unsafe base = unsafe map
  }

  deinit { unsafe munmap(base, capacity * stride) }

  /// Takes a free slot; nil if all are in use.
  mutating func take() -> UInt32? {
    if let slot = free.popLast() { return slot }
    guard lengths.count < capacity else { return nil }
    lengths.append(0)
    return UInt32(lengths.count - 1)
  }

  /// Gives a slot back.
  mutating func give(_ slot: UInt32) { free.append(slot) }

  /// Lets `write` put a packet into a slot; both return its length, or a number below 1 if there is none.
  mutating func fill(_ slot: UInt32, _ write: (inout MutableSpan<UInt8>) -> Int) -> Int {
    lengths[Int(slot)] = slotSize
    let length = withPacket(slot, write)
    lengths[Int(slot)] = min(max(length, 0), slotSize)
    return length
  }

  /// The length of the packet in a slot.
  func length(_ slot: UInt32) -> Int { lengths[Int(slot)] }

  /// Calls `body` with the packet in a slot, which it may change.
  func withPacket<Result>(_ slot: UInt32, _ body: (inout MutableSpan<UInt8>) -> Result) -> Result {
    var span = unsafe MutableSpan<UInt8>(_unsafeStart: base + Int(slot) * stride, byteCount: lengths[Int(slot)])
    return body(&span)
  }
}
