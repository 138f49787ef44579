import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

// What is requested, and from whom.
extension Download {
  /// Measures a source, and requests elsewhere what it owes but does not send.
  mutating func measure(_ link: LinkKey, _ path: SourcePath, _ resources: inout SwarmResources, at now: Instant) {
    let (least, most) = (leastRequested, resources.budget.limit / 2)
    let isShared = sources.count > 1
    _ = update(link) { $0.measure(path, isShared: isShared, least: least, most: most, at: now) }
    guard let source = source(link), source.isStalled(at: now) else { return }
    handOver(source, &resources, at: now)
    if let last = source.askedAgainAt, now - last <= SwarmConstants.patience { return }
    askAgain(link, &resources.outbox, at: now)
  }

  /// The least that is kept requested from one source. With more sources, less is committed in advance to each.
  private var leastRequested: Int { leastRequests / max(sources.count, 1) }

  /// Requests what a silent peer owes from others, as far as they have it.
  private mutating func handOver(_ source: Source, _ resources: inout SwarmResources, at now: Instant) {
    let others = sources.filter { $0.link != source.link && $0.isServing(at: now) }
    // Pieces that nobody else has make room too, if there is none for pieces that others have.
    let makesRoom =
      resources.budget.isFull
      && others.contains { $0.pieces.map { !missing.subtracting($0.complement).isEmpty } ?? false }
    let pieces = owed(by: source.link).filter { piece in
      others.contains { $0.pieces?.contains(piece) ?? false } || makesRoom && active[piece]?.isBegun == false
    }
    guard !pieces.isEmpty else { return }
    let least = leastRequested
    _ = update(source.link) { $0.snub(budget: least, at: now) }
    cancel(pieces, of: source.link, &resources.outbox)
    for piece in pieces { release(piece, of: source.link, &resources) }
  }

  /// Requests again, from a silent peer, what it owes and nobody else has: an earlier CANCEL may have been overtaken by
  /// the REQUEST that followed it. This time CANCEL and REQUEST go in one datagram, so that they keep their order.
  private mutating func askAgain(_ link: LinkKey, _ outbox: inout Outbox, at now: Instant) {
    guard let source = source(link), source.outstanding > 0 else { return }
    _ = update(link) { $0.askedAgainAt = now }
    let ranges = owed(by: link).map { range(of: $0) }
    for ranges in ranges.split(every: SwarmConstants.rangesPerMessage / 2) {
      var cancel = Cancel()
      (cancel.file, cancel.ranges) = (source.number, ranges)
      var request = Request()
      (request.file, request.ranges) = (source.number, ranges)
      outbox.post(cancel, then: request, to: link)
    }
  }

  /// Cancels with a peer what it has not yet sent of these pieces.
  func cancel(_ pieces: [Int], of link: LinkKey, _ outbox: inout Outbox) {
    guard let number = source(link)?.number else { return }
    for pieces in pieces.split(every: SwarmConstants.rangesPerMessage) {
      var cancel = Cancel()
      (cancel.file, cancel.ranges) = (number, pieces.map { range(of: $0) })
      outbox.post(cancel, to: link)
    }
  }

  private func range(of piece: Int) -> RangeField {
    RangeField(offset: cut.pieceOffset(piece), length: UInt32(cut.pieceLength(piece)))
  }

  // MARK: Giving up pieces

  /// The incomplete pieces that are requested from a peer.
  func owed(by link: LinkKey) -> [Int] {
    active.filter { $0.value.requesters.contains(link) }.map(\.key).sorted()
  }

  /// Expects nothing more from a peer; pieces that it had begun are kept, and requested from others.
  mutating func release(of link: LinkKey, _ resources: inout SwarmResources) {
    for piece in owed(by: link) { release(piece, of: link, &resources) }
  }

  /// No longer expects a piece from a peer.
  mutating func release(_ piece: Int, of link: LinkKey, _ resources: inout SwarmResources) {
    guard let state = active[piece], state.requesters.contains(link) else { return }
    active[piece]?.requesters.removeAll { $0 == link }
    let missing = cut.pieceLength(piece) - state.received.count
    _ = update(link) {
      $0.requested -= 1
      $0.outstanding -= missing
    }
    guard active[piece]?.requesters.isEmpty == true else { return }
    active[piece]?.leaveBlocks(of: piece, cut)
    if state.proof == nil, active[piece]?.isBegun != true || state.isSuspect {
      giveUp(piece, &resources)
    } else {
      orphans.append(piece)
    }
    revive()
  }

