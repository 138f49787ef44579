import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalWire

/// The request that a download was started with.
struct DownloadRequest: Sendable {
  var ticket: Ticket
  var trackers: [Resolver.HostPort]
  var peers: [Resolver.HostPort]
  /// Where the pieces are passed on, if they are not kept.
  var pieces: PieceFlow?
  /// Which entries of a folder are wanted; all if there are no patterns.
  var patterns: [Glob] = []
  var replacing = false
  var patience: Duration?
  /// Whether a folder is restored, and not its listing returned.
  var unpacks: Bool { pieces == nil }
}

/// What to do with a folder once its listing has arrived.
struct FolderPlan: Sendable {
  let listing: Listing
  /// Where the folder is restored; nil if it is not kept.
  let folder: RestoredFolder?

  /// Parses a listing and decides where the folder goes.
  static func make(
    _ bytes: [UInt8], _ id: Digest, _ request: DownloadRequest, _ destination: Destination, name: String?
  ) -> Result<FolderPlan, ShoalError> {
    do throws(ListingFault) {
      let listing = try Listing(bytes)
      guard let wanted = wanted(listing, request.patterns) else {
        return .failure(ShoalError(.file, "nothing in \(name ?? id.short) matches; look at its listing"))
      }
      let target: String
      switch destination {
      case .nowhere: return .success(FolderPlan(listing: listing, folder: nil))
      case .file(let path): target = path
      case .directory(let directory):
        let name = name ?? ""
        if let fault = fileNameFault(name) {
          return .failure(ShoalError(.file, fault, remedy: .namedDestination))
        }
        target = DownloadTask.place(safeFileName(name) ?? "", in: directory)
      }
      let isNamed = if case .file = destination { true } else { false }
      return .success(
        FolderPlan(
          listing: listing,
          folder: RestoredFolder(
            listing, id, target: target, followsTarget: isNamed, wanted: wanted, replacing: request.replacing)))
    } catch { return .failure(ShoalError(listing: error)) }
  }

  /// The entries that match the patterns, and the folders that they are in; nil if none matches.
  static func wanted(_ listing: Listing, _ patterns: [Glob]) -> BitSet? {
    guard !patterns.isEmpty else { return .full(capacity: listing.entries.count) }
    var wanted = BitSet(capacity: listing.entries.count)
    for index in listing.entries.indices {
      let path = listing.path(index)
      guard patterns.contains(where: { $0.matches(path) }) else { continue }
      var next: Int? = index
      while let entry = next, wanted.insert(entry) { next = listing.entries[entry].parent }
    }
    return wanted.isEmpty ? nil : wanted
  }
}

extension ShoalError {
  /// Why a folder cannot be restored.
  init(listing fault: ListingFault) { self.init(.badListing, "the folder's listing \(fault.words)") }
}

extension DownloadTask {
  /// Takes the listing that an earlier run left beside the part, if there is one: then it need not be fetched.
  func recallListing(_ loop: PeerLoop) {
    guard request.unpacks, let path = knownPath else { return }
    let journal = journalPath(of: partPath(of: path))
    SystemThread.run("shoal-folder") { [node = loop.node, request, destination = download.destination, id, key, name] in
      guard let bytes = FolderMark.listing(journal), Blake3.hash(bytes.span) == id,
        case .success(let plan) = FolderPlan.make(bytes, id, request, destination, name: name)
      else { return }
      node.post { loop in loop.downloads[key.index]?.listed(.success(plan), loop) }
    }
  }

  /// The listing has been parsed: the content is fetched next.
  func listed(_ result: Result<FolderPlan, ShoalError>, _ loop: PeerLoop) {
    guard !isOver else { return }
    switch result {
    case .failure(let error): fail(error, loop)
    case .success(let plan):
      end(loop)
      loop.beginContent(self, plan, addresses)
      let now = SystemClock.now()
      // A peer that has the listing is asked for the content before it learns that the listing has arrived, or it would
      // close the connection.
      loop.swarm.expire(at: now)
      if let lastPiece { loop.swarm.pieceVerified(key, piece: lastPiece, isRight: true, at: now) }
      loop.takeEvents()
      loop.withdrawLater(key)
    }
  }

  func fail(_ fault: ListingFault, _ loop: PeerLoop) { fail(ShoalError(listing: fault), loop) }
}

extension PeerLoop {
  /// Fetches the content of a folder; `addresses` are those of the peers that sent the listing.
  func beginContent(_ task: DownloadTask, _ plan: FolderPlan, _ addresses: [Address]) {
    let now = SystemClock.now()
    // If only part of a folder is wanted, not all bytes of a piece that others might ask for are kept.
    let isServed = plan.folder?.isWhole ?? false
    let key = swarm.download(
      id: plan.listing.contentID, expected: plan.listing.cut, serving: isServed, at: now)
    if isServed { serve(plan.listing, as: swarm.name(task.key), with: key) }
    begin(DownloadTask(task, key, plan.listing, plan.folder))
    if let folder = plan.folder { disk.recall(key, plan.listing.contentID, target: folder.target) }
    for address in addresses { swarm.add(peer: address, for: key, at: now) }
    giveUpWhatIsHopeless()
    takeEvents()
  }

  /// Serves the listing of a folder for as long as its content is served.
  private func serve(_ listing: Listing, as name: String, with content: FileKey) {
    guard let file = try? Spool.inMemory(name, listing.bytes) else { return }
    share(name, file, .automatic, name: name, until: Flag(), onProgress: { _, _ in }) { [unowned self] result in
      guard case .success((_, let key)) = result else { return }
      listings[content.index] = key
    }
  }
}
