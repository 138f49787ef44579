import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// The content of a file of one piece, which matches the id, and who sent it.
struct WholeContent {
  let bytes: [UInt8]
  let link: LinkKey
  let address: Address
}

// What is requested before a peer has offered anything, because a ticket gives the cut.
extension Download {
  /// The most bytes of a file that is requested as a whole: what may be allocated before a size is proven.
  private static let longestWhole: UInt64 = 65_536

  /// What can be requested of a file of which only the ticket's cut is known, as it proves itself: the head of the
  /// manifest, or the content if that is one small piece.
  var expectedProof: (range: RangeField, space: ContentSpace, cut: Cut)? {
    guard let cut = expected, cut.isValid, cut.size > 0 else { return nil }
    if cut.pieces > 1 { return (RangeField(offset: 0, length: UInt32(cut.headLength)), .manifest, cut) }
    guard cut.size <= Self.longestWhole else { return nil }
    return (RangeField(offset: 0, length: UInt32(cut.size)), .content, cut)
  }

  /// What OPEN says to a further peer: what `want` will say when the connection opens. The first request goes to one peer
  /// at a time.
  mutating func anticipate(at now: Instant) -> [[UInt8]] {
    var messages = [try? want(as: 0).encoded()]
    let isRecent = anticipatedAt.map { now - $0 < ProofFetch.patience } ?? false
    if phase == .searching, fetch.cut == nil, fetch.head.wantsMore(at: now), !isRecent, let first = expectedProof {
      anticipatedAt = now
      var request = Request()
      (request.space, request.ranges) = (first.space.rawValue, [first.range])
      messages.append(try? request.encoded())
    }
    return messages.compactMap { $0 }
  }

  /// Takes content that came before the file's size was known.
  mutating func takeWhole(
    _ block: Block, from link: LinkKey, _ bytes: Span<UInt8>, _ outbox: inout Outbox, at now: Instant
  ) {
    guard phase == .searching, let source = source(link),
      let content = fetch.head.accept(block, from: link, bytes, at: now)
    else { return }
    guard Blake3.hash(content.bytes.span) == id else {
      // If the cut came only from the ticket, the peer is not at fault.
      guard source.cut == content.cut else {
        expected = nil
        return
      }
      return outbox.demand(.distrust(source.address, .piece(0)))
    }
    cancel(fetch.head.attempts, &outbox)
    whole = WholeContent(bytes: content.bytes, link: link, address: source.address)
    found(Manifest(id: id, unproven: content.cut), &outbox)
  }

  /// Hands the host the content that came before there was a place for it, unless it is there already.
  mutating func placeWhole(_ resources: inout SwarmResources, at now: Instant) {
    guard let whole else { return }
    self.whole = nil
    guard phase == .downloading, missing.contains(0), resources.budget.hasRoom(for: whole.bytes.count) else { return }
    begin(0, &resources.budget)
    active[0]?.requesters = [whole.link]
    _ = active[0]?.accept(0..<whole.bytes.count, from: whole.link, whole.address)
    count(whole.bytes.count, fresh: whole.bytes.count)
    _ = update(whole.link) {
      $0.owes(whole.bytes.count, at: now)
      $0.sent(whole.bytes.count, at: now)
    }
    resources.outbox.emit(.whole(key, whole.bytes))
    gathered(0, by: whole.link, &resources.outbox)
  }
}
