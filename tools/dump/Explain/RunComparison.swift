import ShoalTerminal

/// What differs between two runs, and which differences mattered: those whose cause took another time.
struct RunComparison {
  let before: Explanation
  let after: Explanation

  /// A circumstance, as text before and after, with the causes through which it can matter.
  struct Circumstance {
    var name: String
    var before: String
    var after: String
    var causes: [Cause]
    var differs: Bool { before != after }
  }

  /// A difference below this share of the longer run is no difference.
  static let least = 0.02

  /// The seconds of each cause before and after, those that changed most first.
  var changes: [(cause: Cause, before: Double, after: Double)] {
    let (old, new) = (seconds(before), seconds(after))
    return Cause.allCases.map { ($0, old[$0.rawValue], new[$0.rawValue]) }.filter { $0.1 > 0 || $0.2 > 0 }
      .sorted { abs($0.2 - $0.1) > abs($1.2 - $1.1) }
  }

  private func seconds(_ one: Explanation) -> [Double] {
    one.causes.sums.reduce(into: [Double](repeating: 0, count: Cause.allCases.count)) {
      $0[$1.cause.rawValue] = $1.seconds
    }
  }

  /// How many seconds these causes took more afterwards.
  private func change(_ causes: [Cause]) -> Double {
    changes.filter { causes.contains($0.cause) }.reduce(0) { $0 + $1.after - $1.before }
  }

  private var threshold: Double { Self.least * max(before.causes.duration, after.causes.duration) }

  /// Whether a circumstance mattered, if it differs; and the seconds that its causes took more.
  func effect(_ circumstance: Circumstance) -> (mattered: Bool, seconds: Double) {
    let seconds = change(circumstance.causes)
    return (abs(seconds) >= threshold, seconds)
  }

  /// The circumstances that differ by more than chance makes them.
  var circumstances: [Circumstance] {
    func text(_ value: Double?, _ unit: (Double) -> String) -> String { value.map(unit) ?? "?" }
    func both(_ name: String, _ causes: [Cause], _ value: (Explanation) -> String) -> Circumstance {
      Circumstance(name: name, before: value(before), after: value(after), causes: causes)
    }
    var all = [
      both("window", [.window]) { $0.flow.window.map { "\(Units.grouped($0)) packets" } ?? "?" },
      both("repeat mode", [.loss]) { $0.flow.arq.map { "\($0)" } ?? "?" },
      both("size", [.path, .window, .requests, .receiver, .application, .returnPath]) {
        Units.total($0.counters.freshBytes)
      },
    ]
    if differ(before.roundTrip, after.roundTrip) {
      all.append(
        both("round trip", [.startUp, .window, .loss]) { text($0.roundTrip) { "\(Units.fixed($0 * 1e3, 1)) ms" } })
    }
    if differ(before.causes.lineRate, after.causes.lineRate) {
      all.append(both("rate as measured", [.path]) { text($0.causes.lineRate, Units.rate) })
    }
    if abs(before.repeats - after.repeats) > 0.005 {
      all.append(both("sent again", [.loss, .path]) { Units.percent($0.repeats, decimals: 1) })
    }
    return all.filter(\.differs)
  }

  private func differ(_ a: Double?, _ b: Double?) -> Bool {
    guard let a, let b else { return a != nil || b != nil }
    return abs(a - b) > 0.1 * max(a, b)
  }

  // MARK: Telling

  var lines: [String] {
    func seconds(_ value: Double) -> String { Units.fixed(value, 3) }
    func signed(_ value: Double) -> String { (value > 0 ? "+" : "") + seconds(value) }
    let difference = after.causes.duration - before.causes.duration
    var lines = [
      "before: \(before.headline)", "after:  \(after.headline)",
      "It took \(seconds(abs(difference))) s \(difference < 0 ? "less" : "more") afterwards.", "",
    ]
    var table = Table([
      .init("limited by"), .init("before s", .right), .init("after s", .right), .init("difference s", .right),
    ])
    for (cause, old, new) in changes { table.add([cause.label, seconds(old), seconds(new), signed(new - old)]) }
    lines += table.lines
    let circumstances = circumstances
    guard !circumstances.isEmpty else { return lines + ["", "Nothing else differs that the captures show."] }
    var other = Table([.init("differs"), .init("before"), .init("after"), .init("did it matter?")])
    for one in circumstances {
      let (mattered, change) = effect(one)
      let words = mattered ? "yes: \(one.causes.map(\.label).joined(separator: ", ")) took \(signed(change)) s" : "no"
      other.add([one.name, one.before, one.after, words])
    }
    return lines + [""] + other.lines
  }

  var json: JSON {
    [
      "event": "comparison", "seconds_before": .double(before.causes.duration),
      "seconds_after": .double(after.causes.duration),
      "causes": .array(
        changes.map { cause, old, new in
          ["cause": .string(cause.name), "before": .double(old), "after": .double(new)]
        }),
      "circumstances": .array(
        circumstances.map { one in
          let (mattered, change) = effect(one)
          return [
            "name": .string(one.name), "before": .string(one.before), "after": .string(one.after),
            "mattered": .bool(mattered), "seconds": .double(change),
          ]
        }),
    ]
  }
}

extension Explanation {
  /// The share of DATA packets that were sent again.
  var repeats: Double { Double(counters.resent) / Double(max(counters.dataPackets, 1)) }
}
