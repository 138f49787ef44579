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

/// How much may be in flight and how fast it leaves. The decisions are kept, as each packet asks for them; the
/// controller is an enum, so that its calls are direct.
struct CongestionControl {
  /// The most bytes in flight.
  private(set) var window = Int.max
  /// Bytes a second; infinite if nothing is to be paced.
  private(set) var pacingRate = Double.infinity
  /// Whether what leaves now leaves more slowly than the path could carry: its loss is then not of our making.
  private(set) var isSlow = false

  private enum Controller {
    case bbr(Bbr)
    case none
  }
  private var controller: Controller

  init(_ algorithm: CongestionAlgorithm, datagram: Int, seed: UInt64) {
    switch algorithm {
    case .bbr: controller = .bbr(Bbr(datagram: datagram, seed: seed))
    case .none: controller = .none
    }
    decide()
  }

  /// The name of the state, for people.
  var state: String {
    switch controller {
    case .bbr(let bbr): "\(bbr.state)"
    case .none: "none"
    }
  }

  private mutating func decide() {
    guard case .bbr(let bbr) = controller else { return }
    window = bbr.window
    pacingRate = bbr.pacingRate
    isSlow = bbr.isSlow
  }

  mutating func acknowledged(_ sample: CongestionSample) {
    guard case .bbr(var bbr) = controller else { return }
    bbr.acknowledged(sample)
    controller = .bbr(bbr)
    decide()
  }

  /// The path's first round trip is known from the handshake.
  mutating func started(roundTrip: Nanoseconds) {
    guard case .bbr(var bbr) = controller else { return }
    bbr.started(roundTrip: roundTrip)
    controller = .bbr(bbr)
    decide()
  }

  /// So many probe timeouts have passed in a row without an answer.
  mutating func timedOut(count: Int) {
    guard case .bbr(var bbr) = controller else { return }
    bbr.timedOut(count: count)
    controller = .bbr(bbr)
    decide()
  }

  /// The size of a full datagram has changed.
  mutating func setDatagram(_ bytes: Int) {
    guard case .bbr(var bbr) = controller else { return }
    bbr.datagram = bytes
    controller = .bbr(bbr)
    decide()
  }
}
