import ShoalBase
import ShoalTransport
import ShoalWire

extension Swarm {
  // MARK: Whom to ask for how much

  /// How fast a peer sends, how much is to be kept requested from it, and whether it still sends.
  mutating func measure(_ index: Int, elapsed: Nanoseconds, queue: Int, at now: Instant) {
    guard let session = sessions[index], !session.subscriptions.isEmpty else { return }
    let roundTrip = endpoint.roundTrip(session.connection) ?? 100 * .millisecond
    let leastRoundTrip = endpoint.leastRoundTrip(session.connection) ?? roundTrip
    for s in session.subscriptions.indices {
      var subscription = session.subscriptions[s]
      let rate = Double(subscription.sinceMeasured) * 1e9 / Double(elapsed)
      subscription.sinceMeasured = 0
      // A rate that grows will have grown again by the time that what is asked for now is sent.
      let growth = subscription.rate * 1.25 < rate ? 2.0 : 1
      // The rate falls slowly, so that a moment's pause does not starve the peer of requests.
      subscription.rate = max(rate, subscription.rate * 0.95)
      // Twice what a round trip takes, as the rate may double in the next; half of what is buffered is for others.
      let flight = Int(growth * subscription.rate * Double(2 * roundTrip + SwarmConstants.tick) / 1e9)
      let held = Int(growth * subscription.rate * Double(2 * leastRoundTrip) / 1e9) + queue
      subscription.budget = max(configuration.leastRequests, min(flight, held, configuration.bufferLimit / 2))
      if let end = subscription.snubbedUntil, end <= now {
        subscription.snubbedUntil = nil
        subscription.isDry = false
      }
      subscription.endDenials(at: now)
      sessions[index]!.subscriptions[s] = subscription
      guard subscription.isStalled(at: now) else { continue }
      handOver(index, s, at: now)
      if let last = subscription.askedAgainAt, now - last <= SwarmConstants.patience { continue }
      askAgain(index, s, at: now)
    }
  }

  /// What a silent peer owes is asked of others, as far as they have it.
  private mutating func handOver(_ index: Int, _ s: Int, at now: Instant) {
    let key = sessions[index]!.subscriptions[s].file
    let pieces = files[key.index].active.keys.filter {
      files[key.index].active[$0]!.requesters.contains(index) && isServed($0, key, byOtherThan: index, at: now)
    }.sorted()
    guard !pieces.isEmpty else { return }
    sessions[index]!.subscriptions[s].snubbedUntil = now + SwarmConstants.snub
    sessions[index]!.subscriptions[s].rate = 0
    sessions[index]!.subscriptions[s].budget = configuration.leastRequests
    cancelRequests(pieces, key, of: index)
    for piece in pieces { release(piece, key, of: index) }
  }

  /// What a silent peer owes and no one else has is asked of it anew: an earlier CANCEL may have been overtaken by the
  /// REQUEST that followed it. CANCEL and REQUEST go in one message, so that these two keep their order.
  private mutating func askAgain(_ index: Int, _ s: Int, at now: Instant) {
    let subscription = sessions[index]!.subscriptions[s]
    guard subscription.outstanding > 0, let connection = sessions[index]?.connection else { return }
    sessions[index]!.subscriptions[s].askedAgainAt = now
    let file = subscription.file.index
    let pieces = owed(by: index, subscription.file)
    let ranges = pieces.map {
      RangeField(offset: files[file].cut.pieceOffset($0), length: UInt32(files[file].cut.pieceLength($0)))
    }
    for first in stride(from: 0, to: ranges.count, by: SwarmConstants.rangesPerMessage / 2) {
      var cancel = Cancel()
      cancel.file = subscription.number
      cancel.ranges = Array(ranges[first..<min(first + SwarmConstants.rangesPerMessage / 2, ranges.count)])
      var request = Request()
      request.file = subscription.number
      request.ranges = cancel.ranges
      if let both = try? cancel.encoded() + request.encoded() { endpoint.send(both, on: connection) }
    }
  }

  /// Whether a peer that sends has the piece.
  private func isServed(_ piece: Int, _ key: FileKey, byOtherThan index: Int, at now: Instant) -> Bool {
    live.contains { other in
      guard other != index, let s = sessions[other]?.place(of: key) else { return false }
      let subscription = sessions[other]!.subscriptions[s]
      return subscription.snubbedUntil == nil && !subscription.isStalled(at: now)
        && subscription.pieces?.contains(piece) ?? false
    }
  }

  /// Tells a peer that it need not send what it has not yet sent of these pieces.
  mutating func cancelRequests(_ pieces: [Int], _ key: FileKey, of index: Int) {
    guard let s = sessions[index]?.place(of: key) else { return }
    let cut = files[key.index].cut
    for first in stride(from: 0, to: pieces.count, by: SwarmConstants.rangesPerMessage) {
      var cancel = Cancel()
      cancel.file = sessions[index]!.subscriptions[s].number
      cancel.ranges = pieces[first..<min(first + SwarmConstants.rangesPerMessage, pieces.count)].map {
        RangeField(offset: cut.pieceOffset($0), length: UInt32(cut.pieceLength($0)))
      }
      post(cancel, on: index)
    }
  }

