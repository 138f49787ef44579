import ShoalBase

/// How long a download continues while it makes no progress.
final class Patience {
  private let limit: Nanoseconds
  private var since = SystemClock.now()
  private var latest: News?

  /// What shows that a download is making progress.
  private struct News: Equatable {
    var phase: DownloadProgress.Phase
    var accepted: UInt64
    var bytes: UInt64
    /// The bytes received, which are the only sign of progress with the manifest; they count once a peer has offered
    /// the file.
    var received: Int
  }

  init(_ limit: Duration) {
    self.limit = limit.nanoseconds
  }

  /// Notes the state of the download; returns whether nothing has arrived for too long.
  func isOver(_ progress: DownloadProgress, _ received: Int) -> Bool {
    let isFetchingManifest = progress.phase == .manifest && progress.peers > 0
    let news = News(
      phase: progress.phase, accepted: progress.accepted, bytes: progress.bytes,
      received: isFetchingManifest ? received : 0)
    let now = SystemClock.now()
    if news != latest { (latest, since) = (news, now) }
    switch progress.phase {
    // Time spent on this machine's disk does not count.
    case .checking, .finished: since = now
    case .downloading where progress.bytes == progress.total: since = now
    case .finding, .manifest, .downloading: break
    }
    return now - since >= limit
  }

  /// The message when patience is exhausted; `obstacle` is the reason why this machine can reach nobody.
  func complaint(_ progress: DownloadProgress, _ obstacle: String?) -> String {
    let tenths = limit / 100_000_000
    let time = tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    let name = progress.name ?? progress.id.short
    guard progress.phase == .downloading else {
      if let obstacle { return "nobody who offers \(name) was found in \(time): \(obstacle)" }
      if progress.hasPart { return "nobody who offers \(name) was found in \(time); try again: what is here is kept" }
      return "nobody who offers \(name) was found in \(time); is it still shared, and the ticket right?"
    }
    let lacking = progress.absentWords.map { "nobody has \($0)" } ?? "its peers send nothing"
    let cause = obstacle ?? (progress.peers == 0 ? "nobody serves it any more" : lacking)
    let kept = progress.path == nil || progress.bytes == 0 ? "" : ": \(ShoalError.megabytes(progress.bytes)) are kept"
    return "nothing of \(name) arrived for \(time): \(cause); try again\(kept)"
  }
}
