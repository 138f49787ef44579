import ShoalTransport
import ShoalWire

extension Swarm {
  // MARK: Offers

  mutating func receive(_ offer: Offer, _ index: Int, at now: Instant) {
    guard let subscription = sessions[index]?.subscriptions[offer.file], subscription.offer == nil else { return }
    let cut = Cut(size: offer.size, pieceExponent: offer.pieceExponent, chunks: offer.chunks)
    guard cut.isValid else { return drop(index, .protocolError, "offer of an impossible cut", at: now) }
    sessions[index]?.subscriptions[offer.file]?.offer = offer
    let key = subscription.file
    if files[key.index].name.isEmpty { files[key.index].name = offer.name }
    if files[key.index].phase == .searching { reviewFetch(key, at: now) }
    refreshPieces(index, offer.file)
    fill(index, offer.file, at: now)
  }

  mutating func receive(_ have: Have, _ index: Int, at now: Instant) {
    guard let subscription = sessions[index]?.subscriptions[have.file] else { return }
    guard subscription.announced.count + have.chunks.count <= SwarmConstants.earlyRuns || subscription.pieces != nil
    else { return }
    if let pieces = subscription.pieces, subscription.offer != nil {
      let cut = files[subscription.file.index].cut
      sessions[index]?.subscriptions[have.file]?.pieces = pieces.union(cut.pieceSet(have.chunks))
    } else {
      sessions[index]?.subscriptions[have.file]?.announced += have.chunks
    }
    fill(index, have.file, at: now)
  }

  mutating func receive(_ refuse: Refuse, _ index: Int, at now: Instant) {
    guard let session = sessions[index], let subscription = session.subscriptions[refuse.file] else { return }
    let key = subscription.file
    if refuse.ranges.isEmpty {
      emit(.refused(key, session.address, code: refuse.code))
      sessions[index]?.subscriptions[refuse.file] = nil
      release(index, key)
      if files[key.index].fetch?.session == index { files[key.index].fetch = nil }
      files[key.index].book.ended(session.address, wasOpen: false, at: now)
      closeIfIdle(index, at: now)
    } else if refuse.space == ContentSpace.content.rawValue {
      // It is asked again with the next tick, or another is.
      release(index, key)
      if refuse.code == Refusal.notHere.rawValue, files[key.index].manifest != nil {
        sessions[index]?.subscriptions[refuse.file]?.pieces = nil
      }
    }
  }

  /// Notes which pieces a peer has, by our cut, as soon as that can be said.
  private mutating func refreshPieces(_ index: Int, _ number: UInt16) {
    guard let subscription = sessions[index]?.subscriptions[number], let offer = subscription.offer,
      subscription.pieces == nil, let manifest = files[subscription.file.index].manifest
    else { return }
    let cut = Cut(size: offer.size, pieceExponent: offer.pieceExponent, chunks: offer.chunks)
    guard cut.size == manifest.cut.size else { return }
    let chunks = ChunkSet(capacity: Int(cut.chunks), runs: offer.have + subscription.announced)
    if cut == manifest.cut {
      sessions[index]?.subscriptions[number]?.pieces = cut.pieceSet(chunks.runs())
    } else if chunks.isComplete {
      // Requests are of bytes, so who has all serves any cut.
      sessions[index]?.subscriptions[number]?.pieces = .full(capacity: manifest.cut.pieces)
    } else {
      return
    }
    sessions[index]?.subscriptions[number]?.announced = []
  }

  mutating func refreshPieces(_ key: FileKey, at now: Instant) {
    for index in sessions.indices {
      guard let number = sessions[index]?.number(of: key) else { continue }
      refreshPieces(index, number)
      fill(index, number, at: now)
    }
  }

  // MARK: The manifest

