import ShoalBase
import ShoalWire

/// What kept a flow from going faster, for how long each cause did so, and when there was no progress at all.
struct FlowLimits {
  /// What a sender waits for.
  enum Limit: Int, CaseIterable {
    /// ACKs, because the negotiated window is full.
    case window
    /// Requests: everything that was requested has been sent.
    case requests
    /// Itself: something has been requested of it, yet it has nothing in flight.
    case sender
    /// ACKs, because the congestion window is full.
    case congestion
    /// Its pacer.
    case pacing
    /// Itself: windows and pacing allow more.
    case host
    /// The path, as congestion control sees it: one of the three above, but no qlog shows which.
    case path

    /// Whether only a qlog distinguishes it from `path`.
    var isInsidePath: Bool { self == .congestion || self == .pacing || self == .host }

    /// The label on the page, where there is little room.
    var label: String {
      switch self {
      case .window: "window"
      case .requests: "requests"
      case .sender: "idle"
      case .congestion: "congestion"
      case .pacing: "pacing"
      case .host: "host"
      case .path: "path"
      }
    }

    /// The name for programs.
    var name: String {
      switch self {
      case .window: "window"
      case .requests: "requests"
      case .sender: "sender_idle"
      case .congestion: "congestion_window"
      case .pacing: "pacing"
      case .host: "sender_host"
      case .path: "path"
      }
    }
  }

  /// A span of time without progress.
  struct Stall {
    /// Microseconds, on the page's clock.
    var start: Int64
    var length: Int64
    var reason: Reason
  }

  enum Reason: String {
    case notAsked = "nothing was requested"
    case silence = "nothing came back"
    case nothingCame = "nothing came"
    case onlyRepeats = "only repeats of old data came"
    case window = "the window was full"
    case sender = "the sender sent nothing of what was requested"
    case unacknowledged = "nothing new was acknowledged"
  }

  /// A shorter span, in microseconds, is no stall, nor is one of fewer round trips than these.
  static let leastStall: Int64 = 200_000
  static let leastRoundTrips: Int64 = 8
  /// The most stalls that are kept.
  private static let mostStalls = 1 << 12

  /// For each `Limit`, how many microseconds it held, up to the latest progress.
  private(set) var spent = [Int64](repeating: 0, count: Limit.allCases.count)
  private(set) var stalls: [Stall] = []
  /// A row for each time from which a different limit held; limits are numbered as in `Limit`.
  private(set) var changes = Columns("t", "limit")
  private var drawn: Limit?
  private var control: SenderControl?
  private var backlog = Backlog()
  private var latest: Int64 = 0
  /// When the receiver last made progress, as far as the capture shows; nil before the first content.
  private var progress: Int64?
  private var sinceProgress = [Int64](repeating: 0, count: Limit.allCases.count)
  private var heard = 0
  private var sent = 0
  private var highest = Int64.min
  /// The first number that the window forbids, as the sender knows it, and as it has been told since.
  private var (edge, told): (Int64?, Int64?)
  private var inFlight: Int?
  /// At the receiver's end, how long it takes, in microseconds, until what goes back can have an effect here: the
  /// sender does not know of it earlier.
  var lag: Int64 = 0
  private var pending = Queue<(due: Int64, news: News)>()

  /// What the sender is told.
  private enum News {
    case asked(ShoalWire.Request)
    case cancelled(Cancel)
    case edge(Int64)
  }

  /// Limits of a flow about whose sender a qlog says this.
  init(_ control: SenderControl? = nil) { self.control = control }

  /// The time of the latest progress; 0 before the first.
  var latestProgress: Int64 { progress ?? 0 }

  /// Whether a qlog of the sender was available.
  var isDivided: Bool { control != nil }

  /// The part of the time in which each limit held; none if no time passed.
  var shares: [(limit: Limit, share: Double)] {
    let all = spent.reduce(0, +)
    return all > 0 ? Limit.allCases.map { ($0, Double(spent[$0.rawValue]) / Double(all)) } : []
  }

