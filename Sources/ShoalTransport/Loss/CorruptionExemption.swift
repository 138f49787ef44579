import ShoalBase

/// Losses that the peer's count of corrupt datagrams explains: as many as it reports, but at most a tenth of the packets
/// of a round trip and none while the queue grows, as the count cannot be checked. Corruption is not congestion.
struct CorruptionExemption {
  private static let mostShare = 0.1
  /// Reported, but not yet matched with a loss; the loss will be found soon, or was not one of ours.
  private var reported = 0
  private var expiresAt: Instant?
  private var roundEnds: Instant?
  private var packets = 0
  private var allowed = 0.0
  /// The least round trip of this round and of the last.
  private var least: Nanoseconds?
  private var lastLeast: Nanoseconds?

  /// How many of the losses reported with an ACK count.
  mutating func counting(_ sample: CongestionSample) -> Int {
    if roundEnds.map({ sample.now >= $0 }) ?? true {
      roundEnds = sample.now + sample.smoothedRoundTrip
      allowed = max(Self.mostShare * Double(packets), 1)
      packets = 0
      (lastLeast, least) = (least, nil)
    }
    packets += sample.acked.total + sample.losses.packets
    if let roundTrip = sample.roundTrip { least = min(least ?? roundTrip, roundTrip) }
    if let expiresAt, sample.now > expiresAt { reported = 0 }
    if sample.corrupt > 0 {
      reported += sample.corrupt
      expiresAt = sample.now + 2 * sample.smoothedRoundTrip
    }
    var isGrowing = false
    if let least, let lastLeast { isGrowing = least > lastLeast + lastLeast / 16 + .millisecond }
    guard reported > 0, sample.losses.packets > 0, !isGrowing else { return sample.losses.packets }
    let exempt = min(reported, sample.losses.packets, Int(allowed))
    reported -= exempt
    allowed -= Double(exempt)
    return sample.losses.packets - exempt
  }
}
