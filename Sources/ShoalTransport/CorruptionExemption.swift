import ShoalWire

/// Losses that the peer's count of corrupt datagrams explains: as many as it reports, but at most a tenth of the packets
/// of a round trip and none while the queue grows, as the count cannot be checked. Corruption is not congestion.
struct CorruptionExemption {
  private static let mostShare = 0.1
  /// Reported, and not matched with a loss yet; the loss is found soon, or was none of ours.
  private var reported = 0
  private var expiresAt = Instant.zero
  private var roundEnds = Instant.zero
  private var packets = 0
  private var allowed = 0.0
  private var least = Nanoseconds.max
  private var lastLeast = Nanoseconds.max

  /// How many of the losses told with an ACK count.
  mutating func counting(_ sample: CongestionSample) -> Int {
    if sample.now >= roundEnds {
      roundEnds = sample.now + sample.smoothedRoundTrip
      allowed = max(Self.mostShare * Double(packets), 1)
      packets = 0
      (lastLeast, least) = (least, .max)
    }
    packets += sample.acked.total + sample.losses.packets
    if sample.roundTrip > 0 { least = min(least, sample.roundTrip) }
    if sample.now > expiresAt { reported = 0 }
    if sample.corrupt > 0 {
      reported += sample.corrupt
      expiresAt = sample.now + 2 * sample.smoothedRoundTrip
    }
    let isGrowing = lastLeast != .max && least != .max && least > lastLeast + lastLeast / 16 + .millisecond
    guard reported > 0, sample.losses.packets > 0, !isGrowing else { return sample.losses.packets }
    let exempt = min(reported, sample.losses.packets, Int(allowed))
    reported -= exempt
    allowed -= Double(exempt)
    return sample.losses.packets - exempt
  }
}
