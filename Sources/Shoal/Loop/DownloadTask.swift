import Glibc
import ShoalBase
import ShoalContent
import ShoalStore
import ShoalSwarm
import ShoalWire

/// One download, as its loop carries it out. Work that waits for disks is done by workers, which post their results.
final class DownloadTask {
  let id: Digest
  let download: Download
  /// Where the pieces are passed on, if they are not kept.
  private var pieces: PieceFlow?
  let request: DownloadRequest
  private let patience: Patience?
  let key: FileKey
  /// The folder whose content is fetched, if it is one.
  private var folder: RestoredFolder?
  private let isContent: Bool
  /// Whether this fetches the listing of a folder, which is not kept as a file.
  private var isListing = false
  /// The last piece of the listing; the swarm is told of it only when it is known what to fetch next.
  private(set) var lastPiece: Int?
  /// The addresses of the peers that sent the listing.
  private(set) var addresses: [Address] = []
  private var startedAt = SystemClock.now()
  private var progress: DownloadProgress
  /// What is being done.
  var phase: DownloadProgress.Phase { progress.phase }
  /// The name by which the user knows it; empty while there is none.
  var name: String { (progress.name ?? "") + (isContent && progress.name?.isEmpty == false ? "/" : "") }
  private var meter = RateMeter()
  private var manifest: Manifest?
  /// How much had arrived, when it last grew, and when it was last determined which chunks nobody has.
  private var acceptedBefore: UInt64 = 0
  private var comesUntil: Nanoseconds = 0
  private var absentAt: Nanoseconds = 0
  /// The cut that the ticket gives.
  private let expected: Cut?
  private var isRecognizing = false
  private(set) var isOver = false
  /// Called once it is removed, which has to wait until the disk has finished preparing a place for it.
  private var onRemoved: [@Sendable () -> Void] = []
  var isBeingRemoved: Bool { !onRemoved.isEmpty }

  init(_ download: Download, _ request: DownloadRequest, _ key: FileKey) {
    self.download = download
    self.request = request
    self.key = key
    (pieces, folder, isContent) = (request.pieces, nil, false)
    patience = request.patience.map(Patience.init)
    let ticket = request.ticket
    id = ticket.id
    progress = DownloadProgress(id: ticket.id)
    progress.name = ticket.plainName
    if !ticket.isFolder { progress.total = ticket.cut?.size }
    expected = ticket.isFolder ? nil : ticket.cut
    progress.path = knownPath
  }

  /// The task that fetches the content of a folder after `listing` has fetched its listing.
  init(_ listing: DownloadTask, _ key: FileKey, _ listed: Listing, _ folder: RestoredFolder?) {
    (download, request, self.key, self.folder) = (listing.download, listing.request, key, folder)
    (patience, startedAt) = (listing.request.patience.map(Patience.init), listing.startedAt)
    (id, expected, isContent) = (listed.contentID, nil, true)
    progress = listing.progress
    progress.phase = .finding
    progress.files = (folder?.wantedEntries ?? Array(listed.entries.indices)).count { listed.entries[$0].kind.isFile }
    (progress.total, progress.bytes) = (listed.cut.size - (folder?.unwantedBytes ?? 0), 0)
    (progress.accepted, progress.resumed, progress.from) = (0, 0, [:])
    progress.path = folder?.target
  }

  /// Whether the content is kept and served.
  private var isKept: Bool { download.destination != .nowhere && !isListing }

  /// Bytes of pieces that are neither here nor wanted.
  private var unwantedBytes: UInt64 { folder?.unwantedBytes ?? 0 }