  /// Sees to it that the manifest is being fetched, from a peer that makes progress.
  mutating func reviewFetch(_ key: FileKey, at now: Instant) {
    var avoid: Int?
    if let fetch = files[key.index].fetch {
      guard now - fetch.progressAt > ManifestFetch.patience else { return }
      files[key.index].fetch = nil
      avoid = fetch.session
    }
    let offers = sessions.indices.compactMap { index -> (index: Int, number: UInt16, cut: Cut)? in
      guard let number = sessions[index]?.number(of: key),
        let offer = sessions[index]?.subscriptions[number]?.offer
      else { return nil }
      let cut = Cut(size: offer.size, pieceExponent: offer.pieceExponent, chunks: offer.chunks)
      if let expected = files[key.index].expected, expected.size != cut.size { return nil }
      return (index, number, cut)
    }
    guard let (index, number, cut) = offers.first(where: { $0.index != avoid }) ?? offers.first else { return }
    guard cut.pieces > 1 else {
      guard cut.size > 0 else { return distrust(index, key, piece: nil, at: now) }
      return found(Manifest(id: files[key.index].id, unproven: cut), key, at: now)
    }
    let fetch = ManifestFetch(id: files[key.index].id, cut: cut, session: index, at: now)
    files[key.index].fetch = fetch
    request([fetch.firstRequest], .manifest, number, index)
  }

  private mutating func found(_ manifest: Manifest, _ key: FileKey, at now: Instant) {
    files[key.index].fetch = nil
    files[key.index].manifest = manifest
    files[key.index].phase = .preparing
    emit(.manifest(key))
  }

  private mutating func receiveManifest(_ block: Block, _ index: Int, _ key: FileKey, _ bytes: RawSpan, at now: Instant) {
    guard files[key.index].fetch?.session == index else { return }
    guard let outcome = files[key.index].fetch?.receive(block, bytes, at: now) else { return }
    switch outcome {
    case .more: break
    case .request(let range): request([range], .manifest, block.file, index)
    case .complete(let manifest): found(manifest, key, at: now)
    case .wrong:
      files[key.index].fetch = nil
      distrust(index, key, piece: nil, at: now)
    }
  }

  private mutating func request(_ ranges: [RangeField], _ space: ContentSpace, _ number: UInt16, _ index: Int) {
    var request = Request()
    request.file = number
    request.space = space.rawValue
    request.ranges = ranges
    post(request, on: index)
  }

  // MARK: Blocks

  mutating func receive(_ block: Block, _ index: Int, _ bytes: RawSpan, at now: Instant) {
    guard let key = sessions[index]?.subscriptions[block.file]?.file else { return }
    guard block.space == ContentSpace.content.rawValue else {
      if block.space == ContentSpace.manifest.rawValue { receiveManifest(block, index, key, bytes, at: now) }
      return
    }
    let count = block.content.count
    guard files[key.index].phase == .downloading, count > 0, block.offset < files[key.index].cut.size else { return }
    let cut = files[key.index].cut
    let piece = cut.piece(at: block.offset)
    let start = Int(block.offset - cut.pieceOffset(piece))
    guard count <= cut.pieceLength(piece) - start else { return }
    sessions[index]?.subscriptions[block.file]?.progressAt = now
    sessions[index]?.subscriptions[block.file]?.isSnubbed = false
    sessions[index]?.subscriptions[block.file]?.sinceTick += count
    let address = sessions[index]!.address
    let fresh = files[key.index].active[piece]?.accept(start..<start + count, from: index, address) ?? (new: 0, paid: 0)
    sessions[index]?.subscriptions[block.file]?.outstanding -= fresh.paid
    files[key.index].progress.redundant += UInt64(count - fresh.new)
    if fresh.new > 0 {
      files[key.index].progress.accepted += UInt64(fresh.new)
      sessions[index]?.subscriptions[block.file]?.received += UInt64(fresh.new)
      emit(.block(key, piece: piece, offset: start, content: block.content))
      if files[key.index].active[piece]?.received.count == cut.pieceLength(piece) { gathered(piece, key) }
    }
    fill(index, block.file, at: now)
  }