  // MARK: Pieces that are given up

  /// Nothing more of a file is expected from a session; what it had begun stays, and is asked of others.
  mutating func release(_ index: Int, _ key: FileKey) {
    for piece in owed(by: index, key) { release(piece, key, of: index) }
  }

  /// The pieces that a session was asked for and that are not all here.
  func owed(by index: Int, _ key: FileKey) -> [Int] {
    files[key.index].active.keys.filter { files[key.index].active[$0]!.requesters.contains(index) }.sorted()
  }

  /// A piece is not expected from a session any more.
  mutating func release(_ piece: Int, _ key: FileKey, of index: Int) {
    guard let active = files[key.index].active[piece], active.requesters.contains(index) else { return }
    files[key.index].active[piece]!.requesters.removeAll { $0 == index }
    if let s = sessions[index]?.place(of: key) {
      sessions[index]!.subscriptions[s].requested -= 1
      sessions[index]!.subscriptions[s].outstanding -= files[key.index].cut.pieceLength(piece) - active.received.count
    }
    guard files[key.index].active[piece]!.requesters.isEmpty else { return }
    if active.received.count == 0 || active.isSuspect {
      giveUp(piece, key)
    } else {
      files[key.index].orphans.append(piece)
    }
    wet(key)
  }

  /// What has come of a piece, if anything, is not kept.
  private mutating func giveUp(_ piece: Int, _ key: FileKey) {
    guard let active = files[key.index].active.removeValue(forKey: piece) else { return }
    buffered -= files[key.index].cut.pieceLength(piece)
    files[key.index].missing.insert(piece)
    if active.received.count > 0 { emit(.pieceDropped(key, piece: piece)) }
  }

  /// Nothing of a file is expected any more.
  mutating func dropActive(_ key: FileKey) {
    for piece in files[key.index].active.keys.sorted() { giveUp(piece, key) }
    files[key.index].orphans = []
  }

  /// There is something new to ask for: those who had nothing to be asked for may have it.
  mutating func wet(_ key: FileKey) {
    for index in live {
      guard let s = sessions[index]?.place(of: key) else { continue }
      sessions[index]!.subscriptions[s].isDry = false
    }
  }

  // MARK: Requests

  /// Fills all requests. Each time another peer is the first, so that all get of what little may be buffered.
  mutating func fillAll(at now: Instant) {
    guard !live.isEmpty else { return }
    firstToFill = (firstToFill + 1) % live.count
    for i in live.indices {
      let index = live[(firstToFill + i) % live.count]
      for s in sessions[index]?.subscriptions.indices ?? 0..<0 { fill(index, s, at: now) }
    }
  }

  /// Keeps enough requested from a peer: pieces that others have begun and left, then new ones in random order.
  mutating func fill(_ index: Int, _ s: Int, at now: Instant) {
    // Most blocks change nothing: enough is requested.
    guard sessions[index]!.subscriptions[s].wantsMore else { return }
    let key = sessions[index]!.subscriptions[s].file
    guard files[key.index].phase == .downloading, sessions[index]!.subscriptions[s].pieces != nil else { return }
    var ranges: [RangeField] = []
    while sessions[index]!.subscriptions[s].wantsMore {
      guard let piece = pick(key, index, s) else {
        sessions[index]!.subscriptions[s].isDry = true
        break
      }
      assign(piece, key, index, s, &ranges, at: now)
    }
    request(ranges, index, s)
  }

  private mutating func pick(_ key: FileKey, _ index: Int, _ s: Int) -> Int? {
    let orphan = files[key.index].orphans.firstIndex { sessions[index]!.subscriptions[s].pieces!.contains($0) }
    if let orphan { return files[key.index].orphans.remove(at: orphan) }
    let start = Int(generator.next() % UInt64(max(files[key.index].missing.capacity, 1)))
    guard let piece = files[key.index].missing.first(from: start, in: sessions[index]!.subscriptions[s].pieces!) else {
      return nil
    }
    let length = files[key.index].cut.pieceLength(piece)
    while buffered > 0, buffered + length > configuration.bufferLimit {
      guard reclaim() else {
        isBufferFull = true
        return nil
      }
    }
    begin(piece, key)
    return piece
  }

  private mutating func begin(_ piece: Int, _ key: FileKey) {
    files[key.index].missing.remove(piece)
    files[key.index].active[piece] = ActivePiece(isSuspect: files[key.index].suspects.contains(piece))
    buffered += files[key.index].cut.pieceLength(piece)
  }

