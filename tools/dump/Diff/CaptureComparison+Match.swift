extension CaptureComparison {
  /// The most pairs of damaged and missing datagrams that are compared.
  private static var mostGuesses: Int { 50_000_000 }

  /// Finds what was sent among what arrived; delays still mix the two clocks.
  static func match(_ sent: [Sightings.Sighting], _ arrived: [Sightings.Sighting]) -> PathReport {
    var report = PathReport()
    report.passages = sent.map { PathReport.Passage(sent: $0.time, delay: 0, fate: .lost) }
    var index = KeyIndex(sent.map(\.key))
    let known = Set(sent.map(\.key))
    var corrupt: [Int] = []
    var latest = -1
    for (place, arrival) in arrived.enumerated() {
      guard !arrival.isCorrupt else {
        corrupt.append(place)
        continue
      }
      guard let original = index.take(arrival.key) else {
        if known.contains(arrival.key) { report.duplicated += 1 } else { report.unmatched += 1 }
        continue
      }
      report.passages[original].fate = .delivered
      report.passages[original].delay = Int64(clamping: arrival.time) - Int64(clamping: report.passages[original].sent)
      report.passages[original].isReordered = original < latest
      latest = max(latest, original)
    }
    matchCorrupt(corrupt.map { arrived[$0] }, sent, &report)
    return report
  }

  /// Damage that spared connection and checksum leaves the key; otherwise it is the one of the same length that was
  /// sent last and did not arrive.
  private static func matchCorrupt(
    _ corrupt: [Sightings.Sighting], _ sent: [Sightings.Sighting], _ report: inout PathReport
  ) {
    guard !corrupt.isEmpty else { return }
    let lost = report.passages.indices.filter { report.passages[$0].fate == .lost }
    var index = KeyIndex(lost.map { sent[$0].key })
    var rest: [Sightings.Sighting] = []
    for arrival in corrupt {
      if let place = index.take(arrival.key) {
        settle(lost[place], arrival, &report)
      } else {
        rest.append(arrival)
      }
    }
    let delays = report.delays
    var open = lost.filter { report.passages[$0].fate == .lost }
    // Without a usual delay there is nothing to guess by, and if most is damaged a guess would be worth nothing.
    guard !rest.isEmpty, !delays.isEmpty, rest.count * open.count < mostGuesses else {
      report.unmatched += rest.count
      return
    }
    let usual = delays[delays.count / 2]
    for arrival in rest {
      let guess = Int64(clamping: arrival.time) &- usual
      let nearest = open.indices.filter { sent[open[$0]].length == arrival.length }.min {
        (Int64(clamping: sent[open[$0]].time) &- guess).magnitude
          < (Int64(clamping: sent[open[$1]].time) &- guess).magnitude
      }
      guard let nearest else {
        report.unmatched += 1
        continue
      }
      settle(open[nearest], arrival, &report)
      open.remove(at: nearest)
    }
  }

  private static func settle(_ place: Int, _ arrival: Sightings.Sighting, _ report: inout PathReport) {
    report.passages[place].fate = .corrupted
    report.passages[place].delay = Int64(clamping: arrival.time) - Int64(clamping: report.passages[place].sent)
  }

  /// A DATA packet is late if its sender had sent its number again by the time it arrived.
  static func findLate(_ report: inout PathReport, _ sent: [Sightings.Sighting]) {
    var last: [UInt64: Int] = [:]
    for (place, sighting) in sent.enumerated() where sighting.packet != 0 {
      if let earlier = last.updateValue(place, forKey: sighting.packet), report.passages[earlier].fate == .delivered {
        let arrival = Int64(clamping: report.passages[earlier].sent) &+ report.passages[earlier].delay
        if arrival > Int64(clamping: sighting.time) { report.passages[earlier].fate = .late }
      }
    }
  }
}
