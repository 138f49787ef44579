import ShoalBase
import ShoalTransport
import ShoalWire

extension Swarm {
  mutating func receive(_ block: Block, _ index: Int, _ bytes: RawSpan, at now: Instant) {
    guard let s = sessions[index]?.place(of: block.file) else { return }
    let key = sessions[index]!.subscriptions[s].file
    switch ContentSpace(rawValue: block.space) {
    case .manifest: receiveManifest(block, index, key, bytes, at: now)
    case .content: receiveContent(block, index, s, key, at: now)
    case nil: break
    }
  }

  /// A block may touch several pieces, begin before what was asked for and end behind it, or behind the file: what was
  /// asked of this peer is taken.
  private mutating func receiveContent(_ block: Block, _ index: Int, _ s: Int, _ key: FileKey, at now: Instant) {
    let cut = files[key.index].cut
    guard files[key.index].phase == .downloading, block.offset < cut.size else { return }
    var offset = block.offset
    var content = block.content
    content.count = min(content.count, Int(clamping: cut.size - offset))
    while content.count > 0 {
      let piece = cut.piece(at: offset)
      let start = Int(offset - cut.pieceOffset(piece))
      let part = ByteRange(offset: content.offset, count: min(content.count, cut.pieceLength(piece) - start))
      receive(part, piece, start, index, s, key, at: now)
      offset += UInt64(part.count)
      content = ByteRange(offset: part.end, count: content.count - part.count)
    }
  }

  /// Bytes of one piece have come.
  private mutating func receive(
    _ part: ByteRange, _ piece: Int, _ start: Int, _ index: Int, _ s: Int, _ key: FileKey, at now: Instant
  ) {
    let address = sessions[index]!.address
    var (fresh, total, second): (Int, Int, Int?) = (0, 0, nil)
    if let place = files[key.index].active.index(forKey: piece) {
      (fresh, total, second) = files[key.index].active.values[place].accept(
        start..<start + part.count, from: index, address)
    }
    if fresh < part.count { files[key.index].progress.redundant += UInt64(part.count - fresh) }
    // It sends again, be it something that came too late.
    sessions[index]!.subscriptions[s].end(snub: now)
    guard fresh > 0 else { return }
    // Whoever was asked for these bytes need not send them: outstanding is what is missing of the pieces asked for.
    sessions[index]!.subscriptions[s].took(fresh, at: now)
    if let second, let s = sessions[second]?.place(of: key) {
      sessions[second]!.subscriptions[s].outstanding -= fresh
    }
    files[key.index].progress.accepted += UInt64(fresh)
    emit(.block(key, piece: piece, offset: start, content: part))
    if total == files[key.index].cut.pieceLength(piece) { gathered(piece, key, by: index) }
    fill(index, s, at: now)
  }

  /// All bytes of a piece are here: the host verifies it, and whoever was asked for it too is told not to send it.
  private mutating func gathered(_ piece: Int, _ key: FileKey, by index: Int) {
    for requester in files[key.index].active[piece]?.requesters ?? [] {
      if requester != index { cancelRequests([piece], key, of: requester) }
      if let s = sessions[requester]?.place(of: key) { sessions[requester]!.subscriptions[s].requested -= 1 }
    }
    files[key.index].active[piece]?.requesters = []
    files[key.index].active[piece]?.isVerifying = true
    emit(.pieceGathered(key, piece: piece))
  }

  /// The host has hashed a gathered piece and, if it is right, written it.
  public mutating func pieceVerified(_ key: FileKey, piece: Int, isRight: Bool, at now: Instant) {
    guard files[key.index].active[piece]?.isVerifying == true,
      let active = files[key.index].active.removeValue(forKey: piece)
    else { return }
    let length = files[key.index].cut.pieceLength(piece)
    buffered -= length
    if isRight {
      files[key.index].have.insert(piece)
      files[key.index].suspects.remove(piece)
      files[key.index].progress.bytes += UInt64(length)
      for part in active.contributions {
        files[key.index].progress.from[part.address, default: 0] += UInt64(part.bytes)
      }
      if let chunk = files[key.index].complete(piece) { announce(chunk, key) }
      if files[key.index].have.isComplete { finish(key, at: now) }
    } else {
      files[key.index].missing.insert(piece)
      wet(key)
      blame(active, piece, key, at: now)
      wake(at: now)
    }
    guard isBufferFull else { return }
    isBufferFull = false
    for i in files.indices where files[i].phase == .downloading { wet(FileKey(i)) }
    fillAll(at: now)
  }

  /// A piece that is wrong and came from one peer alone is that peer's fault; otherwise it is fetched again from one.
  private mutating func blame(_ active: ActivePiece, _ piece: Int, _ key: FileKey, at now: Instant) {
    guard active.contributions.count == 1 else {
      files[key.index].suspects.insert(piece)
      return
    }
    // The size itself may be false: what was believed of the file is forgotten with the peer that said it.
    if files[key.index].cut.pieces == 1 { searchAgain(key) }
    distrust(key, active.contributions[0].address, piece: piece, at: now)
  }

  /// A peer sent what does not fit the file's id: nothing is asked of it any more.
  mutating func distrust(_ key: FileKey, _ address: Address, piece: Int?, at now: Instant) {
    emit(.distrusted(key, address, piece: piece))
    bans.insert(address, at: now)
    let reason = piece.map { "piece \($0) does not fit the file's id" } ?? "manifest does not fit"
    for index in live where sessions[index]?.address == address { drop(index, .badContent, reason, at: now) }
    for i in files.indices { files[i].book.rest(address, until: now + SwarmConstants.ban) }
  }
}

extension Subscription {
  fileprivate mutating func end(snub now: Instant) {
    guard snubbedUntil != nil else { return }
    snubbedUntil = nil
    isDry = false
    progressAt = now
  }

  fileprivate mutating func took(_ bytes: Int, at now: Instant) {
    progressAt = now
    hasSent = true
    refusals = 0
    sinceMeasured += bytes
    outstanding -= bytes
  }
}
