import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

// The host's operations on the files of a swarm.
extension Swarm {
  /// Serves a file that is complete (the original's origin peer).
  package mutating func share(_ manifest: Manifest, name: String, at now: Instant) -> FileKey {
    let key = files.nextKey
    files.add(SharedFile(name: name, whole: LocalCopy(manifest, have: .full(capacity: manifest.cut.pieces))))
    publish(key, at: now)
    emit(.completed(key))
    wake(at: now)
    return key
  }

  /// Looks for a file and fetches it from all peers that have it; `.manifest` follows. Unless `serving`, nothing of it
  /// is announced, for hosts that do not keep it.
  package mutating func download(
    id: Digest, name: String = "", expected: Cut? = nil, serving: Bool = true, at now: Instant
  ) -> FileKey {
    let key = files.nextKey
    var download = Download(
      key: key, id: id, expected: expected, isServed: serving, leastRequests: configuration.leastRequests)
    if id == Blake3.hash(Span()) {
      // The empty file is known by its id, so nobody needs to be asked.
      download.found(Manifest(id: id, unproven: Cut(size: 0)), &resources.outbox)
    }
    files.add(SharedFile(name: name, download: download))
    wake(at: now)
    return key
  }

  /// Continues after `.manifest`, once a place is prepared; `have` are the verified pieces that are already there.
  package mutating func begin(_ key: FileKey, have: BitSet, at now: Instant) {
    guard files[key]?.download?.phase == .preparing else { return }
    files[key]?.download?.begin(have: have)
    publish(key, at: now)
    files[key]?.download?.placeEarly(&resources, at: now)
    if files[key]?.copy?.isComplete == true { finish(key, at: now) } else { refreshPieces(key, at: now) }
    wake(at: now)
  }

  /// Requests the pieces of a wanted file in order, and only these: the reader has those before them, and no room for
  /// those after them. Call it again as the reader advances.
  package mutating func takeInOrder(_ key: FileKey, _ pieces: Range<Int>, at now: Instant) {
    guard files[key]?.isWanted == true else { return }
    files[key]?.download?.order = .inOrder(pieces)
    files[key]?.download?.revive()
    fillAll(at: now)
  }

  private mutating func refreshPieces(_ key: FileKey, at now: Instant) {
    for link in links.live where links[link]?.wants(key) == true {
      files[key]?.download?.refreshPieces(of: link, &resources.outbox)
      deliver(for: key, at: now)
      fill(link, key, at: now)
    }
  }

  /// Call this when the host has hashed a gathered piece and, if it was right, written it. If it was wrong, `values`
  /// are those of its blocks: `BlockTree.values(of:at:)`.
  package mutating func pieceVerified(
    _ key: FileKey, piece: Int, isRight: Bool, values: [Digest] = [], at now: Instant
  ) {
    let file = files[key]?.download?.verified(piece, isRight: isRight, values: values, &resources, at: now)
    guard let verdict = file else { return }
    switch verdict {
    case .ignored: return
    case .right(let chunk):
      if let chunk { announce(chunk, of: key) }
      // While the uplink is idle, there is no reason to collect announcements.
      if chunk != nil, uploads.isIdle { for link in links.live { _ = announce(to: link, at: now) } }
      if files[key]?.copy?.isComplete == true { finish(key, at: now) }
    case .wrong:
      deliver(for: key, at: now)
      wake(at: now)
    }
    guard resources.budget.isFull else { return }
    resources.budget.isFull = false
    for key in files.wanted { files[key]?.download?.revive() }
    fillAll(at: now)
  }

  /// Stops serving and fetching a file; its key is then invalid. Peers are told the reason.
  package mutating func withdraw(_ key: FileKey, _ reason: String = "", at now: Instant) {
    guard let id = files[key]?.id else { return }
    files[key]?.download?.stop(&resources)
    files.remove(id: id, of: key)
    // Questions to trackers about it stay open, because others may be waiting for the answer.
    if files.keys(of: id).isEmpty { for i in trackers.indices { trackers[i].deregister(id: id) } }
    let users = links.live.filter { link in
      links[link].map { $0.wants(key) || $0.served.contains { $0.file == key } } ?? false
    }
    // What is queued of it, or must be retransmitted, can no longer be sent, so the connections that use it are closed.
    for link in users { drop(link, .goingAway, reason, at: now) }
    uploads.remove(key)
    files.remove(key)
  }

  /// Stops serving these pieces of a complete file, which are no longer there; false if none is left, or if there is no
  /// such file.
  package mutating func withhold(_ pieces: BitSet, of key: FileKey, at now: Instant) -> Bool {
    guard files[key]?.withhold(pieces) == true, let id = files[key]?.id else { return false }
    // What is queued may be what is missing: the peers come back, and are offered the rest.
    for link in links.live where links[link]?.serves(key) == true {
      drop(link, .goingAway, "some files in the folder were changed", at: now)
    }
    for i in trackers.indices { trackers[i].deregister(id: id) }
    publish(key, at: now)
    wake(at: now)
    return true
  }

  /// Ends the download of a file that is complete: it is no longer wanted from anybody.
  mutating func finish(_ key: FileKey, at now: Instant) {
    let received = files[key]?.download.map { download in { download.received(from: $0) } }
    let sources = files[key]?.finish() ?? []
    publish(key, at: now)
    for link in links.live {
      _ = announce(to: link, at: now)
      guard let source = sources.first(where: { $0.link == link }) else { continue }
      links[link]?.stopWanting(key, at: now)
      var cancel = Cancel()
      cancel.file = source.number
      let size = files[key]?.copy?.bytes ?? 0
      let progress = Progress(source.number, bytes: size, received: received?(source.address) ?? 0)
      resources.outbox.post(progress, then: cancel, to: link)
    }
    deliver(at: now)
    emit(.completed(key))
    wake(at: now)
  }

