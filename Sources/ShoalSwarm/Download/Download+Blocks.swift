import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

extension Download {
  /// Takes content from a peer; returns whether any of it was new. A block may touch several pieces, and may begin
  /// before what was requested and end after it, or after the file: only what was requested from this peer is taken.
  mutating func take(_ block: Block, from link: LinkKey, _ resources: inout SwarmResources, at now: Instant) -> Bool {
    guard phase == .downloading, block.offset < cut.size, let s = place(of: link) else { return false }
    var offset = block.offset
    var content = block.content
    content.count = min(content.count, Int(clamping: cut.size - offset))
    var isNew = false
    while content.count > 0 {
      let piece = cut.piece(at: offset)
      let start = Int(offset - cut.pieceOffset(piece))
      let part = ByteRange(offset: content.offset, count: min(content.count, cut.pieceLength(piece) - start))
      if take(part, of: piece, at: start, from: s, &resources, now) { isNew = true }
      offset += UInt64(part.count)
      content = ByteRange(offset: part.end, count: content.count - part.count)
    }
    return isNew
  }

  /// Takes bytes of one piece; returns whether any of them were new.
  private mutating func take(
    _ part: ByteRange, of piece: Int, at start: Int, from s: Int, _ resources: inout SwarmResources, _ now: Instant
  ) -> Bool {
    let (link, address) = (sources[s].link, sources[s].address)
    var accepted = ActivePiece.Acceptance()
    if let place = active.index(forKey: piece) {
      accepted = active.values[place].accept(start..<start + part.count, from: link, address)
    }
    let (fresh, total) = (accepted.new, accepted.total)
    count(part.count, fresh: fresh)
    // `outstanding` is what is missing of the requested pieces, so these bytes are subtracted for every peer that was
    // to send them.
    update(at: s) { source in
      // It is sending again, even if what it sent came too late.
      source.endSnub(at: now)
      if fresh > 0 { source.sent(fresh, at: now) }
    }
    guard fresh > 0 else { return false }
    for other in accepted.others { _ = update(other) { $0.outstanding -= fresh } }
    if total == fresh { leave(piece, to: link, accepted.others, &resources) }
    for range in accepted.ranges {
      let content = ByteRange(offset: part.offset + range.lowerBound - start, count: range.count)
      resources.outbox.emit(.block(key, piece: piece, offset: range.lowerBound, content: content))
    }
    if total == cut.pieceLength(piece) { gathered(piece, by: link, &resources.outbox) }
    return true
  }

  /// A peer has begun to send a piece, so it is cancelled with the others.
  private mutating func leave(_ piece: Int, to link: LinkKey, _ others: [LinkKey], _ resources: inout SwarmResources) {
    for other in others {
      cancel([piece], of: other, &resources.outbox)
      release(piece, of: other, &resources)
    }
  }

  /// Makes the host verify a complete piece, and cancels it with the other peers from which it was requested.
  mutating func gathered(_ piece: Int, by link: LinkKey, _ outbox: inout Outbox) {
    for requester in active[piece]?.requesters ?? [] {
      if requester != link { cancel([piece], of: requester, &outbox) }
      _ = update(requester) { $0.requested -= 1 }
    }
    active[piece]?.requesters = []
    active[piece]?.isVerifying = true
    outbox.emit(.pieceGathered(key, piece: piece))
  }

  /// The verdict on a piece that the host has hashed.
  enum Verdict {
    /// The piece is not being verified.
    case ignored
    /// It is right; it completes a chunk, or none.
    case right(chunk: Int?)
    /// It is wrong; if the culprit is known, the outbox demands the consequences.
    case wrong
  }

  /// Takes the verdict on a gathered piece that the host has hashed and, if it is right, written. If it is wrong, the
  /// host keeps the bytes until told otherwise, and `values` are those of its blocks.
  mutating func verified(
    _ piece: Int, isRight: Bool, values: [Digest], _ resources: inout SwarmResources, at now: Instant
  ) -> Verdict {
    guard let done = active[piece], done.isVerifying, done.proof?.tree.isEmpty != true else { return .ignored }
    assert(!missing.contains(piece), "a piece that was on its way was missing too")
    if isRight {
      active[piece] = nil
      resources.budget.giveBack(cut.pieceLength(piece))
      suspects.remove(piece)
      credit(done.contributions)
      return .right(chunk: copy?.add(piece))
    }
    guard done.contributions.count > 1 || done.proof != nil else {
      giveUp(piece, &resources)
      revive()
      // The size itself may be false: it is forgotten, along with the peer that claimed it.
      if cut.pieces == 1 { searchAgain(&resources) }
      resources.outbox.demand(.distrust(done.contributions[0].address, .piece(piece)))
      return .wrong
    }
    if values.count > 1, values.count == cut.blocks(ofPiece: piece) {
      doubt(piece, values, &resources, at: now)
    } else {
      suspects.insert(piece)
      giveUp(piece, &resources)
      revive()
    }
    return .wrong
  }
}
