import Shoal
import ShoalContent
import ShoalTerminal
import Synchronization

/// The latest observation of the peers while a file is fetched.
final class SeenPeers: Sendable {
  private let latest = Mutex<Observation?>(nil)

  /// Observes until the task is cancelled.
  func watch(_ observer: Observer, _ session: Session) async {
    var watch = PeerWatch(session, observer, event: "source")
    await watch.run { _, seen in latest.withLock { $0 = seen } }
  }

  /// The map of a file's chunks, and a line for each peer that gives or wants it.
  func rows(of id: Digest) -> LiveRows? {
    guard let seen = latest.withLock({ $0 }) else { return nil }
    let file = seen.standing.files.first { $0.swarm.id == id }
    // A peer that both gives and wants the file gets only one line.
    let sources = Set(seen.rows.filter { $0.id == id && !$0.standing.isReceiver }.map(\.standing.serial))
    let peers = seen.rows.filter { $0.id == id && !($0.standing.isReceiver && sources.contains($0.standing.serial)) }
    return { columns, unicode in
      let map = file.flatMap { ChunkMap(chunks: $0.swarm.chunks).line(columns: columns - 1, unicode: unicode) }
      return [map].compactMap(\.self) + PeerTable(peers).lines(width: columns - 1)
    }
  }
}