  /// Reports the state of the download.
  func report(_ loop: PeerLoop) {
    guard !isOver else { return }
    let file = loop.swarm.progress(key)
    let elapsed = SystemClock.now() - startedAt
    progress.elapsed = .nanoseconds(elapsed)
    progress.peers = file.peers
    // The bytes of a listing do not count as progress of the folder.
    if progress.phase == .downloading, !isListing {
      progress.bytes = file.bytes - min(unwantedBytes, file.bytes)
      progress.accepted = file.accepted
      progress.chunks = file.chunks
      progress.totalChunks = file.totalChunks
      progress.from = file.from
      let counters = loop.swarm.counters
      let needed = max(counters.receivedRetransmitted - counters.duplicate, 0)
      let isKnown = loop.swarm.statuses.allSatisfy { $0.repeatMode == .selectiveRepeat }
      progress.loss = isKnown ? Double(needed) / Double(max(counters.received, 1)) : nil
      noteAbsent(loop, elapsed)
      meter.add(file.accepted, at: Double(elapsed) / 1e9)
      progress.rate = meter.rate
      progress.eta = meter.remaining(file.total - min(file.bytes, file.total)).map { .seconds($0) }
    }
    if progress.phase == .finding, loop.swarm.connectionCount > 0 { progress.phase = .manifest }
    if isListing { noteAddresses(loop) }
    if elapsed >= DownloadTask.loneliness, manifest == nil { recognize(loop) }
    download.board.tell(progress)
    if let patience, patience.isOver(progress, loop.swarm.counters.bytesReceived) {
      fail(ShoalError(.unavailable, patience.complaint(progress, loop.obstacle)), loop)
    }
  }

  /// Determines which chunks nobody has, if nothing arrives.
  private func noteAbsent(_ loop: PeerLoop, _ elapsed: Nanoseconds) {
    if progress.accepted + progress.bytes != acceptedBefore {
      (acceptedBefore, comesUntil) = (progress.accepted + progress.bytes, elapsed)
    }
    guard elapsed - comesUntil >= DownloadTask.stillness else { return progress.absent = Swift.RangeSet() }
    guard elapsed - absentAt >= .second else { return }
    absentAt = elapsed
    progress.absent = Swift.RangeSet<Int>(loop.swarm.absentChunks(key))
  }

  private static let stillness = 5 * Nanoseconds.second

  // MARK: The steps

  /// The manifest has arrived: prepares a place for the file, and verifies what is already there.
  func manifestKnown(_ loop: PeerLoop) {
    guard !isOver, let manifest = loop.swarm.manifest(key) else { return }
    loop.disk.remove(key)
    guard !isContent else {
      folder = folder?.cut(as: manifest.cut)
      // The size of a file of one piece is only claimed until the piece is here.
      if let folder, !folder.isConsistent, manifest.cut.pieces > 1 { return fail(ListingFault.damaged, loop) }
      if folder != nil { progress.phase = .checking }
      report(loop)
      return prepare(folder?.target, manifest, loop)
    }
    var name = progress.name ?? loop.swarm.name(key)
    if request.unpacks, request.ticket.isFolder || progress.name == nil && isFolderName(name) {
      name = Ticket.plain(name)
      progress.name = name.isEmpty ? nil : name
      return fetchListing(manifest, loop)
    }
    progress.name = name.isEmpty ? nil : name
    progress.total = manifest.cut.size
    if let pieces, pieces.isTooLarge(manifest.cut) { return fail(pieces.tooLarge(progress.name ?? id.short), loop) }
    let path: String
    switch download.destination {
    case .file(let file): path = file
    case .nowhere:
      return prepare(nil, manifest, loop)
    case .directory(let directory):
      if let fault = fileNameFault(name) {
        return fail(ShoalError(.file, fault, remedy: .namedDestination), loop)
      }
      path = DownloadTask.place(safeFileName(name) ?? "", in: directory)
    }
    progress.path = path
    progress.phase = .checking
    report(loop)
    prepare(path, manifest, loop)
  }

  /// Fetches the listing of a folder into memory.
  private func fetchListing(_ manifest: Manifest, _ loop: PeerLoop) {
    let flow = PieceFlow(memory: Limits.listingBytes, limit: UInt64(Limits.listingBytes)) { _ in }
    guard !flow.isTooLarge(manifest.cut) else { return fail(ListingFault.tooLong, loop) }
    (isListing, pieces) = (true, flow)
    noteAddresses(loop)
    let (node, destination, name) = (loop.node, download.destination, progress.name)
    Task(priority: .userInitiated) { [request, id, key] in
      var bytes: [UInt8] = []
      while case .success(let slice?) = await flow.next() { bytes += slice }
      let result = FolderPlan.make(bytes, id, request, destination, name: name)
      node.post { loop in loop.downloads[key.index]?.listed(result, loop) }
    }
    prepare(nil, manifest, loop)
  }

  private func noteAddresses(_ loop: PeerLoop) {
    progress.phase = .manifest
    let known = loop.swarm.addresses(of: key)
    if !known.isEmpty { addresses = known }
  }

