/// The share of packets that the path loses whatever is sent.
///
/// It is measured on packets that met no queue and did not probe, whose loss cannot be of our making, so raising the
/// pace by it does not feed it. Packets that left more slowly than the path could carry guard it: losses that do not
/// occur among them were not random.
struct RandomLoss {
  private var all = Tally()
  private var slow = Tally()
  /// Between 0 and a half: whoever loses more gains nothing by sending more.
  var share: Double { min(measured, limit) }
  private var measured = 0.0
  /// The most that it can be, as known from elsewhere.
  var limit = 1.0
  /// How many packets are lost in a row on average, at least 1.
  private var run = 1.0
  private var runs = Tally()
  /// The share of packets that met a queue although they did not probe, smoothed.
  private var crowd = 0.0

  private struct Tally {
    var packets = 0.0
    var lost = 0.0

    /// Adds to it; what was there before fades as soon as there is more than `most`.
    mutating func add(_ more: Int, of count: Int, most: Double) {
      packets += Double(count)
      lost += Double(more)
      guard packets > most else { return }
      lost *= most / packets
      packets = most
    }
  }

  /// Adds a round; packets that probed count too if `includingProbes`.
  mutating func add(_ tally: LossTally, includingProbes: Bool) {
    if tally.unhurried > 0 { crowd += (tally.crowd - crowd) / 8 }
    guard crowd < 0.5 else { return disbelieve() }
    // 1,500 packets are enough to know it, and few enough to follow it.
    let probing = includingProbes ? tally.probing : LossTally.Class()
    all.add(
      tally.steady.lost + tally.slow.lost + probing.lost,
      of: tally.steady.packets + tally.slow.packets + probing.packets, most: 1_500)
    slow.add(tally.slow.lost, of: tally.slow.packets, most: 400)
    if tally.queued.lost == 0 { runs.add(tally.runs, of: tally.lost, most: 300) }
    run = max((runs.packets + 5) / (runs.lost + 5), 1)
    measured = min(all.lost / (all.packets + 20), 0.5)
    guard slow.packets >= 40 else { return }
    let rate = slow.lost / slow.packets
    let deviation = (3 * max(rate, 0.005) * (1 - rate) / slow.packets).squareRoot()
    measured = min(measured, rate + 2 * deviation)
  }

  /// The most of `count` packets that it takes, in all but a few of a hundred rounds: losses that occur singly scatter
  /// like dice; losses in runs scatter more.
  func most(of count: Double) -> Double {
    share * count + 2 * (1.5 * run * share * (1 - share) * count).squareRoot()
  }

  /// The same where nothing but these losses shows congestion: the estimate scatters too, the more the fewer packets it
  /// rests on.
  func mostAlone(of count: Double) -> Double {
    let likely = max(share, min((all.lost + 1) / (all.packets + 2), 0.5))
    return share * count
      + 2 * (1.5 * run * likely * (1 - likely) * count * (1 + count / max(all.packets, 20))).squareRoot()
  }

  /// Lowers the estimate, because congestion was found, which is hard to distinguish from random loss. Also forgets
  /// most of what the estimate rests on, so that loss that is random after all is soon measured again.
  mutating func doubt() {
    all.packets *= 0.3
    all.lost *= 0.3 * 0.7
    measured *= 0.7
  }

  /// Lowers the estimate, because a queue stands that others fill too: those that met less of it did not meet none.
  private mutating func disbelieve() {
    all.packets *= 0.8
    all.lost *= 0.8 * 0.8
    measured *= 0.8
  }

  /// Forgets earlier losses at a slow pace: the path has changed, and they say nothing about the new one.
  mutating func forgetSlow() { slow = Tally() }
}
