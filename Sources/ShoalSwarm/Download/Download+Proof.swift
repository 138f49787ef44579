import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

// When a wrong piece came from several peers, the values of its blocks show whose bytes were wrong.
extension Download {
  /// The pieces that are to be examined, lowest first.
  ///
  /// A piece whose tree is known and which the host verifies again is not one of them: its bytes may no longer be those
  /// whose values are here.
  private var doubtful: [Int] {
    active.filter { $0.value.isVerifying && $0.value.proof?.tree.isEmpty == true }.map(\.key).sorted()
  }

  /// A piece of several blocks is wrong, and its blocks as received have these values. If the true ones are known, the
  /// piece is judged, otherwise they are requested.
  mutating func doubt(_ piece: Int, _ found: [Digest], _ resources: inout SwarmResources, at now: Instant) {
    active[piece]?.isVerifying = true
    if active[piece]?.proof == nil { active[piece]?.proof = PieceProof(found: found) }
    active[piece]?.proof?.found = found
    guard active[piece]?.proof?.tree.isEmpty == true else { return judge(piece, &resources) }
    askForTree(piece, &resources, at: now)
  }

  /// Makes sure that the trees needed are being fetched, and that a slow peer does not hold up blocks that must come
  /// from one peer.
  mutating func reviewProofs(_ resources: inout SwarmResources, at now: Instant) {
    guard active.values.contains(where: { $0.proof != nil }) else { return }
    for piece in doubtful {
      if let link = active[piece]?.proof?.fetch.slowest(at: now) { active[piece]?.proof?.fetch.fail(link) }
      askForTree(piece, &resources, at: now)
    }
    for piece in active.keys.sorted() { reviewHolder(of: piece, &resources, at: now) }
  }

  /// Requests the tree of a piece from a peer that has it, first from the one that has given the most. If none is left,
  /// the piece is fetched again, from one peer.
  private mutating func askForTree(_ piece: Int, _ resources: inout SwarmResources, at now: Instant) {
    guard let fetch = active[piece]?.proof?.fetch, fetch.wantsMore(at: now) else { return }
    let able = sources.filter { $0.pieces?.contains(piece) == true && fetch.mayAsk($0.link) }
    let serving = able.filter { $0.isServing(at: now) }
    let best = (serving.isEmpty ? able : serving).max { a, b in
      (from[a.address] ?? 0, a.rate, b.serial) < (from[b.address] ?? 0, b.rate, a.serial)
    }
    guard let best else {
      guard fetch.attempts.isEmpty else { return }
      suspects.insert(piece)
      giveUp(piece, &resources)
      return revive()
    }
    let tree = cut.tree(ofPiece: piece)
    let range = RangeField(offset: tree.lowerBound, length: UInt32(tree.count))
    guard let request = active[piece]?.proof?.fetch.ask(best, for: range, in: .tree, of: cut, at: now) else { return }
    resources.outbox.post(request, to: best.link)
  }

  /// Takes bytes of the tree.
  mutating func takeTree(
    _ block: Block, from link: LinkKey, _ bytes: Span<UInt8>, _ resources: inout SwarmResources, at now: Instant
  ) {
    let value = UInt64(Digest.byteCount)
    let first = block.offset / value
    let last = block.offset.addingReportingOverflow(UInt64(block.content.count))
    guard phase == .downloading, block.content.count > 0, !last.overflow, last.partialValue <= cut.treeLength else {
      return
    }
    let blockBytes = UInt64(BlockTree.blockBytes)
    let firstPiece = cut.piece(at: first * blockBytes)
    for piece in firstPiece...cut.piece(at: (last.partialValue - 1) / value * blockBytes) {
      guard let attempt = active[piece]?.proof?.fetch.accept(block, from: link, bytes, at: now) else { continue }
      guard let values = BlockTree.values(attempt.bytes), manifest?.proves(values, of: piece) == true else {
        active[piece]?.proof?.fetch.fail(link)
        if let address = source(link)?.address { resources.outbox.demand(.distrust(address, .tree(piece: piece))) }
        askForTree(piece, &resources, at: now)
        continue
      }
      cancel(active[piece]?.proof?.fetch.attempts ?? [], &resources.outbox)
      active[piece]?.proof?.tree = values
      judge(piece, &resources)
    }
  }

