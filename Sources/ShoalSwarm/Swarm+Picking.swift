import ShoalTransport
import ShoalWire

extension Swarm {
  /// How fast each peer sends, and whether it still does.
  mutating func measure(_ index: Int, elapsed: Nanoseconds, at now: Instant) {
    guard elapsed > 0, let numbers = sessions[index]?.subscriptions.keys else { return }
    for number in numbers {
      guard var subscription = sessions[index]?.subscriptions[number] else { continue }
      let rate = Double(subscription.sinceTick) * 1e9 / Double(elapsed)
      subscription.sinceTick = 0
      // The rate falls slowly, so that a moment's pause does not starve the peer of requests.
      subscription.rate = max(rate, subscription.rate * 0.95)
      sessions[index]?.subscriptions[number] = subscription
      let owes = subscription.outstanding > 0
      if owes, !subscription.isSnubbed, now - subscription.progressAt > SwarmConstants.patience {
        sessions[index]?.subscriptions[number]?.isSnubbed = true
        handOver(index, subscription.file)
      }
    }
  }

  /// What a silent peer owes is asked of others, if there are any.
  private mutating func handOver(_ index: Int, _ key: FileKey) {
    let others = sessions.indices.contains { other in
      guard other != index, let number = sessions[other]?.number(of: key),
        let subscription = sessions[other]?.subscriptions[number]
      else { return false }
      return subscription.pieces?.isEmpty == false && !subscription.isSnubbed
    }
    guard others else { return }
    for (piece, active) in files[key.index].active {
      for requester in active.requesters where requester.session == index { cancelRequest(piece, key, requester) }
    }
    release(index, key)
  }

  /// Tells a peer that it need not send what it has not yet sent of a piece.
  mutating func cancelRequest(_ piece: Int, _ key: FileKey, _ requester: ActivePiece.Requester) {
    guard let number = sessions[requester.session]?.number(of: key) else { return }
    let cut = files[key.index].cut
    var cancel = Cancel()
    cancel.file = number
    cancel.ranges = [RangeField(offset: cut.pieceOffset(piece), length: UInt32(cut.pieceLength(piece)))]
    post(cancel, on: requester.session)
  }

  /// Nothing more is expected from a session; what it had begun stays, and is asked of others.
  mutating func release(_ index: Int, _ key: FileKey) {
    for piece in files[key.index].active.keys {
      files[key.index].active[piece]?.requesters.removeAll { $0.session == index }
    }
    if let number = sessions[index]?.number(of: key) { sessions[index]?.subscriptions[number]?.outstanding = 0 }
  }

  /// How much is kept requested from a peer: what it sends in some round trips, so that it never waits for us.
  private func budget(_ subscription: Subscription, _ connection: ConnectionID) -> Int {
    if subscription.isSnubbed { return 1 }
    let roundTrip = endpoint.roundTrip(connection) ?? 100 * .millisecond
    let flight = subscription.rate * Double(roundTrip + 2 * SwarmConstants.tick) / 1e9
    return max(configuration.leastRequests, Int(4 * flight))
  }

  mutating func fillAll(at now: Instant) {
    for index in sessions.indices {
      guard let numbers = sessions[index]?.subscriptions.keys else { continue }
      for number in numbers { fill(index, number, at: now) }
    }
  }

  /// Keeps enough requested from a peer: pieces that others have begun and left, then new ones in random order, and
  /// at the end what a slower peer still owes.
  mutating func fill(_ index: Int, _ number: UInt16, at now: Instant) {
    guard let session = sessions[index], let subscription = session.subscriptions[number],
      let pieces = subscription.pieces, !pieces.isEmpty, files[subscription.file.index].phase == .downloading
    else { return }
    // Most blocks change nothing: enough is requested.
    guard subscription.outstanding < configuration.leastRequests || subscription.outstanding < budget(subscription, session.connection)
    else { return }
    let key = subscription.file
    let budget = budget(subscription, session.connection)
    var outstanding = subscription.outstanding
    var ranges: [RangeField] = []
    while outstanding < budget, ranges.count < SwarmConstants.rangesPerMessage / 2,
      let piece = pick(key, pieces, index, subscription)
    {
      let offset = files[key.index].cut.pieceOffset(piece)
      let gaps = files[key.index].active[piece]!.received.gaps(files[key.index].cut.pieceLength(piece))
      let owed = gaps.reduce(0) { $0 + $1.count }
      files[key.index].active[piece]!.requesters.append(ActivePiece.Requester(session: index, outstanding: owed))
      outstanding += owed
      // A piece of many holes is asked for as a whole.
      let asked = gaps.count <= 8 ? gaps : [gaps[0].lowerBound..<gaps[gaps.count - 1].upperBound]
      ranges += asked.map { RangeField(offset: offset + UInt64($0.lowerBound), length: UInt32($0.count)) }
    }
    guard !ranges.isEmpty else { return }
    if subscription.outstanding == 0 { sessions[index]?.subscriptions[number]?.progressAt = now }
    sessions[index]?.subscriptions[number]?.outstanding = outstanding
    for first in stride(from: 0, to: ranges.count, by: SwarmConstants.rangesPerMessage) {
      var request = Request()
      request.file = number
      request.ranges = Array(ranges[first..<min(first + SwarmConstants.rangesPerMessage, ranges.count)])
      post(request, on: index)
    }
  }

  private mutating func pick(_ key: FileKey, _ pieces: ChunkSet, _ index: Int, _ subscription: Subscription) -> Int? {
    let active = files[key.index].active
    for (piece, state) in active where state.requesters.isEmpty && !state.isVerifying && pieces.contains(piece) {
      return piece
    }
    let cut = files[key.index].cut
    if buffered + cut.pieceSize <= configuration.bufferLimit || active.isEmpty {
      let start = Int(generator.next() % UInt64(max(pieces.capacity, 1)))
      if let piece = files[key.index].missing.first(from: start, in: pieces) {
        files[key.index].missing.remove(piece)
        files[key.index].active[piece] = ActivePiece()
        buffered += cut.pieceLength(piece)
        return piece
      }
    }
    guard files[key.index].missing.count == 0, !subscription.isSnubbed else { return nil }
    return slowest(key, pieces, index, subscription)
  }

  /// Near the end: the piece that another peer owes longest, if this one would have it in half the time.
  private func slowest(_ key: FileKey, _ pieces: ChunkSet, _ index: Int, _ subscription: Subscription) -> Int? {
    var best: (piece: Int, wait: Double)?
    for (piece, state) in files[key.index].active where !state.isVerifying && pieces.contains(piece) {
      guard state.requesters.count < SwarmConstants.requestersPerPiece,
        !state.requesters.contains(where: { $0.session == index }), let requester = state.requesters.first,
        let number = sessions[requester.session]?.number(of: key),
        let other = sessions[requester.session]?.subscriptions[number]
      else { continue }
      let wait = Double(other.outstanding) / max(other.rate, 1)
      let ours = Double(subscription.outstanding + requester.outstanding) / max(subscription.rate, 1)
      if wait > 2 * ours + 0.1, wait > best?.wait ?? 0 { best = (piece, wait) }
    }
    return best?.piece
  }
}