  /// Gives up a piece: its bytes are not kept.
  mutating func giveUp(_ piece: Int, _ resources: inout SwarmResources) {
    guard let state = active.removeValue(forKey: piece) else { return }
    resources.budget.giveBack(cut.pieceLength(piece))
    let isNew = missing.insert(piece)
    assert(isNew, "a piece that was on its way was missing too")
    if state.isHeld { resources.outbox.emit(.pieceDropped(key, piece: piece)) }
  }

  /// Gives up all requested pieces.
  mutating func dropActive(_ resources: inout SwarmResources) {
    for piece in active.keys.sorted() { giveUp(piece, &resources) }
    orphans = []
  }

  /// Drops the oldest begun piece that is not requested from anybody, because too much is buffered; returns whether
  /// there was one.
  mutating func dropOrphan(_ resources: inout SwarmResources) -> Bool {
    guard !orphans.isEmpty else { return false }
    giveUp(orphans.removeFirst(), &resources)
    return true
  }

  /// Notes that there is something new to request, which exhausted sources may have.
  mutating func revive() { updateAll { $0.isExhausted = false } }

  // MARK: Requests

  /// The result of topping up the requests to a peer.
  enum Filling {
    /// As much is requested as should be.
    case enough
    /// The next piece does not fit into the buffer.
    case needsRoom
  }

  /// Keeps enough requested from a peer: first pieces that others have begun and abandoned, then new ones.
  mutating func fill(_ link: LinkKey, _ resources: inout SwarmResources, at now: Instant) -> Filling {
    // Most blocks change nothing, because enough is requested.
    guard phase == .downloading, let s = place(of: link), sources[s].wantsMore, sources[s].pieces != nil else {
      return .enough
    }
    var ranges: [RangeField] = []
    defer { request(ranges, of: sources[s], &resources.outbox) }
    while sources[s].wantsMore, resources.requests.mayRequest(at: now) {
      guard let piece = pick(for: sources[s], &resources.random, at: now) else {
        update(at: s) { $0.isExhausted = true }
        break
      }
      if active[piece] == nil {
        guard resources.budget.hasRoom(for: cut.pieceLength(piece)) else { return .needsRoom }
        begin(piece, &resources.budget)
      }
      let asked = assign(piece, to: s, at: now)
      resources.requests.spend(asked.reduce(0) { $0 + Int($1.length) })
      ranges += asked
    }
    return .enough
  }

  /// Notes that no room can be made for requests to a peer.
  mutating func exhaust(_ link: LinkKey) { _ = update(link) { $0.isExhausted = true } }

  /// Makes a missing piece active, to be requested.
  mutating func begin(_ piece: Int, _ budget: inout PieceBudget) {
    let wasMissing = missing.remove(piece)
    assert(wasMissing && active[piece] == nil, "a piece is missing, on its way or here, and never two of these")
    active[piece] = ActivePiece(isSuspect: suspects.contains(piece))
    budget.take(cut.pieceLength(piece))
  }

  /// Assigns the missing bytes of an active piece to a source; returns the ranges to request.
  mutating func assign(_ piece: Int, to s: Int, at now: Instant) -> [RangeField] {
    guard let state = active[piece] else { return [] }
    let (offset, length) = (cut.pieceOffset(piece), cut.pieceLength(piece))
    let gaps = state.received.gaps(in: 0..<length)
    active[piece]?.requesters.append(sources[s].link)
    active[piece]?.proof?.askedAt = now
    update(at: s) { $0.owes(length - state.received.count, at: now) }
    guard let first = gaps.first, let last = gaps.last else { return [] }
    // A piece with many gaps is requested as a whole.
    let asked = gaps.count <= 8 ? gaps : [first.lowerBound..<last.upperBound]
    return asked.map { RangeField(offset: offset + UInt64($0.lowerBound), length: UInt32($0.count)) }
  }

  func request(_ ranges: [RangeField], of source: Source, _ outbox: inout Outbox) {
    for ranges in ranges.split(every: SwarmConstants.rangesPerMessage) {
      var request = Request()
      (request.file, request.ranges) = (source.number, ranges)
      outbox.post(request, to: source.link)
    }
  }
}

extension Array {
  /// The elements in order, in parts of at most `count`.
  func split(every count: Int) -> [[Element]] {
    stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
  }
}
