// What a send window remembers takes memory by the packet, and no more of it than its endpoint allows.
extension SendWindow {
  /// The packets that there is always memory for.
  static let leastCapacity = 64
  /// What a packet takes: its record, two transmissions, a passing, and two numbers that are lost.
  static let bytesPerPacket =
    MemoryLayout<SentPacket>.stride + 2 * MemoryLayout<Transmission>.stride + MemoryLayout<Passing>.stride
    + 2 * MemoryLayout<UInt64>.stride

  /// The most bytes that it takes at its present size, messages aside.
  var memory: Int { Int(capacity) * SendWindow.bytesPerPacket }

  /// It is full, and larger ones are allowed.
  var wantsToGrow: Bool { next - base >= capacity && capacity < limit }
}
