import ShoalBase
import ShoalTransport

/// What limited a run at one moment, as its own state tells.
enum KnownLimit: String, CaseIterable {
  case startUp = "start_up"
  case path = "path_rate"
  case loss = "loss_recovery"
  case window
  case requests
  case receiver
  case returnPath = "return_path"
  case outage
  case application
  case control = "congestion_control"
}

extension KnownRun {
  /// For each sample, what limited the transfer then.
  ///
  /// A line that carried datagrams for nine tenths of the time, over a round trip around the moment, was the limit:
  /// nobody could have been faster. Otherwise it was what kept the sender from sending for most of that time.
  var limits: [KnownLimit] {
    let half = max(roundTrip / 2, 10 * .millisecond)
    let busy = Mean(samples, half) { $0.isBusy }
    let backBusy = Mean(samples, half) { $0.isBackBusy }
    let full = Mean(samples, half) { $0.isFull }
    let windowed = Mean(samples, half) { $0.hold == .window }
    let dry = Mean(samples, half) { $0.hold == .nothing }
    let held = Mean(samples, half) { $0.hold == .content }
    let lastUnsent = samples.lastIndex { $0.unsent > 0 } ?? 0
    let repeatedAtTheEnd = (samples.last?.retransmitted ?? 0) > samples[lastUnsent].retransmitted
    let outages = outages
    return samples.indices.map { i in
      let sample = samples[i]
      if outages[i] { return .outage }
      if sample.contentSent == 0 { return .startUp }
      if sample.accepted >= UInt64(plan.size) { return .receiver }
      if busy[i] >= 0.9 { return .path }
      if i > lastUnsent { return repeatedAtTheEnd ? .loss : .path }
      // Congestion control adapts its pace to a full window, which is full for only a part of the time then.
      if windowed[i] > 0.05 { return .window }
      if held[i] > 0.5 { return .application }
      if dry[i] > 0.5 {
        if full[i] > 0.5 { return .receiver }
        return backBusy[i] >= 0.9 ? .returnPath : .requests
      }
      if sample.phase == "startup" || sample.phase == "slow_start" || sample.phase == "css" { return .startUp }
      if backBusy[i] >= 0.9 { return .returnPath }
      return hasDropped(before: i, within: 2 * roundTrip + half) ? .loss : .control
    }
  }

  /// The samples while the line was down, and from then until something new arrived.
  private var outages: [Bool] {
    var (isOut, accepted) = (false, UInt64(0))
    return samples.map { sample in
      if sample.isDown {
        (isOut, accepted) = (true, sample.accepted)
      } else if sample.accepted > accepted {
        isOut = false
      }
      return isOut && sample.contentSent > 0
    }
  }

  private func hasDropped(before i: Int, within span: Nanoseconds) -> Bool {
    var first = i
    while first > 0, samples[i].time - samples[first].time < span { first -= 1 }
    return samples[i].dropped > samples[first].dropped
  }
}

/// For each sample, in what part of the time around it something held.
private struct Mean {
  private let shares: [Double]

  init(_ samples: [KnownRun.Sample], _ half: Nanoseconds, _ holds: (KnownRun.Sample) -> Bool) {
    var sums = [0]
    for sample in samples { sums.append(sums[sums.count - 1] + (holds(sample) ? 1 : 0)) }
    var (low, high) = (0, 0)
    shares = samples.map { sample in
      while samples[low].time < sample.time - half { low += 1 }
      while high < samples.count, samples[high].time <= sample.time + half { high += 1 }
      return Double(sums[high] - sums[low]) / Double(high - low)
    }
  }

  subscript(i: Int) -> Double { shares[i] }
}
