import Shoal
import ShoalTerminal

/// The endpoints of a demo.
final class DemoSwarm: Sendable {
  private let tracker: Tracker
  private let origin: Peer
  private let peers: [(name: String, peer: Peer)]
  private let session: Session

  init(_ plan: DemoPlan, _ files: DemoFiles, _ session: Session) async throws {
    func options(_ name: String) -> Peer.Options {
      var options = plan.options
      if plan.captures { options.capture = files.capture(of: name) }
      return options
    }
    self.session = session
    var trackerOptions = Tracker.Options(listen: plan.options.listen)
    trackerOptions.capture = options("tracker").capture
    tracker = try Tracker.start(trackerOptions)
    origin = try Peer.start(options("origin"))
    peers = try (0..<plan.peers).map { index in
      let name = plan.name(index)
      var options = options(name)
      options.link = plan.link(index)
      // All peers are in one process, and share its memory.
      options.memory = max(options.memory / plan.peers, 8 << 20)
      return (name, try Peer.start(options))
    }
    session.tellReceiveBuffer(origin)
    for (name, peer) in peers { tellNews(of: peer, name) }
  }

  /// Hashes and serves the file, and waits until the tracker knows of it.
  func share(_ path: String) async throws -> (Share, Ticket) {
    try await origin.add(tracker: "\(tracker.address)")
    let share = try await ShareCommand.hash([path], "", .automatic, origin, session)
    var ticket = share.ticket
    ticket.peers = []
    let isKnown = try await within(seconds: 5) { [origin] in
      for await event in origin.events { if case .registered = event { break } }
      return true
    }
    guard isKnown != nil else { throw Failure("the demo's own tracker does not answer", code: "no_answer") }
    tellNews(of: origin, "origin")
    return (share, ticket)
  }

  /// Makes all peers download the file; returns the outcomes.
  func download(_ share: Share, _ ticket: Ticket, _ files: DemoFiles) async throws -> [DemoPeer] {
    let board = DemoBoard(peers.map(\.name), size: share.cut.size)
    let clock = Task { [session] in
      var view = DemoView(session, board)
      while !Task.isCancelled {
        view.show()
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    defer { clock.cancel() }
    let done = try await withThrowingTaskGroup { group in
      for (index, entry) in peers.enumerated() {
        group.addTask {
          let download = try await entry.peer.download(ticket, to: .file(files.copy(of: entry.name)))
          for try await progress in download.progress { board.set(index, progress) }
          return (index, download.latest)
        }
      }
      return try await group.reduce(into: [Int: DownloadProgress]()) { $0[$1.0] = $1.1 }
    }
    var results: [DemoPeer] = []
    let names = Dictionary(uniqueKeysWithValues: ([("origin", origin)] + peers).map { ($0.1.address, $0.0) })
    for (index, entry) in peers.enumerated() {
      guard let progress = done[index] else { continue }
      results.append(
        DemoPeer(
          name: entry.name, address: entry.peer.address, progress: progress, counts: await entry.peer.statistics(),
          from: progress.from.reduce(into: [:]) { $0[names[$1.key] ?? "\($1.key)", default: 0] += $1.value },
          isEqual: try files.hash(of: entry.name) == share.id))
    }
    return results
  }

  func originStatistics() async -> PeerStatistics { await origin.statistics() }

  /// Closes the peers first, so that their farewells can still reach each other and the tracker.
  func close() async {
    await withTaskGroup { group in
      for (_, peer) in peers + [("origin", origin)] { group.addTask { await peer.close() } }
    }
    await tracker.close()
  }

  /// Reports what is news even for peers with deliberately bad links.
  private func tellNews(of peer: Peer, _ name: String) {
    Task { [session] in
      var news = PeerNews(.getting(trackers: 1))
      for await event in peer.events {
        switch news.line(for: event) {
        case .warning(let text, let code): session.warning("\(name): \(text)", code: code)
        case .log(let text), .detail(let text): session.detail("\(name): \(text)")
        case nil: break
        }
      }
    }
  }
}
