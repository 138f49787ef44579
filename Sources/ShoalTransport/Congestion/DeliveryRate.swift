import ShoalBase

/// The rate at which packets are delivered: draft-cheng-iccrg-delivery-rate-estimation.
struct DeliveryRate {
  /// What one ACK tells about the rate.
  struct Sample {
    /// Whether the fields below say anything.
    var isValid = false
    /// The bytes delivered when the sampled packet left.
    var priorDelivered: UInt64 = 0
    var priorTime = Instant.zero
    var sendElapsed: Nanoseconds = 0
    /// Whether the sender had nothing more to send then, so that the path may carry more than this.
    var appLimited = false
    /// The bytes that had been found lost when the sampled packet left, modulo 2^32.
    var priorLost: UInt32 = 0
    /// Bytes per second; nil if the time was too short to tell.
    var bytesPerSecond: Double?
    /// The bytes found lost meanwhile, for each one delivered.
    var lost = 0.0
  }

  /// The bytes delivered so far.
  private(set) var delivered: UInt64 = 0
  /// The bytes found lost so far, modulo 2^32.
  private var lost: UInt32 = 0
  // Both are set as the first packet leaves.
  private var deliveredAt = Instant.zero
  private var firstSentAt = Instant.zero
  /// Up to this value of `delivered`, samples show that there was nothing more to send; nil if none do.
  private var appLimitedUntil: UInt64?

  mutating func willSend(inFlight: Int, at now: Instant) {
    guard inFlight == 0 else { return }
    firstSentAt = now
    deliveredAt = now
  }

  func tag(_ packet: inout SentPacket) {
    packet.delivered = delivered
    packet.lost = lost
    packet.deliveredAt = deliveredAt
    packet.firstSentAt = firstSentAt
    packet.appLimited = appLimitedUntil != nil
  }

  /// Notes that a packet was delivered, with the ACK that `finish` completes.
  mutating func delivered(_ packet: SentPacket, _ sample: inout Sample) {
    delivered += UInt64(packet.bytes)
    guard !sample.isValid || packet.delivered > sample.priorDelivered else { return }
    sample.isValid = true
    sample.priorDelivered = packet.delivered
    sample.priorLost = packet.lost
    sample.priorTime = packet.deliveredAt
    sample.sendElapsed = packet.sentAt - packet.firstSentAt
    sample.appLimited = packet.appLimited
    firstSentAt = packet.sentAt
  }

  /// Notes that a packet was found lost.
  mutating func lost(_ packet: SentPacket) { lost &+= UInt32(bitPattern: packet.bytes) }

  /// Notes that a packet that was found lost has arrived after all.
  mutating func found(_ packet: SentPacket) { lost &-= UInt32(bitPattern: packet.bytes) }

  /// Completes the sample of an ACK, which came at `now`.
  mutating func finish(_ sample: inout Sample, minimum: Nanoseconds?, at now: Instant) {
    if let end = appLimitedUntil, delivered > end { appLimitedUntil = nil }
    guard sample.isValid else { return }
    deliveredAt = now
    let interval = max(sample.sendElapsed, now - sample.priorTime)
    // An interval shorter than a round trip says more about how ACKs are bunched than about the path.
    let bytes = Double(delivered - sample.priorDelivered)
    sample.lost = Double(max(Int32(bitPattern: lost &- sample.priorLost), 0)) / max(bytes, 1)
    guard interval >= minimum ?? 0, interval > 0 else { return }
    sample.bytesPerSecond = bytes * 1e9 / Double(interval)
  }

  /// Notes that the sender has nothing more to send although it may.
  mutating func becameAppLimited(inFlight: Int) { appLimitedUntil = delivered + UInt64(inFlight) }
}
