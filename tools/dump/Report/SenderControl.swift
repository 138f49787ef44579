/// What a sender's qlog says about what may be sent: the congestion window, the pacing rate and the bytes in flight.
///
/// The qlog has samples some milliseconds apart; between two samples, the bytes in flight are taken from the capture,
/// if it was made at the sender's end.
struct SenderControl {
  /// What is known from some time on; values that have not changed are nil.
  struct Sample {
    /// Microseconds, on the page's clock.
    var time: Int64
    var window: Int64?
    /// Bytes per second.
    var rate: Int64?
    var inFlight: Int64?
  }

  /// If the sender was busy elsewhere, its pacer makes up for this much time, in seconds, but for at least and at most
  /// this many packets.
  private static let madeUp = 0.002
  private static let fewest = 4.0
  private static let most = 88.0
  /// The least datagram that every path carries, in bytes.
  private static let leastPacket: Int64 = 1_200

  /// The samples, in the order of time.
  private let samples: [Sample]
  private var place = 0
  private var window: Int64?
  private var rate: Int64?
  private var inFlight: Int64?
  /// The bytes in flight according to the qlog, minus those that the capture shows: the difference is losses that the
  /// sender knew of.
  private var difference: Int64 = 0
  private var largest = leastPacket
  /// The bytes that pacing allows to leave now; negative after a burst.
  private var credit = 0.0

  init(_ samples: [Sample]) { self.samples = samples }

  /// Whether it is known by now what limits the sender. `window` does not tell: without congestion control there is
  /// none.
  var isKnown: Bool { inFlight != nil }

  /// The time of the next sample.
  var nextTime: Int64? { place < samples.count ? samples[place].time : nil }

  /// Takes the next sample; `captured` is how many bytes are in flight according to the capture.
  mutating func advance(captured: Int?) {
    let sample = samples[place]
    place += 1
    window = sample.window ?? window
    rate = sample.rate ?? rate
    inFlight = sample.inFlight ?? inFlight
    if let inFlight, let captured { difference = inFlight &- Int64(captured) }
  }

  /// Notes that a packet leaves.
  mutating func send(_ bytes: Int) {
    largest = max(largest, Int64(bytes))
    credit -= Double(bytes)
  }

  /// Whether the congestion window has no room for another packet.
  func isFull(captured: Int?) -> Bool {
    guard let window, let inFlight else { return false }
    let now = captured.map { Int64($0) &+ difference } ?? inFlight
    return now &+ largest > window
  }

  /// Lets time pass, in microseconds; returns how much of it the pacer held the sender back.
  mutating func pass(_ length: Int64) -> Int64 {
    guard let rate, rate > 0 else { return 0 }
    let packets = min(max(Double(rate) * Self.madeUp / Double(largest), Self.fewest), Self.most)
    let highest = packets * Double(largest)
    let wait = max(highest - credit, 0) / Double(rate) * 1e6
    credit = min(credit + Double(rate) * Double(length) / 1e6, highest)
    return wait < Double(length) ? Int64(wait) : length
  }
}
