import ShoalBase

/// The progress of a transfer, and the words for it: a pure function of the updates and their times.
///
/// Times are seconds on any monotonic clock. Update it several times a second even if nothing has changed: that is how
/// it notices a stall.
package struct ProgressState: Sendable {
  private let name: String
  private var phase: Phase?
  private var verified: UInt64 = 0
  private var accepted: UInt64 = 0
  private var total: UInt64 = 0
  private var peers = 0
  private var loss: Double?
  private var fraction = 0.0
  private var isFinished = false
  private var startedAt: Double?
  private var advancedAt = 0.0
  private var meter = RateMeter()
  /// The time of the latest update.
  private(set) var now = 0.0

  private struct Phase {
    let name: String
    let startedAt: Double
    var done: UInt64
    var whole: UInt64
  }

  /// A transfer of a file; its name is not trusted.
  package init(name: String) { self.name = name }

  /// Before the transfer: `finding peers`, `manifest` or `checking`, with a count where there is one.
  package mutating func show(phase name: String, done: UInt64 = 0, of whole: UInt64 = 0, at now: Double) {
    self.now = now
    phase = Phase(
      name: name, startedAt: phase?.name == name ? phase?.startedAt ?? now : now, done: done, whole: whole)
  }

  /// Updates it: bytes verified, including those resumed; payload bytes accepted from the network; peers in use; the
  /// fraction of datagrams that is lost, nil if unknown.
  package mutating func update(
    verified: UInt64, accepted: UInt64, of total: UInt64, peers: Int, loss: Double?, at now: Double
  ) {
    phase = nil
    if startedAt == nil {
      // Rates are measured from here on.
      (startedAt, advancedAt, self.accepted, self.verified) = (now, now, accepted, verified)
    }
    if accepted > self.accepted || verified > self.verified { advancedAt = now }
    self.now = now
    meter.add(accepted, at: now)
    (self.accepted, self.verified) = (accepted, max(verified, self.verified))
    (self.total, self.peers, self.loss) = (total, peers, loss)
    // 100 % is shown only once the file is in its place.
    if total > 0 { fraction = max(fraction, min(Double(verified) / Double(total), 0.999)) }
  }

  /// The file is verified, synced and renamed.
  package mutating func finish() { (isFinished, fraction, verified, phase) = (true, 1, total, nil) }

  // MARK: Parts of a line

  private var percent: String { Units.percent(fraction, decimals: 0) }

  /// The rate and the time left, or that the transfer is stalled.
  private var pace: [String] {
    let silent = now - advancedAt
    if silent >= 3, !isFinished { return ["stalled \(Units.remaining(silent.rounded(.down)))"] }
    let rate = Units.rate(meter.rate)
    guard total > verified, let rest = meter.remaining(total - verified) else { return [rate] }
    return [rate, "ETA \(Units.remaining(max(rest, 1)))"]
  }

  /// How much has arrived, padded to the width of the total.
  private var amount: String {
    let whole = displayWidth(Units.progress(total, of: total))
    return padded(Units.progress(verified, of: total), to: whole, right: true)
  }

  private var crowd: String { peers == 1 ? "1 peer" : "\(Units.grouped(peers)) peers" }
  private var losses: [String] { loss.map { ["loss \(Units.percent($0))"] } ?? [] }

  private func parts(of phase: Phase) -> [String] {
    if phase.whole > 0 {
      let share = Units.percent(phase.done, of: phase.whole, decimals: 0)
      return ["\(phase.name) \(share)", Units.progress(phase.done, of: phase.whole)]
    }
    let waited = (now - phase.startedAt).rounded(.down)
    return [waited >= 3 ? "\(phase.name) \(Units.remaining(waited))" : phase.name]
  }

  // MARK: Lines

  /// What deserves a line where none is redrawn: a phase, or another tenth of the file.
  struct Milestone: Equatable {
    let phase: String?
    let tenth: Int

    /// The transfer has begun; that says nothing about its rate yet.
    static let start = Milestone(phase: nil, tenth: 0)
  }

  var milestone: Milestone {
    let done = phase.map { $0.whole == 0 ? 0 : Double($0.done) / Double($0.whole) } ?? fraction
    return Milestone(phase: phase?.name, tenth: Int(done * 10))
  }

  func plainLine(unicode: Bool) -> String {
    let parts = phase.map(parts(of:)) ?? [percent, Units.bytes(verified)] + pace + [crowd] + losses
    return ([escaped(name, asciiOnly: !unicode)] + parts).joined(separator: " ")
  }

  /// The line for a terminal of this many columns; the last column stays free, or some terminals wrap.
  func liveLine(columns: Int, unicode: Bool) -> String {
    let name = escaped(name, asciiOnly: !unicode)
    let room = max(columns - 1, 1)
    var tail = ""
    // A long name is shortened first, as far as it can still be recognised; then parts are dropped, the least important
    // first.
    for dropped in 0...4 {
      tail = self.tail(dropping: dropped, unicode: unicode)
      if displayWidth(tail) + min(displayWidth(name), 16) <= room { break }
    }
    let line = elided(name, to: max(room - displayWidth(tail), 1), unicode: unicode) + tail
    return clipped(line, to: room)
  }

  /// Everything after the name; with `dropped` of the bar, the loss, the peers and the bytes left out, in that order.
  private func tail(dropping dropped: Int, unicode: Bool) -> String {
    if let phase { return parts(of: phase).map { "  \($0)" }.joined() }
    let head =
      " " + padded(percent, to: 4, right: true) + (dropped < 1 ? " \(bar(cells: 10, unicode: unicode)) " : "  ")
    let bytes = dropped < 4 ? [amount] : []
    let parts = bytes + pace + (dropped < 3 ? [crowd] : []) + (dropped < 2 ? losses : [])
    return head + parts.joined(separator: "  ")
  }

  private func bar(cells: Int, unicode: Bool) -> String {
    let eighths = Int(fraction * Double(cells * 8))
    let full = String(repeating: unicode ? "█" : "#", count: eighths / 8)
    let part = unicode && eighths % 8 > 0 ? String("▏▎▍▌▋▊▉".dropFirst(eighths % 8 - 1).prefix(1)) : ""
    return padded(full + part, to: cells)
  }
}
