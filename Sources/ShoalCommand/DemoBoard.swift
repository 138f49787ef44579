import Shoal
import ShoalBase
import ShoalTerminal
import Synchronization

/// The progress of all peers of a demo.
final class DemoBoard: Sendable {
  let names: [String]
  /// Bytes of the file.
  let size: UInt64
  private let progress: Mutex<[DownloadProgress?]>

  init(_ names: [String], size: UInt64) {
    self.names = names
    self.size = size
    progress = Mutex(Array(repeating: nil, count: names.count))
  }

  func set(_ index: Int, _ new: DownloadProgress) { progress.withLock { $0[index] = new } }
  var all: [DownloadProgress?] { progress.withLock { $0 } }
}

/// Shows all peers of a demo in one line, or as objects.
struct DemoView {
  private let session: Session
  private let board: DemoBoard
  private var state = ProgressState(name: "demo")
  private var meter = RateMeter()
  private var emittedAt = -1.0

  init(_ session: Session, _ board: DemoBoard) { (self.session, self.board) = (session, board) }

  mutating func show() {
    let now = Session.now
    let all = board.all
    let done = all.reduce(0) { $0 + bytes($1) }
    let whole = board.size * UInt64(all.count)
    meter.add(all.reduce(0) { $0 + ($1?.accepted ?? 0) }, at: now)
    let eta = meter.remaining(whole - min(done, whole))
    state.show(phase: phase(all, eta), done: done, of: whole, at: now)
    session.progress(state)
    guard now - emittedAt >= 0.5 else { return }
    emittedAt = now
    session.emit([
      "event": "progress", "bytes": .uint(done), "total": .uint(whole), "rate": .double(meter.rate),
      "eta": eta.map { .double($0) } ?? .null,
      "peers": .array(
        zip(board.names, all).map { name, progress in
          [
            "name": .string(name), "bytes": .uint(progress?.bytes ?? 0),
            "loss": progress.flatMap(\.loss).map { .double($0) } ?? .null,
          ]
        }),
    ])
  }

  /// The verified bytes, held below the total until the file is in its place.
  private func bytes(_ progress: DownloadProgress?) -> UInt64 {
    guard let progress, progress.phase != .finished, progress.bytes > 0 else { return progress?.bytes ?? 0 }
    return min(progress.bytes, board.size - 1)
  }

  /// The current phase. Where lines are not redrawn, it leaves out what changes from line to line, or every line would
  /// count as news.
  private func phase(_ all: [DownloadProgress?], _ eta: Double?) -> String {
    guard session.console.standardError.isTTY else { return "downloading" }
    let each = zip(board.names, all).map { name, progress in
      "\(name) \(Units.percent(bytes(progress), of: board.size, decimals: 0))"
    }
    let pace = [Units.rate(meter.rate)] + (eta.map { ["ETA \(Units.remaining(max($0, 1)))"] } ?? [])
    return (each + pace + ["all"]).joined(separator: "  ")
  }
}
