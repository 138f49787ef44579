/// What the sender says in a qlog about what may leave: the congestion window, the pacing rate and what is in flight.
///
/// The qlog has samples some milliseconds apart; between two of them the capture gives the bytes in flight, if it was
/// made at the sender's end.
struct SenderControl {
  /// What is known from some time on, as far as it changed.
  struct Sample {
    /// Microseconds, on the page's clock.
    var time: Int64
    var window: Int64?
    /// Bytes per second.
    var rate: Int64?
    var inFlight: Int64?
  }

  /// The pacer makes up for this much time that the sender was busy elsewhere, in seconds, within these numbers of
  /// packets.
  private static let madeUp = 0.002
  private static let fewest = 4.0
  private static let most = 88.0
  /// The least that a path carries.
  private static let leastPacket: Int64 = 1_200

  /// The samples, in the order of time.
  private let samples: [Sample]
  private var place = 0
  private var window: Int64?
  private var rate: Int64?
  private var inFlight: Int64?
  /// What is in flight according to the qlog, less what the capture shows: losses that the sender knew of.
  private var difference: Int64 = 0
  private var largest = leastPacket
  /// The bytes that pacing allows to leave now; negative after a burst.
  private var credit = 0.0

  init(_ samples: [Sample]) { self.samples = samples }

  /// Whether it is known by now what limits the sender; without congestion control there is no window.
  var isKnown: Bool { inFlight != nil }

  /// The time of the next sample.
  var nextTime: Int64? { place < samples.count ? samples[place].time : nil }

  /// Takes the next sample; `captured` is what is in flight as the capture shows it.
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

  /// Whether no packet has room in the congestion window.
  func isFull(captured: Int?) -> Bool {
    guard let window, let inFlight else { return false }
    let now = captured.map { Int64($0) &+ difference } ?? inFlight
    return now &+ largest > window
  }

  /// Lets time pass, in microseconds; returns for how much of it pacing held the sender back.
  mutating func pass(_ length: Int64) -> Int64 {
    guard let rate, rate > 0 else { return 0 }
    let packets = min(max(Double(rate) * Self.madeUp / Double(largest), Self.fewest), Self.most)
    let highest = packets * Double(largest)
    let wait = max(highest - credit, 0) / Double(rate) * 1e6
    credit = min(credit + Double(rate) * Double(length) / 1e6, highest)
    return wait < Double(length) ? Int64(wait) : length
  }
}
