/// The evidence of a flow, summed up so that any span of time can be looked up.
struct EvidenceSeries {
  let bins: [EvidenceBins.Bin]
  let width: Int64
  private let start: Int64
  private var arrived: [Int64] = [0]
  private var sent: [Int64] = [0]
  private var losses: [Int64] = [0]
  private var backLosses: [Int64] = [0]
  private var packets: [Int64] = [0]
  private var thinned: [Int64] = [0]
  /// For each limit, the microseconds that it held up to a bin.
  private var held: [[Int64]]
  private var delays: [Int64?] = []
  private var backDelays: [Int64?] = []
  private var (delaySums, backDelaySums) = (Sums([]), Sums([]))
  private let isReceivers: Bool
  private var loss = 0.0
  private let half: Int64

  init(_ evidence: FlowEvidence, half: Int64) {
    bins = evidence.bins.bins
    (width, start) = (evidence.bins.width, evidence.bins.start ?? 0)
    self.half = half
    held = FlowLimits.Limit.allCases.map { _ in [0] }
    let least = bins.reduce(Int32?.none) { shoal_dump.least($0, $1.delay) }.map { Int64($0) } ?? 0
    let leastBack = bins.reduce(Int32?.none) { shoal_dump.least($0, $1.backDelay) }.map { Int64($0) } ?? 0
    isReceivers = evidence.isReceivers
    for (place, bin) in bins.enumerated() {
      arrived.append(arrived[place] + bin.arrived)
      sent.append(sent[place] + bin.sent)
      losses.append(losses[place] + Int64(bin.lost))
      backLosses.append(backLosses[place] + Int64(bin.backLost))
      packets.append(packets[place] + Int64(bin.packets))
      thinned.append(thinned[place] + (bin.isThinned ? 1 : 0))
      delays.append(bin.delay.map { Int64($0) - least })
      backDelays.append(bin.backDelay.map { Int64($0) - leastBack })
    }
    part()
    (delaySums, backDelaySums) = (Sums(delays), Sums(backDelays))
    loss = usualLoss
    let times = evidence.limits.changes["t"]
    let limits = evidence.limits.changes["limit"]
    fill(times, limits, until: evidence.limits.latestProgress)
  }

  /// Deducts from round trips what they have grown by in the one direction where that is known.
  private mutating func part() {
    let memory = Int(3_000_000 / width)
    var known: (place: Int, growth: Int64)?
    for place in bins.indices {
      if let growth = isReceivers ? delays[place] : backDelays[place] { known = (place, growth) }
      let growth = known.flatMap { place - $0.place <= memory ? $0.growth : nil } ?? 0
      if isReceivers {
        backDelays[place] = backDelays[place].map { max($0 - growth, 0) }
      } else {
        delays[place] = delays[place].map { $0 - growth }
      }
    }
  }

  private mutating func fill(_ times: [Int64], _ limits: [Int64], until end: Int64) {
    var spent = held.map { _ in [Int64](repeating: 0, count: bins.count) }
    for row in times.indices {
      var (time, until) = (times[row], row + 1 < times.count ? times[row + 1] : end)
      until = min(until, start + Int64(bins.count) * width)
      while time < until {
        let place = self.place(time)
        let next = min(self.time(of: place) + width, until)
        spent[Int(limits[row])][place] += next - time
        time = next
      }
    }
    for limit in held.indices {
      for place in bins.indices { held[limit].append(held[limit][place] + spent[limit][place]) }
    }
  }

  func time(of place: Int) -> Int64 { start + Int64(place) * width }
  private func place(_ time: Int64) -> Int { max(0, min(bins.count - 1, Int((time - start) / width))) }

  /// The bins from one time to another, at least one.
  private func range(_ from: Int64, _ to: Int64) -> Range<Int> {
    let low = place(max(from, start))
    let high = to >= time(of: bins.count) ? bins.count : max(low + 1, place(to) + 1)
    return low..<high
  }

  /// Whether anything was found lost, in either direction.
  func hasLosses(from: Int64, to: Int64) -> Bool {
    let range = range(from, to)
    return losses[range.upperBound] > losses[range.lowerBound]
      || backLosses[range.upperBound] > backLosses[range.lowerBound]
  }

  /// How many packets were found lost.
  func lost(from: Int64, to: Int64) -> Int64 {
    guard from < time(of: bins.count) else { return 0 }
    let range = range(from, to)
    return losses[range.upperBound] - losses[range.lowerBound]
  }