  /// Whether this correct piece completes a listing. The swarm learns of it only once the content is wanted too: while
  /// nothing is wanted, the peer that sent it would close the connection.
  func holds(_ piece: Int, _ loop: PeerLoop) -> Bool {
    guard isListing, let cut = manifest?.cut else { return false }
    guard loop.swarm.progress(key).bytes + UInt64(cut.pieceLength(piece)) >= cut.size else { return false }
    lastPiece = piece
    return true
  }

  /// When there is nobody to ask, the file may already be at its destination, and others may want it from here.
  private func recognize(_ loop: PeerLoop) {
    guard !isRecognizing, let path = knownPath, let cut = expected else { return }
    isRecognizing = true
    loop.disk.recognize(key, id, cut, target: path)
  }

  private static let loneliness = 2 * Nanoseconds.second

  /// Where the file will be, if that is known before any peer has given its name.
  var knownPath: String? {
    switch download.destination {
    case .file(let path): path
    case .directory(let directory): progress.name.flatMap(safeFileName).map { DownloadTask.place($0, in: directory) }
    case .nowhere: nil
    }
  }

  static func place(_ name: String, in directory: String) -> String {
    directory.isEmpty || directory == "." ? name : directory + "/" + name
  }

  private func prepare(_ path: String?, _ manifest: Manifest, _ loop: PeerLoop) {
    self.manifest = manifest
    loop.disk.prepare(key, manifest, target: path, replacing: request.replacing, folder: folder)
  }

  /// Notes that this many bytes of what was there have been verified.
  func checked(_ bytes: UInt64) { progress.checked = bytes }

  /// There is a place now, with these pieces already in it: continues.
  func prepared(have: BitSet, wasThere: Bool, _ loop: PeerLoop) {
    guard !isOver, let manifest else { return }
    progress.wasThere = wasThere || folder?.wasThere ?? false
    if let path = progress.path, !wasThere { download.part.withLock { $0 = partPath(of: path) } }
    progress.phase = .downloading
    guard onRemoved.isEmpty else { return remove(loop, nil) }
    loop.disk.begin(key, manifest.cut, readBy: pieces)
    if let range = pieces?.begin(manifest.cut) { loop.swarm.takeInOrder(key, range, at: SystemClock.now()) }
    loop.swarm.begin(key, have: have, at: SystemClock.now())
    progress.resumed = loop.swarm.progress(key).bytes
    progress.resumed -= min(unwantedBytes, progress.resumed)
    report(loop)
  }

  /// Every piece is verified and written: gives the file its name.
  func completed(_ loop: PeerLoop) {
    guard !isOver else { return }
    if let folder, !folder.isConsistent { return fail(ListingFault.damaged, loop) }
    report(loop)
    loop.disk.finish(key)
  }

  /// Completes the download: the file is on the disk, under its name.
  func finished(_ loop: PeerLoop) {
    guard !isOver else { return }
    report(loop)
    (progress.phase, progress.eta) = (.finished, .zero)
    progress.bytes = progress.total ?? progress.bytes
    report(loop)
    download.part.withLock { $0 = nil }
    end(loop)
    guard isKept, folder?.isWhole ?? true else { return loop.withdrawLater(key) }
    loop.finishedDownloads[key.index] = download
  }

  // MARK: Failure

  /// Fails because the file cannot be stored.
  func fail(_ failure: StoreFailure, _ loop: PeerLoop) {
    guard let manifest else { return }
    if let fault = folder?.takeFault() { return fail(fault, loop) }
    fail(ShoalError(failure, manifest, kept: loop.swarm.progress(key).bytes), loop)
  }

  func fail(_ error: ShoalError, _ loop: PeerLoop) {
    guard !isOver else { return }
    end(loop)
    // This may be called by the swarm while it reports events, so the download is stopped there only afterwards.
    loop.withdrawLater(key)
    download.board.fail(error)
    pieces?.fail(error)
  }

  /// Stops fetching, and deletes what was fetched.
  func remove(_ loop: PeerLoop, _ removed: (@Sendable () -> Void)?) {
    if let removed { onRemoved.append(removed) }
    // A part that is about to be opened cannot be deleted yet.
    guard progress.phase != .checking else { return }
    let onRemoved = self.onRemoved
    self.onRemoved = []
    // As long as the part is open here, no other program can claim it.
    let claim = loop.disk.openFile(key)
    fail(ShoalError.closed("the download was removed"), loop)
    download.discardPart(claim) { for removed in onRemoved { removed() } }
  }

