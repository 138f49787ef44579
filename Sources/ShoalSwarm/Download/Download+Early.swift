import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// A piece that is requested from one peer before there is a place for it.
struct EarlyPiece {
  let piece: Int
  /// The ticket's cut, by which it is cut.
  let cut: Cut
  /// The peer from which it is requested; nil as long as that has only been put into an OPEN.
  var link: LinkKey?
  /// The peer's address.
  var address: Address?
  private(set) var bytes: [UInt8]
  private(set) var received = RangeSet<Int>(limit: mostFragments)

  init(_ piece: Int, of cut: Cut) {
    (self.piece, self.cut) = (piece, cut)
    bytes = Array(repeating: 0, count: cut.pieceLength(piece))
  }

  /// The content of a file of one piece, which has proven itself.
  init(_ whole: [UInt8], _ cut: Cut, from link: LinkKey, _ address: Address) {
    (piece, self.cut, self.link, self.address, bytes) = (0, cut, link, address, whole)
    received.insert(0..<whole.count)
  }

  var isWhole: Bool { received.count == bytes.count }

  var range: RangeField { RangeField(offset: cut.pieceOffset(piece), length: UInt32(bytes.count)) }

  /// Keeps what a block has of it.
  mutating func take(_ block: Block, _ datagram: Span<UInt8>) {
    let start = range.offset
    guard block.offset >= start, block.offset - start < UInt64(bytes.count) else { return }
    let at = Int(block.offset - start)
    let count = min(block.content.count, bytes.count - at)
    guard count > 0, received.insert(at..<at + count) != nil else { return }
    var room = bytes.mutableSpan
    room.copy(datagram.extracting(block.content.offset..<block.content.offset + count), to: at)
  }
}

// What is requested before a peer has offered anything, because a ticket gives the cut.
extension Download {
  /// The most bytes of content that are requested before a size is proven.
  private static let longestEarly = 65_536

  /// What can be requested of a file of which only the ticket's cut is known, as it proves itself: the head of the
  /// manifest, or the content if that is one small piece.
  var expectedProof: (range: RangeField, space: ContentSpace, cut: Cut)? {
    guard let cut = expected, cut.isValid, cut.size > 0 else { return nil }
    if cut.pieces > 1 { return (RangeField(offset: 0, length: UInt32(cut.headLength)), .manifest, cut) }
    guard cut.size <= UInt64(Self.longestEarly) else { return nil }
    return (RangeField(offset: 0, length: UInt32(cut.size)), .content, cut)
  }

  /// The messages for the OPEN to another peer: those that `want` will send when the connection opens. The first requests
  /// go to one peer at a time.
  mutating func anticipate(_ random: inout SeededGenerator, at now: Instant) -> [[UInt8]] {
    var messages = [try? want(as: 0).encoded()]
    let isRecent = anticipatedAt.map { now - $0 < ProofFetch.patience } ?? false
    if phase == .searching, fetch.cut == nil, fetch.head.wantsMore(at: now), !isRecent, let first = expectedProof {
      anticipatedAt = now
      messages.append(try? request(first.range, in: first.space, as: 0).encoded())
      if early == nil { early = chooseEarly(first.cut, &random) }
      if let early, early.link == nil { messages.append(try? request(early.range, in: .content, as: 0).encoded()) }
    }
    return messages.compactMap { $0 }
  }

  /// A piece that may be requested together with the manifest, so that the sender's start need not wait for that: the
  /// reader's first, or any, since peers that all had the same would have nothing to give each other.
  private func chooseEarly(_ cut: Cut, _ random: inout SeededGenerator) -> EarlyPiece? {
    guard cut.pieces > 1, cut.pieceSize <= Self.longestEarly else { return nil }
    var piece = Int(random.next() % UInt64(cut.pieces))
    if case .inOrder(let pieces) = order { piece = pieces.lowerBound }
    return piece < cut.pieces ? EarlyPiece(piece, of: cut) : nil
  }

  private func request(_ range: RangeField, in space: ContentSpace, as number: UInt16) -> Request {
    var request = Request()
    (request.file, request.space, request.ranges) = (number, space.rawValue, [range])
    return request
  }

  /// Requests the piece that goes with the manifest from the peer from which that is requested.
  mutating func fetchEarly(_ source: Source, _ outbox: inout Outbox) {
    guard phase == .searching, let piece = early, piece.link == nil, fetch.head.isAsking(source.link) else { return }
    early?.link = source.link
    early?.address = source.address
    outbox.post(request(piece.range, in: .content, as: source.number), to: source.link)
  }

  /// Takes content for which there is no place yet; returns whether it may have been expected.
  mutating func takeEarly(
    _ block: Block, from link: LinkKey, _ bytes: Span<UInt8>, _ outbox: inout Outbox, at now: Instant
  ) -> Bool {
    guard phase == .searching || phase == .preparing, let source = source(link) else { return false }
    if early?.link == link {
      early?.take(block, bytes)
      return true
    }
    guard phase == .searching, let content = fetch.head.accept(block, from: link, bytes, at: now) else { return true }
    guard Blake3.hash(content.bytes.span) == id else {
      // If the cut came only from the ticket, the peer is not at fault.
      guard source.cut == content.cut else {
        expected = nil
        return true
      }
      outbox.demand(.distrust(source.address, .piece(0)))
      return true
    }
    cancel(fetch.head.attempts, &outbox)
    early = EarlyPiece(content.bytes, content.cut, from: link, source.address)
    found(Manifest(id: id, unproven: content.cut), &outbox)
    return true
  }

  /// Hands the host what came before there was a place for it, if it is not there already. What is missing of the piece
  /// is still on its way.
  mutating func placeEarly(_ resources: inout SwarmResources, at now: Instant) {
    guard let early, let link = early.link, let address = early.address else { return }
    self.early = nil
    let (piece, length) = (early.piece, early.bytes.count)
    if case .inOrder(let pieces) = order, !pieces.contains(piece) { return }
    guard phase == .downloading, early.cut == cut, missing.contains(piece), early.isWhole || place(of: link) != nil,
      resources.budget.hasRoom(for: length)
    else { return }
    begin(piece, &resources.budget)
    active[piece]?.requesters = [link]
    _ = update(link) { $0.owes(length, at: now) }
    for range in early.received.ranges {
      _ = active[piece]?.accept(range, from: link, address)
      count(range.count, fresh: range.count)
      _ = update(link) { $0.sent(range.count, at: now) }
      resources.outbox.emit(.held(key, piece: piece, offset: range.lowerBound, Array(early.bytes[range])))
    }
    if early.isWhole { gathered(piece, by: link, &resources.outbox) }
  }
}