  /// All bytes of a piece are here: the host verifies it, and whoever still owes any of it is told not to.
  private mutating func gathered(_ piece: Int, _ key: FileKey) {
    let requesters = files[key.index].active[piece]?.requesters ?? []
    files[key.index].active[piece]?.requesters = []
    files[key.index].active[piece]?.isVerifying = true
    for requester in requesters where requester.outstanding > 0 {
      cancelRequest(piece, key, requester)
      guard let number = sessions[requester.session]?.number(of: key) else { continue }
      sessions[requester.session]?.subscriptions[number]?.outstanding -= requester.outstanding
    }
    emit(.pieceGathered(key, piece: piece))
  }

  /// The host has hashed a gathered piece and, if it is right, written it.
  public mutating func pieceVerified(_ key: FileKey, piece: Int, isRight: Bool, at now: Instant) {
    guard let active = files[key.index].active.removeValue(forKey: piece) else { return }
    let length = files[key.index].cut.pieceLength(piece)
    buffered -= length
    guard isRight else {
      files[key.index].missing.insert(piece)
      blame(active, piece, key, at: now)
      return wake(at: now)
    }
    files[key.index].have.insert(piece)
    files[key.index].progress.bytes += UInt64(length)
    for (address, bytes) in active.contributors { files[key.index].progress.from[address, default: 0] += UInt64(bytes) }
    if let chunk = files[key.index].complete(piece) { announce(chunk, key) }
    if files[key.index].have.isComplete { finish(key, at: now) } else { fillAll(at: now) }
    wake(at: now)
  }

  private mutating func announce(_ chunk: Int, _ key: FileKey) {
    let run = ChunkRun(first: UInt32(chunk), count: 1)
    for i in trackers.indices { trackers[i].gained(run, of: files[key.index].id) }
    for index in sessions.indices {
      for (number, service) in sessions[index]?.services ?? [:] where service.file == key {
        sessions[index]?.services[number]?.unannounced.insertInOrder(run)
      }
    }
    emit(.chunk(key, chunk))
  }

  /// A piece that is wrong and came from one peer alone is that peer's fault; otherwise it is fetched again from one.
  private mutating func blame(_ active: ActivePiece, _ piece: Int, _ key: FileKey, at now: Instant) {
    let isProven = files[key.index].cut.pieces > 1
    guard active.contributors.count == 1, let address = active.contributors.keys.first else { return }
    if !isProven {
      // The size itself may be false: what was believed of the file is forgotten with the peer that said it.
      files[key.index].manifest = nil
      files[key.index].phase = .searching
      files[key.index].active = [:]
    }
    if let index = sessions.firstIndex(where: { $0?.address == address && $0?.number(of: key) != nil }) {
      distrust(index, key, piece: piece, at: now)
    }
    if !isProven {
      for index in sessions.indices {
        guard let number = sessions[index]?.number(of: key) else { continue }
        sessions[index]?.subscriptions[number]?.pieces = nil
        sessions[index]?.subscriptions[number]?.outstanding = 0
      }
    }
  }

  private mutating func distrust(_ index: Int, _ key: FileKey, piece: Int?, at now: Instant) {
    guard let address = sessions[index]?.address else { return }
    emit(.distrusted(key, address, piece: piece))
    drop(index, .badContent, piece.map { "piece \($0) does not fit the file's id" } ?? "manifest does not fit", at: now)
    for i in files.indices { files[i].book.ban(address, until: now + SwarmConstants.ban) }
  }
}

extension ActivePiece {
  /// Takes bytes from a session: how many are new, and how many of those that it owed are paid.
  mutating func accept(_ range: Range<Int>, from session: Int, _ address: Address) -> (new: Int, paid: Int) {
    guard !isVerifying, let i = requesters.firstIndex(where: { $0.session == session }) else { return (0, 0) }
    let new = received.insert(range)
    let paid = min(requesters[i].outstanding, range.count)
    requesters[i].outstanding -= paid
    if new > 0 { contributors[address, default: 0] += new }
    return (new, paid)
  }
}

extension [ChunkRun] {
  /// Adds a run that overlaps none, keeping the order and joining neighbours.
  mutating func insertInOrder(_ run: ChunkRun) {
    let i = firstIndex { $0.first > run.first } ?? count
    if i > 0, self[i - 1].end == run.first {
      self[i - 1].count += run.count
    } else {
      insert(run, at: i)
    }
  }
}
