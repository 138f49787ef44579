// The records of sent packets take memory for each packet, and no more than the endpoint allows.
extension SentPackets {
  /// The number of packets that there is always memory for.
  static let leastCapacity = 64
}

extension SendWindow {
  /// The bytes that a packet takes: its record, two transmissions, a round trip, and two numbers of lost packets.
  static let bytesPerPacket =
    MemoryLayout<SentPacket>.stride + 2 * MemoryLayout<Transmission>.stride
    + MemoryLayout<RoundTripHistory.Entry>.stride + 2 * MemoryLayout<UInt64>.stride

  /// The most bytes that the window takes at its present size, not counting messages.
  var memory: Int { Int(packets.capacity) * SendWindow.bytesPerPacket }

  /// Whether it is full, and a larger one is allowed.
  var wantsToGrow: Bool { packets.count >= packets.capacity && packets.capacity < packets.limit }
}
