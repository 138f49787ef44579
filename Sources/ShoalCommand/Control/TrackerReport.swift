import Shoal
import ShoalTerminal
import ShoalTracker
import ShoalWire

/// The state of a tracker, for people and for programs.
struct TrackerReport {
  let standing: TrackerStanding
  private var counters: RegistrarCounters { standing.counters }

  private var corrupt: Int { standing.corrupt }

  init(_ standing: TrackerStanding) { self.standing = standing }

  /// Why datagrams were not answered, and how many.
  var drops: [(reason: String, words: String, count: Int)] {
    [
      ("corrupt", "with a bad checksum", corrupt), ("no_request", "that are no requests", counters.ignored),
      ("too_many_of_host", "of hosts that send too many", counters.limited),
      ("no_cookie", "without a cookie, more than are answered", counters.unanswered),
      ("larger_than_request", "whose answer would be larger", counters.withheld),
      ("too_many", "too many at once", counters.overflowed + standing.notTaken),
    ]
  }

  /// The drops since an earlier report: `31 datagrams: 20 with a bad checksum, 11 of hosts that send too many`; nil if
  /// there were none.
  func words(ofDropsSince earlier: TrackerReport?) -> String? {
    let new = newDrops(since: earlier)
    let total = new.reduce(0) { $0 + $1.count }
    guard total > 0 else { return nil }
    return "\(counted(total, "datagram")): "
      + new.map { "\(Units.grouped($0.count)) \($0.words)" }.joined(separator: ", ")
  }

  /// The same for programs.
  func object(ofDropsSince earlier: TrackerReport?) -> JSON {
    let new = newDrops(since: earlier)
    return [
      "event": "dropped", "datagrams": .int(new.reduce(0) { $0 + $1.count }),
      "reasons": .object(new.map { JSON.Member($0.reason, .int($0.count)) }),
    ]
  }

  private func newDrops(since earlier: TrackerReport?) -> [(reason: String, words: String, count: Int)] {
    zip(drops, earlier?.drops.map(\.count) ?? drops.map { _ in 0 })
      .map { ($0.reason, $0.words, $0.count - $1) }.filter { $0.2 > 0 }
  }

  private var requests: Int { counters.requests.values.reduce(0, +) }
  private var refused: Int { counters.errors.values.reduce(0, +) }

  // MARK: For people

  func lines(_ head: String, width: Int?, top: Bool) -> [String] {
    let limits = standing.limits
    var lines = [
      "\(head), \(counted(standing.files, "file")), \(counted(standing.registrations, "registration"))",
      "  used: \(Units.grouped(standing.registrations)) of \(Units.grouped(limits.registrations)) registrations, "
        + "\(Units.progress(UInt64(standing.mapBytes), of: UInt64(limits.mapBytes))) of chunk maps, "
        + "\(Units.progress(UInt64(standing.memory), of: UInt64(limits.memory))) of memory",
      "  \(counted(requests, "request"))" + list(counters.requests.map { ("\($0.key)", $0.value) }),
      "  \(Units.grouped(refused)) refused" + list(counters.errors.map { ("\($0.key)", $0.value) }),
    ]
    let times = counters.times
    if let median = times.quantile(0.5), let slow = times.quantile(0.99) {
      lines.append(
        "  answered within \(time(median)) (half), \(time(slow)) (99%), \(time(times.longest)) (all)")
    }
    if let words = words(ofDropsSince: nil) { lines.append("  dropped: \(words)") }
    lines = lines.flatMap { wrapped($0, to: width ?? 10_000, hanging: 4) }
    if top { lines += tables(width) }
    return lines
  }

  private func list(_ counts: [(String, Int)]) -> String {
    guard !counts.isEmpty else { return "" }
    let sorted = counts.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    return ": " + sorted.map { "\($0.0) \(Units.grouped($0.1))" }.joined(separator: ", ")
  }

  private func time(_ duration: Int64) -> String {
    duration < 1_000_000 ? "\(duration / 1_000) us" : "\(Units.fixed(Double(duration) / 1e6, 1)) ms"
  }

  private func tables(_ width: Int?) -> [String] {
    var files = Table([.init("file", isVital: true), .init("id"), .init("peers", .right), .init("requests", .right)])
    for file in standing.busiestFiles {
      files.add([
        file.name.isEmpty ? "(no name)" : escaped(file.name), file.id?.short ?? "", Units.grouped(file.peers),
        Units.percent(file.share, decimals: 0),
      ])
    }
    var hosts = Table([.init("host", isVital: true), .init("requests", .right)])
    for host in standing.busiestHosts {
      hosts.add([host.host?.host ?? "", Units.percent(host.share, decimals: 0)])
    }
    return (standing.busiestFiles.isEmpty ? [] : files.lines(width: width))
      + (standing.busiestHosts.isEmpty ? [] : hosts.lines(width: width))
  }

  // MARK: For programs

  /// An object of what is known of the process, and if `top`, one for each busy file and host.
  func objects(_ process: Int, _ command: String, _ listen: String, seconds: Double, top: Bool) -> [JSON] {
    let times = counters.times
    let object: JSON = [
      "event": "process", "process": .int(process), "command": .string(command), "listen": .string(listen),
      "seconds": .double(seconds), "files": .int(standing.files), "registrations": .int(standing.registrations),
      "registration_limit": .int(standing.limits.registrations), "map_bytes": .int(standing.mapBytes),
      "memory": .int(standing.memory), "memory_limit": .int(standing.limits.memory), "requests": .int(requests),
      "types": self.counts(counters.requests.map { ("\($0.key)", $0.value) }), "refused": .int(refused),
      "refusals": self.counts(counters.errors.map { ("\($0.key)", $0.value) }), "corrupt": .int(corrupt),
      "dropped": .object(drops.map { JSON.Member($0.reason, .int($0.count)) }),
      "answer_median": self.seconds(times.quantile(0.5)), "answer_p99": self.seconds(times.quantile(0.99)),
      "answer_longest": self.seconds(times.count == 0 ? nil : times.longest),
    ]
    return [object] + (top ? (standing.busiestFiles + standing.busiestHosts).map { busy($0, process) } : [])
  }

  private func counts(_ counts: [(String, Int)]) -> JSON {
    .object(counts.sorted { $0.0 < $1.0 }.map { JSON.Member($0.0, .int($0.1)) })
  }

  private func seconds(_ duration: Int64?) -> JSON { duration.map { .double(Double($0) / 1e9) } ?? .null }

  private func busy(_ share: TrafficShare, _ process: Int) -> JSON {
    [
      "event": "busy", "process": .int(process), "host": share.host.map { .string($0.host) } ?? .null,
      "id": share.id.map { .string($0.hex) } ?? .null, "name": .string(share.name), "peers": .int(share.peers),
      "share": .double(share.share),
    ]
  }
}
