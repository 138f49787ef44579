import ShoalBase

/// What a congestion controller is told with each ACK.
struct CongestionSample {
  var now: Instant
  /// The bytes and packets newly acknowledged.
  var ackedBytes: Int
  var acked: PhaseCounts
  /// The packets declared lost since the last ACK.
  var losses: Losses
  /// Packets that had been declared lost and have arrived after all.
  var spurious: Int
  /// Datagrams of ours that the peer newly reports to have been corrupt.
  var corrupt: Int
  /// What was in flight before this ACK, and what is now.
  var priorInFlight: Int
  var bytesInFlight: Int
  /// The delivery rate, and the bytes delivered so far.
  var rate: DeliveryRate.Sample
  var delivered: UInt64
  /// The round-trip sample that came with it, if one did, and the smoothed one.
  var roundTrip: Nanoseconds?
  var smoothedRoundTrip: Nanoseconds

  /// Whether it was a window of so many bytes that limited what was in flight, rather than what there was to send or
  /// the peer's window (RFC 9002 §7.8); in slow start, of which pacing spreads the window, `half` of it will do.
  func fills(_ window: Double, half: Bool = false, _ datagram: Int) -> Bool {
    !rate.appLimited && Double(priorInFlight + 2 * datagram) >= window * (half ? 0.5 : 0.75)
  }
}

/// How much may be in flight and how fast it leaves. The decisions are kept, as each packet asks for them; the
/// controller is an enum, so that its calls are direct.
struct CongestionControl {
  /// The most bytes in flight.
  private(set) var window = Int.max
  /// Bytes a second; infinite if nothing is to be paced.
  private(set) var pacingRate = Double.infinity
  /// How what leaves now leaves.
  private(set) var phase = SendPhase.steady
  /// The part of a full burst that leaves at once.
  private(set) var burstShare = 1.0
  /// A round trip longer than this shows a queue on the path; nil where nothing is known of it.
  private(set) var longRoundTrip: Nanoseconds?

  enum Controller {
    case bbr(Bbr)
    case cubic(Cubic)
    case ledbat(Ledbat)
    case none
  }
  private(set) var controller: Controller

  init(_ algorithm: CongestionAlgorithm, datagram: Int, seed: UInt64, at now: Instant) {
    switch algorithm {
    case .bbr: controller = .bbr(Bbr(datagram: datagram, seed: seed, at: now))
    case .cubic: controller = .cubic(Cubic(datagram: datagram))
    case .ledbat: controller = .ledbat(Ledbat(datagram: datagram))
    case .none: controller = .none
    }
    decide()
  }

  /// The name of the state, for people.
  var state: String {
    switch controller {
    case .bbr(let bbr): bbr.state.rawValue
    case .cubic(let cubic): cubic.state
    case .ledbat(let ledbat): ledbat.state
    case .none: "none"
    }
  }

  /// The share of packets that the path is taken to lose whatever is sent; nil if the controller has no such notion.
  var randomLoss: Double? {
    guard case .bbr(let bbr) = controller else { return nil }
    return bbr.randomLoss.share
  }

  private mutating func decide() {
    switch controller {
    case .bbr(let bbr):
      window = bbr.window
      pacingRate = bbr.pacingRate
      phase = bbr.phase
      longRoundTrip = bbr.longRoundTrip
      burstShare = bbr.burstLoss.share
    case .cubic(let cubic):
      window = cubic.window
      pacingRate = cubic.pacingRate
    case .ledbat(let ledbat):
      window = ledbat.window
      pacingRate = ledbat.pacingRate
    case .none: break
    }
  }

  mutating func acknowledged(_ sample: CongestionSample) {
    switch controller {
    case .bbr(var bbr):
      bbr.acknowledged(sample)
      controller = .bbr(bbr)
    case .cubic(var cubic):
      cubic.acknowledged(sample)
      controller = .cubic(cubic)
    case .ledbat(var ledbat):
      ledbat.acknowledged(sample)
      controller = .ledbat(ledbat)
    case .none: return
    }
    decide()
  }

  /// The path's first round trip is known from the handshake.
  mutating func started(roundTrip: Nanoseconds, at now: Instant) {
    switch controller {
    case .bbr(var bbr):
      bbr.started(roundTrip: roundTrip, at: now)
      controller = .bbr(bbr)
    case .cubic(var cubic):
      cubic.started(roundTrip: roundTrip)
      controller = .cubic(cubic)
    case .ledbat(var ledbat):
      ledbat.started(roundTrip: roundTrip)
      controller = .ledbat(ledbat)
    case .none: return
    }
    decide()
  }

  /// So many probe timeouts have passed in a row without an answer.
  mutating func timedOut(count: Int) {
    switch controller {
    case .bbr(var bbr):
      bbr.timedOut(count: count)
      controller = .bbr(bbr)
    case .cubic(var cubic):
      cubic.timedOut(count: count)
      controller = .cubic(cubic)
    case .ledbat(var ledbat):
      ledbat.timedOut(count: count)
      controller = .ledbat(ledbat)
    case .none: return
    }
    decide()
  }

  /// The size of a full datagram has changed.
  mutating func setDatagram(_ bytes: Int) {
    switch controller {
    case .bbr(var bbr):
      bbr.datagram = bytes
      controller = .bbr(bbr)
    case .cubic(var cubic):
      cubic.datagram = bytes
      controller = .cubic(cubic)
    case .ledbat(var ledbat):
      ledbat.datagram = bytes
      controller = .ledbat(ledbat)
    case .none: return
    }
    decide()
  }
}