  /// What is sent in bytes per second or, at the receiver's end, what would have arrived without losses.
  func rate(from: Int64, to: Int64) -> Double {
    let range = range(from, to)
    guard !isReceivers else { return rate(range) }
    return Double(sent[range.upperBound] - sent[range.lowerBound]) / (Double(range.count) * Double(width)) * 1e6
  }

  private func rate(_ range: Range<Int>) -> Double {
    let bytes = Double(arrived[range.upperBound] - arrived[range.lowerBound])
    return bytes / (1 - loss) / (Double(range.count) * Double(width)) * 1e6
  }

  /// The median share of packets that were lost: what a full queue drops comes in bursts and never was on the line, but
  /// what is lost all the time probably was.
  private var usualLoss: Double {
    let step = step
    let shares = stride(from: 0, to: max(bins.count - step + 1, 1), by: step).compactMap { place -> Double? in
      let end = min(place + step, bins.count)
      let (kept, gone) = (packets[end] - packets[place], losses[end] - losses[place])
      return kept > 0 ? Double(gone) / Double(kept + gone) : nil
    }
    return shares.isEmpty ? 0 : min(shares.sorted()[shares.count / 2], 0.7)
  }

  /// How many bins make some round trips.
  private var step: Int { min(max(1, Int(max(8 * half, 160_000) / width)), max(bins.count / 8, 1)) }

  /// The rate above which a tenth of the bytes arrived, over some round trips each.
  var highestRate: Double? {
    let step = step
    var rates: [(rate: Double, bytes: Int64)] = []
    var place = 0
    while place + step <= bins.count {
      let range = place..<place + step
      rates.append((rate(range), arrived[range.upperBound] - arrived[range.lowerBound]))
      place += step
    }
    rates.sort { $0.rate > $1.rate }
    var rest = arrived[bins.count] / 10
    for (rate, bytes) in rates {
      rest -= bytes
      if rest <= 0, rate > 0 { return rate }
    }
    return nil
  }

  func isThinned(around time: Int64, _ span: Int64) -> Bool {
    let range = range(time - span, time + span)
    return thinned[range.upperBound] > thinned[range.lowerBound]
  }

  /// The least growth of the delay on the way to the receiver, in microseconds; nil if nothing showed it.
  func leastDelay(from: Int64, to: Int64) -> Int64? { least(delays, from, to) }

  /// The same for the way back.
  func leastBackDelay(from: Int64, to: Int64) -> Int64? { least(backDelays, from, to) }

  /// By how much packets took longer around a time, there and back: means over three seconds, in microseconds; nil if
  /// nothing shows it.
  func growth(around time: Int64) -> (there: Int64, back: Int64)? {
    let range = range(time - 1_500_000, time + 1_500_000)
    guard let there = delaySums.mean(range), let back = backDelaySums.mean(range) else { return nil }
    return (there, back)
  }

  private func least(_ delays: [Int64?], _ from: Int64, _ to: Int64) -> Int64? {
    delays[range(from, to)].reduce(nil) { least, delay in
      guard let delay else { return least }
      return min(least ?? delay, delay)
    }
  }

  /// Up to each bin, how many of them saw a queue longer than this, in microseconds.
  func queues(longerThan length: Int64) -> [Int32] {
    delays.reduce(into: [0]) { counts, delay in
      counts.append(counts[counts.count - 1] + (delay.map { $0 > length } ?? false ? 1 : 0))
    }
  }

  /// Whether any bin around a moment is among those counted.
  func isAny(of counts: [Int32], around time: Int64, _ span: Int64) -> Bool {
    let range = range(time - span, time + span)
    return counts[range.upperBound] > counts[range.lowerBound]
  }

  /// How much of a span each limit held.
  struct Shares {
    fileprivate var values: [Double]
    subscript(limit: FlowLimits.Limit) -> Double { values[limit.rawValue] }
  }

  func shares(from: Int64, to: Int64) -> Shares {
    let range = range(from, to)
    let sums = held.map { Double($0[range.upperBound] - $0[range.lowerBound]) }
    let all = max(sums.reduce(0, +), 1)
    return Shares(values: sums.map { $0 / all })
  }
}

/// Means over any range of numbers that may be missing.
private struct Sums {
  private var sums: [Int64] = [0]
  private var counts: [Int64] = [0]

  init(_ values: [Int64?]) {
    for value in values {
      sums.append(sums[sums.count - 1] &+ (value ?? 0))
      counts.append(counts[counts.count - 1] + (value == nil ? 0 : 1))
    }
  }

  func mean(_ range: Range<Int>) -> Int64? {
    let count = counts[range.upperBound] - counts[range.lowerBound]
    return count > 0 ? (sums[range.upperBound] &- sums[range.lowerBound]) / count : nil
  }
}
