import Glibc
import ShoalBase
import ShoalContent
import ShoalStore
import ShoalSwarm
import ShoalWire

/// One download, as its loop goes about it. What waits for disks is done by workers, which post what they found.
final class DownloadTask {
  let id: Digest
  let download: Download
  private let destination: Destination
  private let replacing: Bool
  private let patience: Patience?
  let key: FileKey
  private let startedAt = SystemClock.now()
  private var progress: DownloadProgress
  private var manifest: Manifest?
  private(set) var isOver = false

  init(
    _ download: Download, _ ticket: Ticket, _ key: FileKey, _ destination: Destination, replacing: Bool,
    patience: Duration?
  ) {
    self.download = download
    self.destination = destination
    self.replacing = replacing
    self.patience = patience.map(Patience.init)
    self.key = key
    id = ticket.id
    progress = DownloadProgress(id: ticket.id)
    progress.name = ticket.name
    progress.total = ticket.cut?.size ?? 0
  }

  /// Tells how the download stands.
  func report(_ loop: PeerLoop) {
    guard !isOver else { return }
    let file = loop.swarm.progress(key)
    progress.seconds = Double(SystemClock.now() - startedAt) / 1e9
    progress.peers = file.peers
    if progress.phase == .downloading {
      progress.bytes = file.bytes
      progress.accepted = file.accepted
      progress.chunks = file.chunks
      progress.totalChunks = file.totalChunks
      progress.from = file.from
      let counters = loop.swarm.counters
      let needed = max(counters.receivedRetransmitted - counters.duplicate, 0)
      let isKnown = loop.swarm.statuses.allSatisfy { $0.repeatMode == .selectiveRepeat }
      progress.loss = isKnown ? Double(needed) / Double(max(counters.received, 1)) : nil
    }
    if progress.phase == .finding, loop.swarm.connectionCount > 0 { progress.phase = .manifest }
    download.output.yield(progress)
    if let patience, patience.isOver(progress, loop.swarm.counters.bytesReceived) {
      fail(ShoalError(.unavailable, patience.complaint(progress, loop.obstacle)), loop)
    }
  }

  // MARK: The steps

  /// The manifest has come: a place for the file is prepared, and what is there already is verified.
  func manifestKnown(_ loop: PeerLoop) {
    guard !isOver, let manifest = loop.swarm.manifest(key) else { return }
    loop.disk.remove(key)
    let name = progress.name.isEmpty ? loop.swarm.name(key) : progress.name
    progress.name = name
    progress.total = manifest.cut.size
    let path: String
    switch destination {
    case .file(let file): path = file
    case .nowhere:
      return prepare(nil, manifest, loop)
    case .directory(let directory):
      if let fault = fileNameFault(name) {
        return fail(ShoalError(.file, "\(fault); say where to write, with --output PATH"), loop)
      }
      let safe = safeFileName(name) ?? ""
      path = directory.isEmpty || directory == "." ? safe : directory + "/" + safe
    }
    progress.path = path
    progress.phase = .checking
    report(loop)
    prepare(path, manifest, loop)
  }

  private func prepare(_ path: String?, _ manifest: Manifest, _ loop: PeerLoop) {
    self.manifest = manifest
    loop.disk.prepare(key, manifest, target: path, replacing: replacing)
  }

  /// So many bytes of what was there have been verified.
  func checked(_ bytes: UInt64) { progress.checked = bytes }

  /// There is a place, with these pieces.
  func prepared(have: BitSet, wasThere: Bool, _ loop: PeerLoop) {
    guard !isOver, let manifest else { return }
    progress.wasThere = wasThere
    loop.disk.begin(key, manifest.cut)
    progress.phase = .downloading
    loop.swarm.begin(key, have: have, at: SystemClock.now())
    progress.resumed = loop.swarm.progress(key).bytes
    report(loop)
  }

  /// Every piece is verified and written: the file gets its name.
  func completed(_ loop: PeerLoop) {
    guard !isOver else { return }
    report(loop)
    loop.disk.finish(key)
  }

  /// The file is on the disk, under its name.
  func finished(_ loop: PeerLoop) {
    guard !isOver else { return }
    report(loop)
    progress.phase = .finished
    progress.bytes = progress.total
    report(loop)
    end(loop)
    download.output.finish()
  }

  // MARK: Failure

  /// The file cannot be stored.
  func fail(_ failure: StoreFailure, _ loop: PeerLoop) {
    guard let manifest else { return }
    fail(ShoalError(failure, manifest, kept: loop.swarm.progress(key).bytes), loop)
  }

  func fail(_ error: ShoalError, _ loop: PeerLoop) {
    guard !isOver else { return }
    end(loop)
    // The swarm may be in the midst of telling us; it is stopped afterwards.
    let key = key
    loop.node.post { loop in
      loop.disk.remove(key)
      loop.swarm.withdraw(key, at: SystemClock.now())
      loop.takeEvents()
    }
    download.output.finish(throwing: error)
  }

  /// A peer speaks none of our versions; if there is no other, that is the end.
  func otherVersion(_ address: Address, _ versions: ClosedRange<UInt8>, _ loop: PeerLoop) {
    guard loop.swarm.knownPeers(key) <= 1, loop.swarm.progress(key).peers == 0 else { return }
    let theirs =
      versions.count == 1
      ? "version \(versions.lowerBound)" : "versions \(versions.lowerBound) to \(versions.upperBound)"
    let who = versions.lowerBound > Limits.version ? "update this shoal" : "update theirs"
    fail(ShoalError(.version, "\(address) speaks \(theirs), we speak \(Limits.version); \(who)"), loop)
  }

  /// The loop ends, and with it what was not finished.
  func stop() {
    guard !isOver else { return }
    isOver = true
    download.output.finish(throwing: ShoalError(.stopped, "the download was stopped"))
  }

  private func end(_ loop: PeerLoop) {
    isOver = true
    loop.onProgress[key.index] = nil
    loop.downloads[key.index] = nil
    loop.disk.forget(key)
    loop.names.remove(.peer(key.index))
    if loop.downloads.isEmpty { loop.disk.emptyBuffers() }
  }
}

extension PeerLoop {
  /// Begins a download.
  func begin(
    _ download: Download, _ ticket: Ticket, trackers: [Resolver.HostPort], peers: [Resolver.HostPort],
    _ destination: Destination, replacing: Bool, patience: Duration?
  ) {
    let now = SystemClock.now()
    let isKept = if case .nowhere = destination { false } else { true }
    let key = swarm.download(id: ticket.id, name: ticket.name, expected: ticket.cut, serving: isKept, at: now)
    let task = DownloadTask(download, ticket, key, destination, replacing: replacing, patience: patience)
    downloads[key.index] = task
    for peer in peers { add(peer: peer, for: key) }
    for tracker in trackers { add(tracker: tracker) }
    wantProgress(key) { [unowned self] _ in task.report(self) }
    task.report(self)
    giveUpWhatIsHopeless()
    takeEvents()
  }
}
