/// How fast a count grows: averaged over three seconds for display, over fifteen to predict the end.
package struct RateMeter: Sendable {
  private var last: (count: UInt64, time: Double)?
  private var startedAt = 0.0
  private var grewAt = 0.0
  private var recent = Average(constant: 3)
  private var steady = Average(constant: 15)

  /// Nothing counted yet.
  package init() {}

  /// The count at a time in seconds; the first one is where growth is measured from.
  package mutating func add(_ count: UInt64, at now: Double) {
    guard let last else {
      (last, startedAt, grewAt) = ((count, now), now, now)
      return
    }
    guard now > last.time else { return }
    let gained = count > last.count ? Double(count - last.count) : 0
    if gained > 0 { grewAt = now }
    recent.add(gained, over: now - last.time)
    steady.add(gained, over: now - last.time)
    self.last = (count, now)
  }

  /// Whether there was no growth for three seconds: the past average then says nothing about the future.
  package var isStalled: Bool { last.map { $0.time - grewAt >= 3 } ?? false }

  /// The growth in a second; none in a stall.
  package var rate: Double { isStalled ? 0 : recent.value }

  /// Seconds until this much more; nil while that cannot be known, as in the first three seconds and in a stall.
  package func remaining(_ rest: UInt64) -> Double? {
    guard let last, last.time - startedAt >= 3, !isStalled, steady.value > 0 else { return nil }
    return Double(rest) / steady.value
  }
}

/// The average of a rate over time, the older the less: after `constant` seconds, e times less.
private struct Average: Sendable {
  private let constant: Double
  private var sum = 0.0
  private var weight = 0.0

  init(constant: Double) { self.constant = constant }

  /// Divided by the weight so far, or it would start near zero.
  var value: Double { weight > 0 ? sum / weight : 0 }

  mutating func add(_ amount: Double, over time: Double) {
    // 1 - exp(-x), its series cut short so that no library of functions is needed.
    let x = time / constant
    let growth = x * (1 + x / 2 * (1 + x / 3))
    let share = growth / (1 + growth)
    sum += (amount / time - sum) * share
    weight += (1 - weight) * share
  }
}
