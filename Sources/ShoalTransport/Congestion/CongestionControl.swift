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

  /// Whether a window of this many bytes was what limited what was in flight, rather than what there was to send or the
  /// peer's window (RFC 9002 §7.8); in slow start, where pacing spreads the window out, `half` of it is enough.
  func fills(_ window: Double, half: Bool = false, _ datagram: Int) -> Bool {
    !rate.appLimited && Double(priorInFlight + 2 * datagram) >= window * (half ? 0.5 : 0.75)
  }
}

/// What a controller decides.
struct CongestionDecision {
  /// The most bytes in flight.
  var window = Int.max
  /// Bytes per second; infinite if nothing is to be paced.
  var pacingRate = Double.infinity
  /// How packets that leave now leave.
  var phase = SendPhase.steady
  /// The part of a full burst that leaves at once.
  var burstShare = 1.0
  /// A round trip longer than this shows a queue on the path; nil if nothing is known about it.
  var longRoundTrip: Nanoseconds?
  /// The share of packets that the path is taken to lose whatever is sent; nil if the controller has no such notion.
  var randomLoss: Double?
}

/// An event for a controller.
enum CongestionEvent {
  /// An ACK.
  case acknowledged(CongestionSample)
  /// The path's first round trip, known from the handshake, and what was known of the path at an earlier visit.
  case started(roundTrip: Nanoseconds, PathMemory?, at: Instant)
  /// This many probe timeouts in a row have gone without an answer.
  case timedOut(count: Int)
  /// The size of a full datagram has changed.
  case datagram(Int)
}

/// A rule that decides how much may be in flight and how fast it leaves.
protocol CongestionController {
  /// The bytes of a full datagram.
  var datagram: Int { get set }
  /// The name of the state, for people.
  var stateName: String { get }
  var decision: CongestionDecision { get }

  mutating func acknowledged(_ sample: CongestionSample)
  mutating func started(roundTrip: Nanoseconds, _ memory: PathMemory?, at now: Instant)
  mutating func timedOut(count: Int)
}

extension CongestionController {
  /// Handles an event, and returns the decision.
  @inline(__always) mutating func handle(_ event: CongestionEvent) -> CongestionDecision {
    switch event {
    case .acknowledged(let sample): acknowledged(sample)
    case .started(let roundTrip, let memory, let now): started(roundTrip: roundTrip, memory, at: now)
    case .timedOut(let count): timedOut(count: count)
    case .datagram(let bytes): datagram = bytes
    }
    return decision
  }
}

/// The controller of a path, and what it has decided, which every packet asks for.
struct CongestionControl {
  /// An enum, so that calls are direct: one through `any CongestionController` costs ten times as much.
  enum Controller {
    case bbr(Bbr)
    case cubic(Cubic)
    case ledbat(Ledbat)
    case none
  }
  private(set) var controller: Controller
  private(set) var decision: CongestionDecision

  init(_ algorithm: CongestionAlgorithm, datagram: Int, seed: UInt64, at now: Instant) {
    switch algorithm {
    case .bbr: controller = .bbr(Bbr(datagram: datagram, seed: seed, at: now))
    case .cubic: controller = .cubic(Cubic(datagram: datagram))
    case .ledbat: controller = .ledbat(Ledbat(datagram: datagram))
    case .none: controller = .none
    }
    decision = CongestionDecision()
    handle(.datagram(datagram))
  }

  /// The greatest rate that the path was seen to carry of late, in bytes per second; nil if the controller does not
  /// measure it.
  var carriedRate: Double? {
    if case .bbr(let bbr) = controller { bbr.greatestBandwidth } else { nil }
  }

  var window: Int { decision.window }
  var pacingRate: Double { decision.pacingRate }

  /// The name of the state, for people.
  var stateName: String {
    switch controller {
    case .bbr(let bbr): bbr.stateName
    case .cubic(let cubic): cubic.stateName
    case .ledbat(let ledbat): ledbat.stateName
    case .none: "none"
    }
  }

  /// Hands an event to the controller, if there is one, and keeps what it decides.
  mutating func handle(_ event: CongestionEvent) {
    switch controller {
    case .bbr(var bbr):
      decision = bbr.handle(event)
      controller = .bbr(bbr)
    case .cubic(var cubic):
      decision = cubic.handle(event)
      controller = .cubic(cubic)
    case .ledbat(var ledbat):
      decision = ledbat.handle(event)
      controller = .ledbat(ledbat)
    case .none: break
    }
  }
}
