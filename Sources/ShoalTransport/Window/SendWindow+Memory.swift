// What is remembered of sent packets takes memory by the packet, and no more of it than the endpoint allows.
extension SentPackets {
  /// The packets that there is always memory for.
  static let leastCapacity = 64
}

extension SendWindow {
  /// What a packet takes: its record, two transmissions, a round trip, and two numbers that are lost.
  static let bytesPerPacket =
    MemoryLayout<SentPacket>.stride + 2 * MemoryLayout<Transmission>.stride
    + MemoryLayout<RoundTripHistory.Entry>.stride + 2 * MemoryLayout<UInt64>.stride

  /// The most bytes that it takes at its present size, messages aside.
  var memory: Int { Int(packets.capacity) * SendWindow.bytesPerPacket }

  /// It is full, and larger ones are allowed.
  var wantsToGrow: Bool { packets.count >= packets.capacity && packets.capacity < packets.limit }
}