  /// A peer refuses bytes of the tree.
  mutating func refuseTree(
    _ ranges: [RangeField], from link: LinkKey, _ resources: inout SwarmResources, at now: Instant
  ) {
    for piece in doubtful where active[piece]?.proof?.fetch.isAsking(link) == true {
      let tree = cut.tree(ofPiece: piece)
      guard ranges.contains(where: { tree.contains($0.offset) }) else { continue }
      active[piece]?.proof?.fetch.fail(link)
      askForTree(piece, &resources, at: now)
    }
  }

  /// A link has ended: the trees requested on it are requested from others with the next tick.
  mutating func failTrees(of link: LinkKey) {
    for piece in doubtful where active[piece]?.proof?.fetch.isAsking(link) == true {
      active[piece]?.proof?.fetch.fail(link)
    }
  }

  /// The wrong blocks of a piece are known: they are fetched again, and the right ones are kept. A peer that alone sent
  /// a wrong block is a liar; a block that several sent is fetched again from one of them, so that the next time the
  /// liar is known.
  private mutating func judge(_ piece: Int, _ resources: inout SwarmResources) {
    guard let state = active[piece], var proof = state.proof else { return }
    let wrong = proof.tree.indices.filter { $0 >= proof.found.count || proof.found[$0] != proof.tree[$0] }
    var liars: [Address] = []
    for block in wrong {
      let range = cut.block(block, ofPiece: piece)
      let senders = state.senders(of: range)
      if let liar = senders.first, senders.count == 1, !liars.contains(liar), block < proof.found.count {
        liars.append(liar)
        let start = cut.pieceOffset(piece)
        let bytes = start + UInt64(range.lowerBound)..<start + UInt64(range.upperBound)
        let lie = Lie.block(bytes, value: proof.tree[block], found: proof.found[block])
        resources.outbox.demand(.distrust(liar, lie))
      }
      active[piece]?.forget(range)
    }
    (proof.holders, proof.askedAt, proof.fetch) = ([], nil, ProofFetch())
    active[piece]?.proof = proof
    active[piece]?.isVerifying = false
    // If all blocks are right and the piece is not, this machine is at fault: everything is fetched again.
    if wrong.isEmpty { return giveUp(piece, &resources) }
    orphans.append(piece)
    revive()
  }

  /// Whether a piece that is not requested from anybody may be requested from this source.
  func mayAsk(_ source: Source, for piece: Int) -> Bool { active[piece]?.proof?.holders.contains(source.link) != true }

  /// Moves blocks that must come from one peer to another one when the first is much slower than others.
  private mutating func reviewHolder(of piece: Int, _ resources: inout SwarmResources, at now: Instant) {
    guard let state = active[piece], let askedAt = state.proof?.askedAt, let holder = state.requesters.first,
      let source = source(holder)
    else { return }
    let missing = cut.pieceLength(piece) - state.received.count
    let others = sources.filter {
      $0.link != holder && $0.pieces?.contains(piece) == true && $0.isServing(at: now) && mayAsk($0, for: piece)
    }
    guard let best = others.map(\.rate).max() else { return }
    let need = Double(missing + source.outstanding) / max(best, 100_000)
    guard Double(now - askedAt) / 1e9 > 2 * need + 0.5 else { return }
    active[piece]?.proof?.holders.append(holder)
    cancel([piece], of: holder, &resources.outbox)
    release(piece, of: holder, &resources)
  }

  /// Drops what a liar sent of pieces not being requested now: most likely it is wrong too.
  mutating func forget(_ liar: Address, _ resources: inout SwarmResources) {
    for piece in orphans where active[piece]?.contributions.contains(where: { $0.address == liar }) == true {
      // The remaining bytes of a judged piece are right.
      guard active[piece]?.proof == nil else { continue }
      active[piece]?.forget(liar)
      guard active[piece]?.isBegun == false else { continue }
      orphans.removeAll { $0 == piece }
      giveUp(piece, &resources)
    }
  }
}
