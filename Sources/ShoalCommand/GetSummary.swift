import Shoal
import ShoalContent
import ShoalTerminal
import ShoalWire

/// The summary of a finished download.
struct GetSummary {
  let progress: DownloadProgress
  private let counts: PeerStatistics

  /// Whether it went to standard output.
  private let isStream: Bool

  init(_ progress: DownloadProgress, _ counts: PeerStatistics, isStream: Bool = false) {
    (self.progress, self.counts, self.isStream) = (progress, counts, isStream)
  }

  /// Whether nothing was kept.
  var isDiscarded: Bool { progress.path == nil }

  /// Bytes fetched in this run.
  private var fetched: UInt64 { progress.wasThere ? 0 : progress.bytes - min(progress.resumed, progress.bytes) }

  private var seconds: Double { progress.elapsed.inSeconds }
  private var name: String { progress.name ?? "" }

  /// Bytes fetched per second.
  private var goodput: Double { seconds > 0 ? Double(fetched) / seconds : 0 }

  /// The bytes that each peer sent, in descending order.
  private var sources: [(address: Address, bytes: UInt64)] {
    progress.from.filter { $0.value > 0 }.map { (address: $0.key, bytes: $0.value) }
      .sorted { ($0.bytes, "\($1.address)") > ($1.bytes, "\($0.address)") }
  }

  // MARK: Text

  /// The lines for standard error; the path goes to standard output.
  var lines: [String] {
    if progress.wasThere { return ["\(escaped(name)): \(files)here already, BLAKE3 verified"] }
    return [headline] + crowd + trouble
  }

  private var headline: String {
    let part = progress.resumed > 0 ? ", \(Units.total(fetched)) of them now," : ""
    let rate = goodput > 0 ? ", \(Units.rate(goodput)) (\(Units.bitRate(goodput)))" : ""
    let whole = "\(files)\(Units.total(progress.bytes))\(part) in \(Units.duration(seconds))"
    let title = name.isEmpty ? progress.id.short : escaped(name)
    return "\(title): \(whole)\(rate), BLAKE3 verified\(isDiscarded && !isStream ? ", discarded" : "")"
  }

  /// How many files a folder has.
  private var files: String { progress.files.map { counted($0, "file") + ", " } ?? "" }

  /// A list of many peers, three to a line.
  private var crowd: [String] {
    let entries = sources.prefix(9).map { "\($0.address)  \(Units.total($0.bytes))" }
    var lines = stride(from: 0, to: entries.count, by: 3).map { first in
      "  " + entries[first..<min(first + 3, entries.count)].joined(separator: "   ")
    }
    if sources.count > 9 {
      let rest = sources.dropFirst(9)
      lines.append("  \(counted(rest.count, "other"))  \(Units.total(rest.reduce(0) { $0 + $1.bytes }))")
    }
    return lines
  }

  private var trouble: [String] {
    guard counts.receivedRetransmitted > 0 || counts.corrupt > 0 || counts.duplicate > 0 else { return [] }
    let share = Units.percent(UInt64(counts.receivedRetransmitted), of: UInt64(counts.received))
    let repeats =
      "\(counted(counts.receivedRetransmitted, "repeat"))\(counts.receivedRetransmitted > 0 ? " (\(share))" : "")"
    return ["  \(repeats), \(Units.grouped(counts.corrupt)) corrupt, \(Units.grouped(counts.duplicate)) duplicate"]
  }

  /// The path for standard output, where scripts read it: unchanged, unless it has characters that would affect a
  /// terminal.
  var pathLine: String {
    let path = progress.path ?? ""
    return path.unicodeScalars.contains(where: canDeceive) ? harmless(path) : path
  }

  /// The exact counts, for --verbose.
  var exactCounts: String {
    let sent = "\(Units.grouped(counts.sent)) datagrams sent (\(Units.grouped(counts.bytesSent)) bytes)"
    let received = "\(Units.grouped(counts.received)) received (\(Units.grouped(counts.bytesReceived)) bytes)"
    let refused =
      counts.refused > 0
      ? "; \(Units.grouped(counts.refused)) not sent by the system: \(commandWords(counts.lastRefusal ?? ""))" : ""
    return "  \(sent), \(received); of those sent \(Units.grouped(counts.retransmitted)) repeats, "
      + "\(Units.grouped(counts.lost)) lost\(refused)"
  }

  // MARK: JSON

  var json: JSON {
    [
      "event": "done", "id": .string(progress.id.hex), "name": .string(name),
      "path": progress.path.map { .string($0) } ?? .null,
      "bytes": .uint(progress.bytes), "seconds": .double(seconds), "goodput": .double(goodput),
      "chunks": .int(progress.totalChunks ?? 0), "datagrams": counts.json,
      "peers": .array(sources.map { ["address": .string("\($0.address)"), "bytes": .uint($0.bytes)] }),
      "resumed": .uint(progress.resumed), "files": progress.files.map { .int($0) } ?? .null,
    ]
  }
}

extension PeerStatistics {
  /// The object `datagrams`.
  var json: JSON {
    [
      "sent": .int(sent), "received": .int(received), "retransmitted": .int(retransmitted), "lost": .int(lost),
      "corrupt": .int(corrupt), "duplicate": .int(duplicate), "repeats": .int(receivedRetransmitted),
      "refused": .int(refused),
    ]
  }
}
