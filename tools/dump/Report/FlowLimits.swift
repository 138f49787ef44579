import ShoalWire

/// What kept a flow from going faster, by the time that it did, and when nothing went on at all.
struct FlowLimits {
  /// What a sender waits for.
  enum Limit: Int, CaseIterable {
    /// ACKs, as the negotiated window is full.
    case window
    /// Requests: all that was asked for is sent.
    case requests
    /// Itself: it was asked, and has nothing in flight.
    case sender
    /// What the path carries, as congestion control sees it.
    case path
  }

  /// A time without progress.
  struct Stall {
    /// Microseconds, on the page's clock.
    var start: Int64
    var length: Int64
    var reason: Reason
  }

  enum Reason: String {
    case notAsked = "nothing was asked for"
    case silence = "nothing came back"
    case nothingCame = "nothing came"
    case onlyRepeats = "only repeats of what was there came"
    case window = "the window was full"
    case sender = "the sender sent nothing of what was asked for"
    case unacknowledged = "nothing new was acknowledged"
  }

  /// What is shorter is no stall, nor what is within so many round trips.
  static let leastStall: Int64 = 200_000
  static let leastRoundTrips: Int64 = 8
  /// More than these are not kept.
  private static let mostStalls = 1 << 12

  /// By `Limit`, microseconds until the latest progress.
  private(set) var spent = [Int64](repeating: 0, count: Limit.allCases.count)
  private(set) var stalls: [Stall] = []
  private var backlog = Backlog()
  private var latest: Int64 = 0
  /// When the receiver got on last, as far as can be seen from where it was captured; nil before the first content.
  private var progress: Int64?
  private var sinceProgress = [Int64](repeating: 0, count: Limit.allCases.count)
  private var heard = 0
  private var sent = 0
  private var highest = Int64.min
  private var edge: Int64?
  private var inFlight: Int?

  private var limit: Limit {
    if let edge, highest + 1 >= edge { return .window }
    if backlog.isKnown ? backlog.bytes == 0 : inFlight == 0 { return .requests }
    return inFlight == 0 ? .sender : .path
  }

  /// Time passes until something is captured.
  private mutating func advance(to now: Int64) {
    if progress != nil, now > latest { sinceProgress[limit.rawValue] += now - latest }
    latest = max(latest, now)
  }

  mutating func ask(_ request: ShoalWire.Request, at now: Int64) {
    advance(to: now)
    backlog.add(request)
  }

  mutating func cancel(_ cancel: Cancel, at now: Int64) {
    advance(to: now)
    backlog.remove(cancel)
  }

  /// Something comes from the receiver.
  mutating func hear() { heard += 1 }

  /// DATA of the flow, with content or without.
  mutating func send(_ blocks: [Block], _ seen: Observation, isReceivers: Bool, at now: Int64) {
    advance(to: now)
    for block in blocks { backlog.remove(block) }
    if progress == nil, !blocks.isEmpty { progress = now }
    sent += 1
    take(seen)
    if let sequence = seen.sequence { highest = max(highest, sequence) }
    if isReceivers, seen.isFresh, !blocks.isEmpty { getOn(isReceivers: true, at: now) }
  }

  /// An ACK that speaks of the flow.
  mutating func acknowledge(_ seen: Observation, isReceivers: Bool, at now: Int64) {
    advance(to: now)
    if !isReceivers, seen.acknowledgedPackets > 0 { getOn(isReceivers: false, at: now) }
    take(seen)
  }

  private mutating func take(_ seen: Observation) {
    edge = seen.windowEdge ?? edge
    inFlight = seen.inFlight ?? inFlight
  }

  private mutating func getOn(isReceivers: Bool, at now: Int64) {
    guard let start = progress else { return }
    let length = now - start
    if length >= Self.leastStall, stalls.count < Self.mostStalls {
      stalls.append(Stall(start: start, length: length, reason: reason(isReceivers, length)))
    }
    for index in spent.indices {
      spent[index] += sinceProgress[index]
      sinceProgress[index] = 0
    }
    (progress, heard, sent) = (now, 0, 0)
  }

  /// What was so for most of the time. The packet that ended it is counted already.
  private func reason(_ isReceivers: Bool, _ length: Int64) -> Reason {
    func mostly(_ limit: Limit) -> Bool { sinceProgress[limit.rawValue] > length / 2 }
    if !isReceivers, heard <= 1, inFlight != 0 { return .silence }
    if mostly(.requests) { return .notAsked }
    if mostly(.sender) { return .sender }
    if isReceivers { return sent <= 1 ? .nothingCame : .onlyRepeats }
    return mostly(.window) ? .window : .unacknowledged
  }
}