  /// Too much is buffered: a piece that nobody is asked for gives way. Whether there was one.
  private mutating func reclaim() -> Bool {
    for i in files.indices where !files[i].orphans.isEmpty {
      giveUp(files[i].orphans.removeFirst(), FileKey(i))
      return true
    }
    return false
  }

  private mutating func assign(
    _ piece: Int, _ key: FileKey, _ index: Int, _ s: Int, _ ranges: inout [RangeField], at now: Instant
  ) {
    let offset = files[key.index].cut.pieceOffset(piece)
    let length = files[key.index].cut.pieceLength(piece)
    let gaps = files[key.index].active[piece]!.received.gaps(in: 0..<length)
    files[key.index].active[piece]!.requesters.append(index)
    if sessions[index]!.subscriptions[s].outstanding == 0 { sessions[index]!.subscriptions[s].progressAt = now }
    sessions[index]!.subscriptions[s].outstanding += length - files[key.index].active[piece]!.received.count
    sessions[index]!.subscriptions[s].requested += 1
    sessions[index]!.subscriptions[s].wasAsked = true
    // A piece of many holes is asked for as a whole.
    let asked = gaps.count <= 8 ? gaps : [gaps[0].lowerBound..<gaps[gaps.count - 1].upperBound]
    for gap in asked { ranges.append(RangeField(offset: offset + UInt64(gap.lowerBound), length: UInt32(gap.count))) }
  }

  private mutating func request(_ ranges: [RangeField], _ index: Int, _ s: Int) {
    for first in stride(from: 0, to: ranges.count, by: SwarmConstants.rangesPerMessage) {
      var request = Request()
      request.file = sessions[index]!.subscriptions[s].number
      request.ranges = Array(ranges[first..<min(first + SwarmConstants.rangesPerMessage, ranges.count)])
      post(request, on: index)
    }
  }

  // MARK: Near the end

  /// With the ticks only, as it looks at all pieces that are on their way.
  mutating func fillEnds(at now: Instant) {
    for index in live {
      for s in sessions[index]?.subscriptions.indices ?? 0..<0 { fillEnd(index, s, at: now) }
    }
  }

  /// A peer that has nothing else to be asked for is asked for what a slower one still owes.
  private mutating func fillEnd(_ index: Int, _ s: Int, at now: Instant) {
    let subscription = sessions[index]!.subscriptions[s]
    guard subscription.isDry, !isBufferFull, subscription.outstanding < subscription.budget,
      subscription.snubbedUntil == nil, !subscription.isStalled(at: now), subscription.pieces?.isEmpty == false,
      files[subscription.file.index].phase == .downloading
    else { return }
    var ranges: [RangeField] = []
    while sessions[index]!.subscriptions[s].outstanding < subscription.budget,
      let (piece, owner) = slowest(subscription.file, index, s)
    {
      if files[subscription.file.index].active[piece]!.received.count == 0 {
        // The other has not begun: it need not, rather than that both send it.
        cancelRequests([piece], subscription.file, of: owner)
        release(piece, subscription.file, of: owner)
        begin(piece, subscription.file)
      }
      assign(piece, subscription.file, index, s, &ranges, at: now)
    }
    request(ranges, index, s)
  }

  /// The piece for which one waits longest, and at least a little, if this peer would have it in half the time; and
  /// who owes it.
  private func slowest(_ key: FileKey, _ index: Int, _ s: Int) -> (piece: Int, owner: Int)? {
    let subscription = sessions[index]!.subscriptions[s]
    var best: (piece: Int, owner: Int, wait: Double, missing: Int)?
    for (piece, state) in files[key.index].active {
      guard !state.isVerifying, !state.isSuspect, state.requesters.count < SwarmConstants.requestersPerPiece,
        let requester = state.requesters.first, requester != index, subscription.pieces!.contains(piece),
        let other = sessions[requester]?.place(of: key).map({ sessions[requester]!.subscriptions[$0] })
      else { continue }
      let missing = files[key.index].cut.pieceLength(piece) - state.received.count
      // One that has begun is done soon, and stopping it wastes what is on its way: it is left alone until the end.
      let isBegun = state.received.count > 0
      guard !isBegun || files[key.index].missing.isEmpty else { continue }
      let wait = Double(isBegun ? missing : other.outstanding) / max(other.rate, 1)
      // One that has not been asked yet is given the benefit of the doubt; but only then, lest two silent ones take a
      // piece from each other for ever. One that has not sent yet is given time.
      guard other.hasSent else { continue }
      let rate = subscription.wasAsked ? max(subscription.rate, 1) : max(other.rate, 100_000)
      let ours = Double(subscription.outstanding + missing) / rate
      guard wait > 2 * ours + 0.1 else { continue }
      // The one of which most is missing, for the other sends the others first; of equals any, but always the same.
      if let best, (wait, missing, -piece) < (best.wait, best.missing, -best.piece) { continue }
      best = (piece, requester, wait, missing)
    }
    return best.map { ($0.piece, $0.owner) }
  }
}
