import ShoalBase
import ShoalContent
import ShoalWire

/// A path to the peer: its address, and everything known about the network in between. A connection that moves gets a
/// new one.
struct Path {
  let address: Address
  var validation: AddressValidation
  var roundTrip = RoundTrip()
  var reordering = Reordering()
  var congestion: CongestionControl
  var pacer = Pacer()
  var thinning = AckThinning()
  var reverseDelay = ReverseDelay()
  var wayBack = WayBack()
  /// The last round trip, less what its ACK waited on the way back; nil before the first.
  var latestThere: Nanoseconds?
  /// When the last round trip was measured.
  private var sampledAt = Instant.zero
  var mtu: PathMTU
  /// What was known of it at an earlier visit.
  var remembered: PathMemory?
  /// The losses since the congestion controller was last told of any.
  private var unreportedLosses = Losses()

  /// A path about which nothing is known yet; `isValidated` if what is sent there is limited by other means.
  init(to address: Address, isValidated: Bool, _ algorithm: CongestionAlgorithm, seed: UInt64, at now: Instant) {
    self.address = address
    validation = AddressValidation(isValidated: isValidated)
    congestion = CongestionControl(algorithm, datagram: Limits.smallestDatagram, seed: seed, at: now)
    mtu = PathMTU(limit: 0, peerLimit: 0, address: address, at: now)
  }

  /// How long the last sample says something about the queues.
  private static let recent: Nanoseconds = 100 * .millisecond

  /// The UDP payload of a full datagram.
  var datagram: Int { mtu.confirmed }

  // MARK: What may leave

  /// Whether congestion control lets one more datagram leave, with this many bytes in flight.
  func hasRoom(inFlight: Int) -> Bool { inFlight + datagram <= congestion.window || inFlight == 0 }

  /// Nil if the pacer lets a datagram leave now, otherwise when it does.
  mutating func release(at now: Instant) -> Instant? {
    pacer.release(
      rate: congestion.pacingRate, share: congestion.decision.burstShare, datagram: datagram, at: now)
  }

  /// How long packets wait on the way to the peer; nil if the last sample is not recent.
  func queueing(at now: Instant) -> Nanoseconds? {
    guard let least = roundTrip.minimum, let latest = roundTrip.latest,
      now - sampledAt <= max(Path.recent, roundTrip.smoothed)
    else { return nil }
    return max(latest - least - reverseDelay.growth(at: now), 0)
  }

  // MARK: What is learned

  /// Takes the round trip of a packet.
  mutating func sampled(_ sample: Nanoseconds, at now: Instant) {
    roundTrip.add(sample)
    sampledAt = now
  }

  /// Begins the search for larger datagrams, of at most `limit` bytes of IP packet, as the handshake is complete.
  mutating func opened(limit: Int, peerLimit: Int, at now: Instant) {
    validation.validated()
    searchMTU(limit: limit, peerLimit: peerLimit, at: now)
    guard roundTrip.hasSample else { return }
    congestion.handle(.started(roundTrip: roundTrip.smoothed, remembered, at: now))
  }

  /// What is known of it now, to be remembered; before anything is, what was known at the earlier visit.
  var memory: PathMemory? {
    guard let least = roundTrip.minimum, let rate = congestion.carriedRate, rate > 0 else { return remembered }
    return PathMemory(rate: rate, roundTrip: least)
  }

  mutating func searchMTU(limit: Int, peerLimit: Int, at now: Instant) {
    mtu = PathMTU(limit: limit, peerLimit: peerLimit, address: address, at: now)
  }

  /// Notes that a probe of this size has arrived.
  mutating func onProbed(_ size: Int, at now: Instant) {
    if let sample = mtu.roundTrip(size, at: now) { roundTrip.add(sample) }
    if mtu.onProbed(size, at: now) { congestion.handle(.datagram(size)) }
  }

  /// Notes that nothing large gets through any more: perhaps the path has become narrower.
  mutating func suspectBlackHole(at now: Instant) {
    if mtu.suspectBlackHole(at: now) { congestion.handle(.datagram(datagram)) }
  }

  /// Notes losses that a timer found: the controller is told of them with the next ACK.
  mutating func onLoss(_ losses: Losses) { unreportedLosses += losses }

  /// Takes what an ACK tells about the path, besides its round trip.
  mutating func onAck(
    _ result: AckResult, corrupt: Int, priorInFlight: Int, _ window: borrowing SendWindow,
    roundTrip sample: Nanoseconds?,
    at now: Instant
  ) {
    unreportedLosses += result.losses
    congestion.handle(
      .acknowledged(
        CongestionSample(
          now: now, ackedBytes: result.bytes, acked: result.acked, losses: unreportedLosses, spurious: result.spurious,
          corrupt: corrupt, priorInFlight: priorInFlight, bytesInFlight: window.bytesInFlight, rate: result.sample,
          delivered: window.rate.delivered, roundTrip: sample, smoothedRoundTrip: roundTrip.smoothed)))
    unreportedLosses = Losses()
  }
}
