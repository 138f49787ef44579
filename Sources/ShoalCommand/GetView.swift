import Shoal
import ShoalContent
import ShoalTerminal

/// Shows the progress of a download: the live line, or objects.
struct GetView {
  private let session: Session
  private var state: ProgressState
  private var name = ""
  private var phase: DownloadProgress.Phase?
  private var phaseBegan = 0.0
  private var emittedAt = -1.0
  private var lonelySince: Double?
  private var saidLonely = false
  private var absentSince: Double?
  private var saidAbsent = ""
  /// The latest observation of the peers, where somebody watches.
  private let seen: SeenPeers?

  init(_ session: Session, _ seen: SeenPeers? = nil) {
    (self.session, self.seen) = (session, seen)
    state = ProgressState(name: "")
  }

  mutating func show(_ progress: DownloadProgress) {
    let now = Session.now
    let shownName = progress.name ?? progress.id.short
    if shownName != name { (name, state) = (shownName, ProgressState(name: shownName)) }
    if progress.phase != phase {
      tellResumed(progress, at: now)
      (phase, phaseBegan) = (progress.phase, now)
    }
    switch progress.phase {
    case .finding: state.show(phase: "finding peers", at: now)
    case .manifest: state.show(phase: "manifest", at: now)
    case .checking: state.show(phase: "checking", done: progress.checked, of: progress.total ?? 0, at: now)
    case .downloading:
      state.update(
        verified: progress.bytes, accepted: progress.accepted, of: progress.total ?? 0, peers: progress.peers,
        loss: progress.loss, at: now)
    case .finished: return
    }
    session.progress(state, rows: seen?.rows(of: progress.id))
    tellLonely(progress, at: now)
    tellAbsent(progress, at: now)
    emit(progress, at: now)
  }

  /// Says once that nobody offers the file: the ticket may be wrong, or the sharer gone.
  private mutating func tellLonely(_ progress: DownloadProgress, at now: Double) {
    guard progress.peers == 0, progress.phase == .finding || progress.phase == .manifest else {
      lonelySince = nil
      return
    }
    guard let since = lonelySince else { return lonelySince = now }
    guard now - since >= 10, !saidLonely else { return }
    saidLonely = true
    let doubt = progress.hasPart ? "what is here of it is kept" : "is it still shared, and is the ticket right?"
    session.warning(
      "nobody offers \(escaped(name)) yet; \(doubt)\(progress.hasPart ? ";" : "") still looking", code: "no_peers")
  }

  /// Says which chunks nobody has, when nothing has arrived for a while; again when that changes.
  private mutating func tellAbsent(_ progress: DownloadProgress, at now: Double) {
    guard progress.phase == .downloading, let words = progress.absentWords else { return absentSince = nil }
    guard let since = absentSince else { return absentSince = now }
    guard now - since >= 5, words != saidAbsent else { return }
    saidAbsent = words
    guard progress.peers == 0 else {
      let text = "no connected peer has \(words) of \(escaped(name)); waiting for one that does"
      return session.warning(text, code: "absent_chunks")
    }
    let kept = "\(Units.total(progress.bytes)) of \(Units.total(progress.total ?? 0)) are here and kept"
    session.warning("nobody who has \(escaped(name)) can be reached; \(kept); waiting", code: "no_peers")
  }

  private func tellResumed(_ progress: DownloadProgress, at now: Double) {
    guard phase == .checking, progress.resumed > 0, !progress.wasThere, let total = progress.total else { return }
    let time = Units.duration(now - phaseBegan)
    let rest = Units.total(total - min(progress.resumed, total))
    let good = "\(Units.total(progress.resumed)) are good"
    session.note("\(escaped(partPath(of: progress.path ?? ""))): checked in \(time), \(good); \(rest) to go")
  }

  /// At most two objects a second.
  private mutating func emit(_ progress: DownloadProgress, at now: Double) {
    guard now - emittedAt >= 0.5 else { return }
    emittedAt = now
    session.emit([
      "event": "progress", "id": .string(progress.id.hex), "bytes": .uint(progress.bytes),
      "total": .uint(progress.total ?? 0), "rate": .double(progress.rate),
      "eta": progress.eta.map { .double($0.inSeconds) } ?? .null, "peers": .int(progress.peers),
      "loss": progress.loss.map { .double($0) } ?? .null, "phase": .string(progress.phase.rawValue),
      "chunks": .int(progress.chunks), "total_chunks": progress.totalChunks.map { .int($0) } ?? .null,
    ])
  }
}
