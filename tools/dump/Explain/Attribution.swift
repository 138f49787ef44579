/// Says what limited a transfer at each moment, from all that a capture shows of it.
///
/// A moment is judged by the round trip around it. What is certain comes first: a queue that stands before the slowest
/// line, a full window, nothing left that was requested. For the rest, the rate is compared with the line's: it is lower
/// while it grows at first, after losses, and while acknowledgements return slowly.
struct Attribution {
  /// What limited it, from when until when, in order and without gaps.
  private(set) var spans: [CauseSpan] = []
  /// The rate of the slowest line in bytes of UDP payload per second, as far as it could be measured.
  private(set) var lineRate: Double?
  /// Whether any report told how far the receiver had verified what arrived.
  let hasReports: Bool

  private let evidence: FlowEvidence
  private let series: EvidenceSeries
  private let roundTrip: Int64
  private let half: Int64
  private let isDivided: Bool

  /// A line that carries this share of its rate is full.
  private static let full = 0.85
  /// The least time without any sign of the other end that counts as an outage: in microseconds, and in round trips.
  private static let leastOutage: Int64 = 250_000
  private static let outageTrips: Int64 = 3

  /// `roundTrip` is the least that was seen, in microseconds; 0: not known.
  init?(_ evidence: FlowEvidence, roundTrip: Int64) {
    guard let first = evidence.firstContent, let last = evidence.lastArrival, last >= first, !evidence.bins.bins.isEmpty
    else { return nil }
    self.evidence = evidence
    self.roundTrip = roundTrip
    half = max(roundTrip / 2, 10_000)
    series = EvidenceSeries(evidence, half: half)
    isDivided = evidence.limits.isDivided
    hasReports = !evidence.reports.isEmpty
    lineRate = evidence.isReceivers ? evidence.spacing.rate : nil
    lineRate = lineRate ?? series.highestRate
    judge(from: first, to: last)
  }

  /// The seconds of each cause, the longest first.
  var sums: [(cause: Cause, seconds: Double)] {
    var sums = [Int64](repeating: 0, count: Cause.allCases.count)
    for span in spans { sums[span.cause.rawValue] += span.end - span.start }
    return Cause.allCases.map { ($0, Double(sums[$0.rawValue]) / 1e6) }.filter { $0.seconds > 0 }
      .sorted { $0.seconds > $1.seconds }
  }

  /// How long the transfer took, in seconds.
  var duration: Double { spans.reduce(0) { $0 + Double($1.end - $1.start) / 1e6 } }

  private mutating func add(_ cause: Cause, from start: Int64, to end: Int64) {
    guard end > start else { return }
    if let last = spans.last, last.cause == cause, last.end == start {
      spans[spans.count - 1].end = end
    } else {
      spans.append(CauseSpan(start: start, end: end, cause: cause))
    }
  }

  private mutating func judge(from first: Int64, to last: Int64) {
    let begin = min(evidence.opened ?? first, first)
    let judge = Judge(self)
    // What arrives first was on its way for half a round trip.
    let left = max(first - (evidence.isReceivers ? roundTrip / 2 : 0), begin)
    add(.startUp, from: begin, to: left)
    add(judge.cause(at: first), from: left, to: first)
    let outages = outages
    // The judgement changes no faster than over a part of a round trip.
    let step = max(series.width, half / 16)
    var time = first
    var place = 0
    while time < last {
      let next = min(time - time % step + step, last)
      while place < outages.count, outages[place].end <= time { place += 1 }
      let isOut = place < outages.count && outages[place].start <= time
      add(isOut ? .outage : judge.cause(at: (time + next) / 2), from: time, to: next)
      time = next
    }
    // The receiver reports when it has verified and written everything.
    if let report = evidence.reports.last, report.time > last + max(roundTrip, 5_000) {
      add(.receiver, from: last, to: report.time)
    }
  }

  /// When nothing came from the other end for long although something was due, and what had been sent was lost.
  private var outages: [CauseSpan] {
    let least = max(Self.outageTrips * roundTrip, Self.leastOutage)
    var spans: [CauseSpan] = []
    var heard: Int64?
    for place in series.bins.indices where series.bins[place].heard > 0 {
      let time = series.time(of: place)
      defer { heard = time + series.width }
      guard let start = heard, time - start >= least else { continue }
      let until = time + 3 * roundTrip + half
      if series.hasLosses(from: start, to: until) { spans.append(CauseSpan(start: start, end: time, cause: .outage)) }
    }
    return spans
  }

  /// Judges single moments.
  private struct Judge {
    private let evidence: FlowEvidence
    private let series: EvidenceSeries
    private let roundTrip: Int64
    private let half: Int64
    /// The same for rates, as packets leave in bursts.
    private let wide: Int64
    private let lineRate: Double
    private let knowsLine: Bool
    private let isDivided: Bool
    private let isReceivers: Bool
    /// A queue shorter than this, in microseconds, says nothing: packets leave in bursts.
    private let queue: Int64
    private let queues: [Int32]
    private let lastFresh: Int64
    private let repeatsAtTheEnd: Bool
    /// When the rate first came near the line's, or something else first held it back.
    private var startEnds = Int64.max