  /// Notes that a peer speaks none of our versions; if there is no other peer, the download ends.
  func otherVersion(_ address: Address, _ versions: ClosedRange<UInt8>, _ loop: PeerLoop) {
    guard loop.swarm.knownPeers(key) <= 1, loop.swarm.progress(key).peers == 0 else { return }
    fail(ShoalError.otherVersion("\(address)", versions), loop)
  }

  /// Ends the download if it was not finished, because the loop ends.
  func stop() {
    guard !isOver else { return }
    isOver = true
    let error = ShoalError.closed()
    download.board.fail(error)
    pieces?.fail(error)
    for removed in onRemoved { removed() }
  }

  func end(_ loop: PeerLoop) {
    isOver = true
    defer { for removed in onRemoved { removed() } }
    loop.onProgress[key.index] = nil
    loop.downloads[key.index] = nil
    loop.disk.forget(key)
    loop.names.remove(.peer(key.index))
    if loop.downloads.isEmpty { loop.disk.emptyBuffers() }
  }
}

extension PeerLoop {
  /// Begins a download.
  func begin(_ download: Download, _ request: DownloadRequest) {
    let (ticket, isKept) = (request.ticket, download.destination != .nowhere)
    let key = swarm.download(
      id: ticket.id, name: ticket.name ?? "", expected: ticket.cut, serving: isKept && !ticket.isFolder,
      at: SystemClock.now())
    let task = DownloadTask(download, request, key)
    begin(task)
    if !ticket.isFolder, let path = task.knownPath { disk.recall(key, ticket.id, target: path) }
    if ticket.isFolder { task.recallListing(self) }
    giveUpWhatIsHopeless()
    takeEvents()
  }

  /// Starts a task.
  func begin(_ task: DownloadTask) {
    downloads[task.key.index] = task
    for peer in task.request.peers { add(peer: peer, for: task.key) }
    for tracker in task.request.trackers { add(tracker: tracker, listing: false) }
    wantProgress(task.key) { [unowned self] _ in task.report(self) }
    task.report(self)
  }

  /// The downloads under way, and those that are finished and served, oldest first.
  var allDownloads: [Download] {
    let running = downloads.map { ($0.key, $0.value.download) }
    return (running + finishedDownloads.map { ($0.key, $0.value) }).sorted { $0.0 < $1.0 }.map(\.1)
  }

  private func task(of download: Download) -> DownloadTask? { downloads.values.first { $0.download === download } }

  func cancel(_ download: Download) {
    guard let task = task(of: download), !task.isBeingRemoved else { return }
    task.fail(ShoalError.closed("the download was cancelled"), self)
  }

  /// Allows these pieces to be fetched, as the reader has got this far.
  func advance(_ download: Download, to pieces: Range<Int>) {
    guard let key = task(of: download)?.key else { return }
    swarm.takeInOrder(key, pieces, at: SystemClock.now())
    takeEvents()
  }

  func remove(_ download: Download, _ removed: @escaping @Sendable () -> Void) {
    if let task = task(of: download) { return task.remove(self, removed) }
    if let index = finishedDownloads.first(where: { $0.value === download })?.key {
      finishedDownloads[index] = nil
      withdrawLater(FileKey(source: UInt32(index)))
    }
    download.discardPart(nil, removed)
  }

  /// Stops serving a file.
  func stopServing(_ key: FileKey) {
    guard shares.removeValue(forKey: key.index) != nil else { return }
    if let content = listings.first(where: { $0.value == key })?.key {
      return withdrawLater(FileKey(source: UInt32(content)))
    }
    withdrawLater(key)
  }

  /// Stops serving and fetching a file, but not at once: the swarm may be reporting events, or building a datagram with
  /// the file's content.
  func withdrawLater(_ key: FileKey, _ reason: String = "") {
    node.post { loop in
      // The listing of a folder is served for as long as its content is.
      for key in [key, loop.listings.removeValue(forKey: key.index)].compactMap({ $0 }) {
        loop.disk.remove(key)
        loop.swarm.withdraw(key, reason, at: SystemClock.now())
      }
      loop.takeEvents()
    }
  }
}
