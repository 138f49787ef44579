import Shoal
import ShoalTerminal
import Synchronization

/// Shows the connected peers while somebody watches: rows on a terminal, objects with `--json`, otherwise a line now
/// and then for each peer that gets a file from here.
struct PeerWatch {
  private let session: Session
  private let observer: Observer
  /// The word for a peer in objects.
  private let event: String
  /// The tenth of the file that each receiver had when a line was last written, and when that was.
  private var written: [Int: (tenth: Int, at: Double)] = [:]
  private var shown: [Int: String] = [:]
  private var emittedAt = -1.0

  init(_ session: Session, _ observer: Observer, event: String) {
    (self.session, self.observer, self.event) = (session, observer, event)
  }

  /// Observes until the task is cancelled or the peer closed, and passes on what it sees.
  mutating func run(_ body: (inout PeerWatch, Observation) -> Void) async {
    guard session.isJSON || session.console.verbosity != .quiet else { return }
    while !Task.isCancelled, let seen = await observer.look() {
      if session.isJSON {
        emit(seen)
      } else {
        body(&self, seen)
      }
      // With many connections, a snapshot costs more.
      let isQuick = session.console.isLive && !session.isJSON && seen.rows.count <= PeerWatch.few
      try? await Task.sleep(for: .milliseconds(isQuick ? 200 : 1_000))
    }
  }

  /// Emits an object for each peer that has changed.
  private mutating func emit(_ seen: Observation) {
    var now: [Int: String] = [:]
    for row in seen.rows where row.standing.file != nil && (row.standing.isReceiver == (event == "receiver")) {
      let text = "\(row.state) \(row.standing.moved ?? 0) \(row.standing.have ?? 0)"
      now[row.standing.serial] = text
      if shown[row.standing.serial] != text { session.emit(row.object(event)) }
    }
    shown = now
  }

  /// Logs a line for each receiver that has another tenth of the file, or whose last line is half a minute old.
  mutating func log(_ seen: Observation) {
    var now: [Int: (tenth: Int, at: Double)] = [:]
    for row in seen.rows where row.standing.isReceiver {
      let tenth = Int((row.share ?? 0) * 10)
      let last = written[row.standing.serial] ?? (0, seen.standing.at)
      let isDue = tenth > last.tenth || seen.standing.at - last.at >= 30 && row.state == .active
      now[row.standing.serial] = isDue ? (tenth, seen.standing.at) : last
      if isDue { session.log(PeerTable([row]).lines(width: nil).joined()) }
    }
    written = now
  }

  private static let few = 32
}