    init(_ whole: Attribution) {
      evidence = whole.evidence
      series = whole.series
      (roundTrip, half, isDivided) = (whole.roundTrip, whole.half, whole.isDivided)
      isReceivers = evidence.isReceivers
      wide = isReceivers ? half : max(half, 20_000, Int64(24_000 / max(whole.lineRate ?? 1, 1) * 1e6))
      lineRate = max(whole.lineRate ?? 1, 1)
      knowsLine = evidence.isReceivers && evidence.spacing.rate != nil
      queue = max(roundTrip / 20, 1_000, Int64(6_000 / lineRate * 1e6))
      queues = series.queues(longerThan: queue)
      lastFresh = evidence.lastFresh ?? Int64.max - 1
      repeatsAtTheEnd = series.lost(from: lastFresh &+ 1, to: .max) > 0
      startEnds = endOfStart
    }

    func cause(at time: Int64) -> Cause {
      if time >= lastFresh { return !repeatsAtTheEnd || stands(at: time) ? .path : .loss }
      let shares = series.shares(from: time - half, to: time + half)
      let use = series.rate(from: time - wide, to: time + wide) / lineRate
      // A burst of what little was requested queues too, but not for long.
      let enough = shares[.requests] < 0.3 ? 0.75 : 0.9
      if use >= enough, stands(at: time), !isBack(at: time) { return .path }
      if knowsLine, use >= Attribution.full { return .path }
      // Congestion control slows to the pace that a full window allows; the window is then full only part of the time.
      if shares[.window] > 0.05 { return .window }
      if shares[.requests] > 0.4 {
        if hasBacklog(at: time) { return .receiver }
        return backStands(at: time) ? .returnPath : .requests
      }
      if shares[.sender] + shares[.host] > 0.5 { return .application }
      return whenFree(at: time, use)
    }

    /// The cause where window and requests would have allowed more.
    private func whenFree(at time: Int64, _ use: Double) -> Cause {
      let isFull = use >= Attribution.full
      if isFull, series.isAny(of: queues, around: time, max(12 * roundTrip, 500_000)) { return .path }
      let isSlowBack = isBack(at: time) || backStands(at: time) || series.isThinned(around: time, 2 * half) && !isFull
      if isSlowBack, !isDivided { return .returnPath }
      if isStarting(at: time) { return .startUp }
      if isSlowBack { return .returnPath }
      if hasLost(around: time) { return .loss }
      if isDivided { return isFull ? .path : .control }
      return .unknown
    }

    /// Whether a queue stood before the line for a whole round trip.
    private func stands(at time: Int64) -> Bool {
      series.leastDelay(from: time - half, to: time + half).map { $0 > queue } ?? false
    }

    /// Whether the round trip has grown on the way back, as far as anything shows it.
    private func isBack(at time: Int64) -> Bool {
      series.growth(around: time).map { $0.back > max($0.there, queue, 5_000) } ?? false
    }

    private func backStands(at time: Int64) -> Bool {
      series.leastBackDelay(from: time - 2 * half, to: time + 2 * half).map { $0 > max(queue, 5_000) } ?? false
    }

    private func hasLost(around time: Int64) -> Bool {
      isReceivers
        ? series.lost(from: time - roundTrip, to: time + 2 * roundTrip + half) > 0
        : series.lost(from: time - roundTrip - half, to: time + roundTrip + half) > 0
    }

    /// Whether much of what had arrived was not verified when the receiver last said so.
    private func hasBacklog(at time: Int64) -> Bool {
      let after = evidence.reports.firstPlace { $0.time >= time }
      let around = [after - 1, after].filter(evidence.reports.indices.contains).map { evidence.reports[$0] }
      guard let near = around.min(by: { abs($0.time - time) < abs($1.time - time) }),
        near.arrived > Double(near.verified)
      else { return false }
      return near.arrived - Double(near.verified) > Double(2 * max(evidence.pieceSize, 64 << 10))
    }

    private func isStarting(at time: Int64) -> Bool {
      guard isDivided, !evidence.states.isEmpty else { return time < startEnds }
      let next = evidence.states.firstPlace { $0.time > time + half / 4 }
      let state = next > 0 ? evidence.states[next - 1].name : "startup"
      return ["startup", "slow_start", "css"].contains(state)
    }

    private var endOfStart: Int64 {
      guard let first = evidence.firstContent, let last = evidence.lastArrival else { return 0 }
      var time = first
      var best = (rate: 0.0, time: first)
      while time < last {
        let rate = series.rate(from: time - wide, to: time + wide)
        if rate > 1.25 * best.rate { best = (rate, time) }
        // A rate that has not grown for some round trips has stopped growing.
        if time - best.time > max(4 * roundTrip, 2 * wide) { return best.time + roundTrip }
        let shares = series.shares(from: time - half, to: time + half)
        if shares[.window] > 0.5 || shares[.requests] > 0.5 && time > first + 3 * roundTrip { return time }
        if rate >= Attribution.full * lineRate { return time }
        if stands(at: time) || series.lost(from: first, to: time) > 2 { return time }
        time += max(series.width, half / 8)
      }
      return last
    }
  }
}

extension Array {
  /// The first place from which on a condition holds, of elements that are in order.
  fileprivate func firstPlace(where holds: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
