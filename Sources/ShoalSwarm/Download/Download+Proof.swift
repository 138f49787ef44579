import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

// A piece was wrong, and its bytes came from several peers: the values of its blocks show whose were wrong.
extension Download {
  /// The pieces that are to be examined, lowest first.
  private var doubtful: [Int] { active.filter { $0.value.isVerifying && $0.value.proof != nil }.map(\.key).sorted() }

  /// A piece of several blocks is wrong; these are the values of its blocks as they came. If the true ones are known, it
  /// is judged, otherwise they are asked for.
  mutating func doubt(_ piece: Int, _ found: [Digest], _ resources: inout SwarmResources, at now: Instant) {
    active[piece]?.isVerifying = true
    if active[piece]?.proof == nil { active[piece]?.proof = PieceProof(found: found) }
    active[piece]?.proof?.found = found
    guard active[piece]?.proof?.tree.isEmpty == true else { return judge(piece, &resources) }
    askForTree(piece, &resources, at: now)
  }

  /// Makes sure that the trees that are needed come, and that blocks that must come from one peer are not held back by
  /// a slow one.
  mutating func reviewProofs(_ resources: inout SwarmResources, at now: Instant) {
    guard active.values.contains(where: { $0.proof != nil }) else { return }
    for piece in doubtful {
      if let link = active[piece]?.proof?.fetch.slowest(at: now) { active[piece]?.proof?.fetch.fail(link) }
      askForTree(piece, &resources, at: now)
    }
    for piece in active.keys.sorted() { reviewHolder(of: piece, &resources, at: now) }
  }

  /// Asks a peer that has a piece for its tree, one that has given us most first. If nobody is left to be asked, the
  /// piece is fetched anew, from one peer.
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
      guard let attempt = active[piece]?.proof?.fetch.receive(block, from: link, bytes, at: now) else { continue }
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

  /// A peer does not send bytes of the tree.
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

  /// A link has ended: others are asked for the trees that it was asked for, with the next tick.
  mutating func failTrees(of link: LinkKey) {
    for piece in doubtful where active[piece]?.proof?.fetch.isAsking(link) == true {
      active[piece]?.proof?.fetch.fail(link)
    }
  }

  /// Which blocks of a piece are wrong is known: they are fetched again, and what is right stays. Who alone sent one
  /// that is wrong is a liar; one that several sent is fetched again from one of them, so that the next time it is known.
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
    // If all blocks are right and the piece is not, our own machine is at fault: everything is fetched again.
    if wrong.isEmpty { return giveUp(piece, &resources) }
    orphans.append(piece)
    revive()
  }

  /// Whether a source may be asked for a piece that nobody is being asked for.
  func mayAsk(_ source: Source, for piece: Int) -> Bool { active[piece]?.proof?.holders.contains(source.link) != true }

  /// Blocks that must come from one peer are asked of another when the first is much slower than others are.
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

  /// Forgets what a liar sent of pieces that nobody is being asked for: most likely it is wrong too.
  mutating func forget(_ liar: Address, _ resources: inout SwarmResources) {
    for piece in orphans where active[piece]?.contributions.contains(where: { $0.address == liar }) == true {
      // What is left of a piece that was judged is right.
      guard active[piece]?.proof == nil else { continue }
      active[piece]?.forget(liar)
      guard active[piece]?.isBegun == false else { continue }
      orphans.removeAll { $0 == piece }
      giveUp(piece, &resources)
    }
  }
}