  // MARK: Announcements

  /// Tells trackers, and the peers that are waiting for an offer, about a file whose cut is proven.
  mutating func publish(_ key: FileKey, at now: Instant) {
    guard let file = files[key], let copy = file.offered else { return }
    for i in trackers.indices {
      let name = file.name(listing: listingTrackers.contains(i))
      trackers[i].register(id: file.id, cut: copy.cut, name: name, have: copy.chunks)
    }
    for link in links.live {
      for entry in links[link]?.served ?? [] where entry.file == key { offer(link, entry, at: now) }
    }
    deliver(at: now)
  }

  /// Sends a peer the offer of a file, if its cut is known and the peer has not had the offer yet.
  mutating func offer(_ link: LinkKey, _ entry: PeerLink.Entry, at now: Instant) {
    guard let file = files[entry.file], let copy = file.offered else { return }
    files[entry.file]?.upload.offer(copy, name: file.name, to: link, entry.number, &resources, at: now)
  }

  /// Announces a chunk that is now here.
  mutating func announce(_ chunk: Int, of key: FileKey) {
    emit(.chunk(key, chunk))
    guard let file = files[key], file.isServed else { return }
    for i in trackers.indices { trackers[i].gained(ChunkRun(first: UInt32(chunk), count: 1), of: file.id) }
    files[key]?.upload.gain(chunk)
  }

  /// Announces chunks that a peer does not know of, as many as its connection takes now; returns whether those were
  /// all.
  mutating func announce(to key: LinkKey, at now: Instant) -> Bool {
    guard let link = links[key], !link.served.isEmpty else { return true }
    var room = SwarmConstants.queuedHaves - endpoint.queued(link.connection).messages
    var isSeeding = false
    for entry in link.served {
      guard let copy = files[entry.file]?.copy else { continue }
      isSeeding = self.isSeeding(entry, to: key, at: now) || isSeeding
      let theirs = files[entry.file]?.download?.source(key)?.announced
      let isAll = files[entry.file]?.upload.announce(
        copy, to: key, entry.number, having: theirs, room: &room, &resources.outbox)
      guard isAll != false else {
        deliver(at: now)
        return false
      }
    }
    deliver(at: now)
    return !isSeeding
  }

  /// Whether only part of a complete file is announced to a peer, for the time being.
  private mutating func isSeeding(_ entry: PeerLink.Entry, to key: LinkKey, at now: Instant) -> Bool {
    guard let connection = links[key]?.connection else { return false }
    let isIdle = queuedRanges(key) == 0
    let roundTrip = endpoint.roundTrip(connection) ?? 0
    return files[entry.file]?.upload.isSeeding(
      to: key, entry.number, isIdle: isIdle, roundTrip: roundTrip, &resources.random, at: now) ?? false
  }

  // MARK: Addresses

  /// Allows IP packets of `mtu` bytes, as the interface towards a peer that has just connected takes them: see
  /// `Endpoint.allow(mtu:on:at:)`.
  package mutating func allow(mtu: Int, towards address: Address, at now: Instant) {
    for key in links.live {
      guard let link = links[key], link.address == address else { continue }
      endpoint.allow(mtu: mtu, on: link.connection, at: now)
    }
  }

  /// Adds the addresses of one peer that may have a file, the likeliest first: they are tried one after another, until
  /// one answers.
  package mutating func add(peerAt addresses: [Address], for key: FileKey, at now: Instant) {
    guard files[key]?.isWanted == true else { return }
    let others = addresses.filter { !configuration.ownAddresses.contains($0) }
    files[key]?.download?.book.add(peerAt: others, limit: configuration.addressesPerFile)
    wake(at: now)
  }

  /// Adds the address of a peer that may have a file.
  package mutating func add(peer address: Address, for key: FileKey, at now: Instant) {
    guard files[key]?.isWanted == true, !configuration.ownAddresses.contains(address) else { return }
    files[key]?.download?.book.add(address, limit: configuration.addressesPerFile)
    wake(at: now)
  }

  /// The addresses of peers that may have a file.
  package func addresses(of key: FileKey) -> [Address] { files[key]?.download?.book.entries.keys.map { $0 } ?? [] }

  /// The number of known peers that may have a file.
  package func knownPeers(_ key: FileKey) -> Int { files[key]?.download?.book.peerCount ?? 0 }

  /// The addresses of peers that may have a wanted file, and of trackers.
  package var contacts: [Address] {
    trackers.map(\.tracker) + files.wanted.flatMap { files[$0]?.download?.book.entries.keys.map { $0 } ?? [] }
  }

  // MARK: State

  /// The manifest, of which requests in `ContentSpace.manifest` are ranges; nil while it is not known.
  package func manifest(_ key: FileKey) -> Manifest? { files[key]?.manifest }

  /// The name that a peer gave the file; not to be trusted.
  package func name(_ key: FileKey) -> String { files[key]?.name ?? "" }

  /// The pieces that are here.
  package func pieces(_ key: FileKey) -> BitSet { files[key]?.copy?.have ?? BitSet(capacity: 0) }

  /// The chunks that are complete.
  package func chunks(_ key: FileKey) -> BitSet { files[key]?.copy?.chunks ?? BitSet(capacity: 0) }

  /// The progress of a file.
  package func progress(_ key: FileKey) -> FileProgress {
    guard let file = files[key] else { return FileProgress() }
    var progress = file.progress
    progress.peers = file.download?.sources.count { $0.pieces != nil && links[$0.link]?.isOpen == true } ?? 0
    return progress
  }
}
