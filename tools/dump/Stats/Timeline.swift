/// What happened in each second or, if that makes more than `most` rows, in each span of as few seconds as possible.
struct Timeline {
  struct Row {
    var datagrams: UInt64 = 0
    var bytes: UInt64 = 0
    var freshBytes: UInt64 = 0
    var resent: UInt64 = 0
    var corrupt: UInt64 = 0
    /// Bytes; nil if nothing shows it.
    var mostInFlight: Int?
    var roundTrips = (sum: UInt64(0), count: UInt64(0))

    mutating func add(_ other: Row) {
      datagrams += other.datagrams
      bytes += other.bytes
      freshBytes += other.freshBytes
      resent += other.resent
      corrupt += other.corrupt
      if let most = other.mostInFlight { mostInFlight = max(mostInFlight ?? 0, most) }
      roundTrips.sum &+= other.roundTrips.sum
      roundTrips.count += other.roundTrips.count
    }
  }

  private static let most = 3_600
  /// The seconds per row.
  private(set) var step: UInt64 = 1
  private(set) var rows: [Row] = []
  private var origin: UInt64?

  mutating func add(_ datagram: Datagram, _ seen: Observation) {
    guard let time = datagram.time else { return }
    let start = origin ?? time
    origin = start
    let second = (time > start ? time - start : 0) / 1_000_000_000
    while second / step >= UInt64(Self.most) { halve() }
    let index = Int(second / step)
    while rows.count <= index { rows.append(Row()) }
    rows[index].datagrams += 1
    rows[index].bytes += UInt64(datagram.length)
    if seen.isFresh { rows[index].freshBytes += UInt64(seen.content) }
    if seen.marks.contains(.resent) { rows[index].resent += 1 }
    if datagram.isCorrupt { rows[index].corrupt += 1 }
    if let inFlight = seen.inFlight { rows[index].mostInFlight = max(rows[index].mostInFlight ?? 0, inFlight) }
    if let sample = seen.roundTrip {
      rows[index].roundTrips.sum &+= sample
      rows[index].roundTrips.count += 1
    }
  }

  /// The same timeline in at most this many rows.
  func reduced(to most: Int) -> Timeline {
    var result = self
    while result.rows.count > most { result.halve() }
    return result
  }

  private mutating func halve() {
    step *= 2
    for index in 0..<(rows.count + 1) / 2 {
      var row = rows[index * 2]
      if index * 2 + 1 < rows.count { row.add(rows[index * 2 + 1]) }
      rows[index] = row
    }
    rows.removeLast(rows.count / 2)
  }
}