  private var limit: Limit {
    if let edge, highest + 1 >= edge { return .window }
    if backlog.isKnown ? backlog.bytes == 0 : inFlight == 0 { return .requests }
    return inFlight == 0 ? .sender : .path
  }

  /// Lets time pass until something is captured.
  private mutating func advance(to now: Int64) {
    while let (due, news) = pending.first, due <= now {
      _ = pending.popFirst()
      advanceControl(to: due)
      switch news {
      case .asked(let request): backlog.add(request)
      case .cancelled(let cancel): backlog.remove(cancel)
      case .edge(let new): edge = new
      }
    }
    advanceControl(to: now)
  }

  private mutating func advanceControl(to now: Int64) {
    while let next = control?.nextTime, next <= now {
      pass(to: next)
      control?.advance(captured: inFlight)
    }
    pass(to: now)
  }

  private mutating func pass(to now: Int64) {
    guard now > latest else { return }
    defer { latest = now }
    let held = control?.pass(now - latest)
    guard progress != nil else { return }
    guard limit == .path, let control, control.isKnown, let held else { return spend(limit, to: now) }
    if control.isFull(captured: inFlight) { return spend(.congestion, to: now) }
    // A capture at the receiver's end does not show when the data left.
    guard inFlight != nil else { return spend(.path, to: now) }
    spend(.pacing, to: latest + held)
    spend(.host, to: now)
  }

  private mutating func spend(_ limit: Limit, to end: Int64) {
    guard end > latest else { return }
    sinceProgress[limit.rawValue] += end - latest
    if limit != drawn { changes.append(row: [latest, Int64(limit.rawValue)]) }
    (drawn, latest) = (limit, end)
  }

  mutating func ask(_ request: ShoalWire.Request, at now: Int64) {
    advance(to: now)
    tell(.asked(request), at: now)
  }

  mutating func cancel(_ cancel: Cancel, at now: Int64) {
    advance(to: now)
    tell(.cancelled(cancel), at: now)
  }

  private mutating func tell(_ news: News, at now: Int64) {
    pending.append((now + lag, news))
    advance(to: now)
  }

  /// Notes that something came from the receiver.
  mutating func hear() { heard += 1 }

  /// Takes a DATA packet of the flow, with or without content.
  mutating func send(_ blocks: [Block], _ length: Int, _ seen: Observation, isReceivers: Bool, at now: Int64) {
    advance(to: now)
    control?.send(length)
    for block in blocks { backlog.remove(block) }
    if progress == nil, !blocks.isEmpty { progress = now }
    sent += 1
    take(seen, at: now)
    if let sequence = seen.sequence { highest = max(highest, sequence) }
    if isReceivers, seen.isFresh, !blocks.isEmpty { getOn(isReceivers: true, at: now) }
  }

  /// Takes an ACK that concerns the flow.
  mutating func acknowledge(_ seen: Observation, isReceivers: Bool, at now: Int64) {
    advance(to: now)
    if !isReceivers, seen.acknowledgedPackets > 0 { getOn(isReceivers: false, at: now) }
    take(seen, at: now)
  }

  private mutating func take(_ seen: Observation, at now: Int64) {
    if let new = seen.windowEdge, new != told {
      told = new
      tell(.edge(new), at: now)
    }
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

  /// What held for most of the time. The packet that ended it has already been counted.
  private func reason(_ isReceivers: Bool, _ length: Int64) -> Reason {
    func mostly(_ limit: Limit) -> Bool { sinceProgress[limit.rawValue] > length / 2 }
    if !isReceivers, heard <= 1, inFlight != 0 { return .silence }
    if mostly(.requests) { return .notAsked }
    if mostly(.sender) { return .sender }
    if isReceivers { return sent <= 1 ? .nothingCame : .onlyRepeats }
    return mostly(.window) ? .window : .unacknowledged
  }
}
