/// The keys of a link specification, in their canonical order.
enum LinkKey: String, CaseIterable, Hashable {
  case loss, burst, corrupt, delay, jitter, reorder, duplicate, rate, trace, queue, mtu, outage, seed

  /// What the value measures.
  var dimension: Dimension {
    switch self {
    case .loss, .corrupt, .reorder, .duplicate: .share
    case .delay, .jitter, .outage: .time
    case .rate: .rate
    case .queue: .size
    case .burst: .factor
    case .mtu, .seed, .trace: .count
    }
  }

  /// The least and the greatest value, in the base unit of the dimension.
  var range: ClosedRange<Int64> {
    switch self {
    case .loss, .corrupt, .reorder, .duplicate: 0...1_000_000_000
    case .delay, .jitter: 0...600_000_000_000
    case .outage: 1_000_000...86_400_000_000_000
    case .rate: 1...1_000_000_000_000
    case .queue: 0...1_000_000_000
    case .burst: 1_000...10_000_000
    case .mtu: 576...65_535
    case .seed, .trace: 0...Int64.max
    }
  }

  /// The word that stands for no value, for a direction that has none beside one that has.
  var absent: String? {
    switch self {
    case .rate, .mtu, .burst: "none"
    case .queue: "auto"
    default: nil
    }
  }

  /// The key most like `word`: one that begins with it, or else the nearest of those at most two edits away.
  static func nearest(to word: Substring) -> LinkKey? {
    let word = word.lowercased()
    guard word.utf8.count <= 16 else { return nil }
    if word.utf8.count >= 2, let key = allCases.first(where: { $0.rawValue.hasPrefix(word) }) { return key }
    var best: (key: LinkKey, distance: Int)?
    for key in allCases {
      let distance = editDistance(Array(word.utf8), Array(key.rawValue.utf8))
      if distance <= 2, distance < (best?.distance ?? .max) { best = (key, distance) }
    }
    return best?.key
  }

  /// How many bytes to insert, delete or replace to make `a` into `b` (Levenshtein).
  private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for i in a.indices {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
      }
    }
    return row[b.count]
  }
}
