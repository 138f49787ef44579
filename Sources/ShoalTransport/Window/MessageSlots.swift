/// The messages of packets that have not arrived, in slots that are reused.
struct MessageSlots {
  private var slots: [[UInt8]] = []
  private var free: [Int32] = []
  private(set) var bytes = 0

  subscript(slot: Int32) -> [UInt8] { slots[Int(slot)] }

  mutating func add(_ message: [UInt8]) -> Int32 {
    bytes += message.count
    if let slot = free.popLast() {
      slots[Int(slot)] = message
      return slot
    }
    slots.append(message)
    return Int32(slots.count - 1)
  }

  mutating func remove(_ slot: Int32) {
    bytes -= slots[Int(slot)].count
    slots[Int(slot)] = []
    free.append(slot)
    assert(bytes >= 0 && free.count <= slots.count)
  }
}
