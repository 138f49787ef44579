import ShoalWire

/// What a congestion controller is told with each ACK.
struct CongestionSample {
  var now: Instant
  /// Bytes newly acknowledged and newly declared lost.
  var ackedBytes: Int
  var lostBytes: Int
  /// Those of both that had left slowly.
  var slowBytes: Int
  var slowLostBytes: Int
  var bytesInFlight: Int
  /// The delivery rate, and the round-trip sample that came with it, 0 if none did.
  var rate: DeliveryRate.Sample
  var delivered: UInt64
  var roundTrip: Nanoseconds
}

/// How much may be in flight and how fast it leaves. An enum, so that each packet's calls are direct.
enum CongestionControl {
  case bbr(Bbr)
  case none

  init(_ algorithm: CongestionAlgorithm, datagram: Int, seed: UInt64) {
    switch algorithm {
    case .bbr: self = .bbr(Bbr(datagram: datagram, seed: seed))
    case .none: self = .none
    }
  }

  /// The most bytes in flight.
  var window: Int {
    switch self {
    case .bbr(let bbr): bbr.window
    case .none: .max
    }
  }

  /// Bytes a second; infinite if nothing is to be paced.
  var pacingRate: Double {
    switch self {
    case .bbr(let bbr): bbr.pacingRate
    case .none: .infinity
    }
  }

  /// Whether what leaves now leaves more slowly than the path could carry: its loss is then not of our making.
  var isSlow: Bool {
    switch self {
    case .bbr(let bbr): bbr.isSlow
    case .none: false
    }
  }

  /// The name of the state, for people.
  var state: String {
    switch self {
    case .bbr(let bbr): "\(bbr.state)"
    case .none: "none"
    }
  }

  mutating func acknowledged(_ sample: CongestionSample) {
    guard case .bbr(var bbr) = self else { return }
    self = .none
    bbr.acknowledged(sample)
    self = .bbr(bbr)
  }

  /// The path's first round trip is known from the handshake.
  mutating func started(roundTrip: Nanoseconds) {
    guard case .bbr(var bbr) = self else { return }
    bbr.started(roundTrip: roundTrip)
    self = .bbr(bbr)
  }

  /// So many probe timeouts have passed in a row without an answer.
  mutating func timedOut(count: Int) {
    guard case .bbr(var bbr) = self else { return }
    bbr.timedOut(count: count)
    self = .bbr(bbr)
  }

  /// The size of a full datagram has changed.
  mutating func setDatagram(_ bytes: Int) {
    guard case .bbr(var bbr) = self else { return }
    bbr.datagram = bytes
    self = .bbr(bbr)
  }
}
