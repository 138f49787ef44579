import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// One served file: the peers that want it, and what each has been told.
struct Upload {
  /// A peer that wants the file.
  struct Subscriber {
    let link: LinkKey
    /// The number that the peer gave the file on this link.
    let number: UInt16
    /// Whether it serves what it gets to others.
    let serves: Bool
    var isOffered = false
    /// The addresses that it was sent in KNOWN.
    var known: Set<Address> = []
    /// The first chunk that has not been announced to it yet.
    var announced = 0
    /// Chunks before that one that have been completed since.
    var gained: [ChunkRun] = []
    /// Bytes of the file queued for it so far.
    var bytes: UInt64 = 0
    /// What it has, from its PROGRESS; nil before that.
    var progress: ReportedProgress?
    /// The chunks that it is shown while a file is super-seeded; nil if everything is announced to it.
    var shown: Shown?
  }

  /// What a peer is shown while a file is super-seeded.
  struct Shown {
    /// The chunks that it has not requested yet, and how many there should be.
    var chunks: [Int] = []
    var most = SuperSeeding.firstShown
    /// When one of its requests last waited, or it was last shown more.
    var busyAt: Instant
    var hasAsked = false
  }

  private(set) var subscribers: [Subscriber] = []
  private var seeding: SuperSeeding?

  private func place(_ link: LinkKey, _ number: UInt16) -> Int? {
    subscribers.firstIndex { $0.link == link && $0.number == number }
  }

  /// The peer that gave the file this number on a link; nil if it does not want it.
  func subscriber(_ link: LinkKey, _ number: UInt16) -> Subscriber? { place(link, number).map { subscribers[$0] } }

  /// Adds a peer that wants the file.
  mutating func add(_ link: LinkKey, _ number: UInt16, serves: Bool) {
    assert(place(link, number) == nil, "a number stands for one file")
    subscribers.append(Subscriber(link: link, number: number, serves: serves))
  }

  /// Notes the addresses sent to a subscriber in KNOWN.
  mutating func noteKnown(_ addresses: [Address], to s: Int) { subscribers[s].known.formUnion(addresses) }

  /// Takes the PROGRESS of a peer.
  mutating func note(_ progress: Progress, from link: LinkKey, size: UInt64) {
    guard let i = place(link, progress.file) else { return }
    var reported = subscribers[i].progress ?? ReportedProgress()
    reported.take(progress, size: size)
    subscribers[i].progress = reported
  }

  /// What a peer had got when it left.
  struct End {
    /// The bytes that it requested here.
    var requested: UInt64
    var progress: ReportedProgress?
    /// The bytes that it had from here: those that it reported or, if it reported nothing, those that it requested.
    var bytes: UInt64 { progress?.received ?? requested }
  }

  /// Removes a peer that no longer wants the file, or is gone; nil if it was not a subscriber.
  @discardableResult
  mutating func remove(_ link: LinkKey, _ number: UInt16) -> End? {
    guard let i = place(link, number) else { return nil }
    let subscriber = subscribers.remove(at: i)
    if let shown = subscriber.shown { seeding?.takeBack(shown.chunks) }
    // Peers that come later form a new swarm.
    if subscribers.isEmpty { seeding = nil }
    return End(requested: subscriber.bytes, progress: subscriber.progress)
  }

  /// Counts what a peer requested on another connection.
  mutating func add(bytes: UInt64, to link: LinkKey) {
    guard let i = subscribers.firstIndex(where: { $0.link == link }) else { return }
    subscribers[i].bytes &+= bytes
  }

  // MARK: What is here

  /// Sends a peer the OFFER, unless that was done before.
  mutating func offer(
    _ copy: LocalCopy, name: String, to link: LinkKey, _ number: UInt16, _ resources: inout SwarmResources,
    at now: Instant
  ) {
    guard let i = place(link, number), !subscribers[i].isOffered else { return }
    var offer = Offer()
    offer.file = number
    offer.size = copy.cut.size
    offer.pieceExponent = copy.cut.pieceExponent
    offer.chunks = copy.cut.chunks
    offer.name = name
    while offer.name.utf8.count > Limits.nameLength { offer.name.removeLast() }
    if copy.isComplete, seeding == nil { seeding = SuperSeeding(chunks: copy.chunks.capacity) }
    if isSeeded(to: i) {
      subscribers[i].shown = Shown(busyAt: now)
      show(to: i, &resources.random)
      (offer.have, subscribers[i].gained) = (subscribers[i].gained, [])
      subscribers[i].announced = copy.chunks.capacity
    } else {
      let room = MessageType.longest - offer.encodedSize
      (offer.have, subscribers[i].announced) = copy.chunks.runs(from: 0, fitting: room)
    }
    subscribers[i].isOffered = true
    resources.outbox.post(offer, to: link)
  }

  // MARK: Seeding

  /// Whether a peer is to be shown only some chunks, because it and others pass on what they get.
  private func isSeeded(to i: Int) -> Bool {
    guard subscribers[i].serves, let seeding, !seeding.isOver else { return false }
    return subscribers.indices.contains { $0 != i && subscribers[$0].serves && subscribers[$0].isOffered }
  }

  /// Shows a peer further chunks, up to the number that it should see.
  private mutating func show(to i: Int, _ random: inout SeededGenerator) {
    while let shown = subscribers[i].shown, shown.chunks.count < shown.most {
      guard let chunk = seeding?.next(&random) else { break }
      subscribers[i].shown?.chunks.append(chunk)
      subscribers[i].gained.insertInOrder(ChunkRun(first: UInt32(chunk), count: 1))
    }
  }

  /// Notes which chunks a peer requests, and shows it others; `isIdle` if nothing else that it requested waits.
  private mutating func asked(
    _ i: Int, _ chunks: ClosedRange<Int>, isIdle: Bool, _ random: inout SeededGenerator, at now: Instant
  ) {
    seeding?.asked(chunks)
    guard subscribers[i].shown != nil else { return }
    subscribers[i].shown?.busyAt = now
    subscribers[i].shown?.hasAsked = true
    subscribers[i].shown?.chunks.removeAll { chunks.contains($0) }
    // It could be sent more than it is shown.
    if isIdle, let most = subscribers[i].shown?.most, subscribers[i].shown?.chunks.isEmpty == true {
      subscribers[i].shown?.most = min(2 * most, SuperSeeding.mostShown)
    }
    show(to: i, &random)
  }

  /// Whether a peer is still shown only some chunks. Everything is announced to it once every chunk has been shown to
  /// some peer. If none of its requests waits and it requests none of what it is shown, it is shown more, and then
  /// everything.
  mutating func isSeeding(
    to link: LinkKey, _ number: UInt16, isIdle: Bool, roundTrip: Nanoseconds, _ random: inout SeededGenerator,
    at now: Instant
  ) -> Bool {
    guard let i = place(link, number), let shown = subscribers[i].shown else { return false }
    if !isIdle { subscribers[i].shown?.busyAt = now }
    let isOver = seeding?.isOver ?? true
    guard !isOver || !shown.chunks.isEmpty else { return endSeeding(to: i) }
    let patience = shown.hasAsked ? SuperSeeding.patience : SuperSeeding.firstPatience
    guard isIdle, now - shown.busyAt > patience + 2 * roundTrip else { return true }
    guard !isOver, shown.most < SuperSeeding.mostShown else { return endSeeding(to: i) }
    subscribers[i].shown?.most = SuperSeeding.mostShown
    subscribers[i].shown?.busyAt = now
    show(to: i, &random)
    return true
  }

  /// Announces everything to a peer from now on; returns that it is not shown a part.
  private mutating func endSeeding(to i: Int) -> Bool {
    if let shown = subscribers[i].shown { seeding?.takeBack(shown.chunks) }
    (subscribers[i].shown, subscribers[i].gained, subscribers[i].announced) = (nil, [], 0)
    return false
  }

  /// Notes a completed chunk: it is to be announced to peers that are past it.
  mutating func gain(_ chunk: Int) {
    let run = ChunkRun(first: UInt32(chunk), count: 1)
    for i in subscribers.indices where chunk < subscribers[i].announced {
      subscribers[i].gained.insertInOrder(run)
      guard subscribers[i].gained.count >= SwarmConstants.gainedRuns else { continue }
      subscribers[i].gained = []
      subscribers[i].announced = 0
    }
  }

  /// Announces chunks that a peer does not know of, in at most `room` messages, from which those sent are deducted;
  /// returns whether those were all. It is not told of new chunks that it has itself: `theirs` are its pieces.
  mutating func announce(
    _ copy: LocalCopy, to link: LinkKey, _ number: UInt16, having theirs: BitSet?, room: inout Int,
    _ outbox: inout Outbox
  ) -> Bool {
    guard let i = place(link, number), subscribers[i].isOffered else { return true }
    let capacity = copy.chunks.capacity
    if let theirs, room > 0, !subscribers[i].gained.isEmpty {
      // In a swarm of a hundred, each chunk would otherwise be announced to everybody, and half of them have it.
      subscribers[i].gained = subscribers[i].gained.filter { !theirs.contains($0, of: copy.cut) }
    }
    while !subscribers[i].gained.isEmpty || subscribers[i].announced < capacity {
      guard room > 0 else { return false }
      var have = Have()
      have.file = number
      let bytes = MessageType.longest - have.encodedSize
      if subscribers[i].gained.isEmpty {
        (have.chunks, subscribers[i].announced) = copy.chunks.runs(from: subscribers[i].announced, fitting: bytes)
      } else {
        have.chunks = subscribers[i].gained.prefix(fitting: bytes)
        subscribers[i].gained.removeFirst(have.chunks.count)
      }
      guard !have.chunks.isEmpty else { continue }
      outbox.post(have, to: link)
      room -= 1
    }
    return true
  }

  // MARK: Requests

  /// Queues the ranges that a peer requests, up to `room` of them, and refuses the rest; returns the cost.
  mutating func take(
    _ request: Request, from link: LinkKey, _ space: ContentSpace, room: Int, of file: ServedContent,
    isIdle: Bool, _ resources: inout SwarmResources, at now: Instant
  ) -> Int {
    let subscriber = place(link, request.file)
    var (taken, absent, excess): (Int, [RangeField], [RangeField]) = (0, [], [])
    var bytes: UInt64 = 0
    for range in request.ranges {
      guard file.holds(range, space) else {
        absent.append(range)
        continue
      }
      guard taken < room else {
        excess.append(range)
        continue
      }
      taken += 1
      bytes += UInt64(range.length)
      if let subscriber, space == .content, let cut = file.copy?.cut {
        let first = cut.chunk(ofPiece: cut.piece(at: range.offset))
        let last = cut.chunk(ofPiece: cut.piece(at: range.offset + UInt64(range.length) - 1))
        asked(subscriber, first...last, isIdle: isIdle, &resources.random, at: now)
      }
      let source = file.key.source
      resources.outbox.send(
        Payload(source: source, space: space, file: request.file, offset: range.offset, length: Int(range.length)),
        to: link)
    }
    if let subscriber { subscribers[subscriber].bytes &+= bytes }
    resources.outbox.refuse(absent, of: request, .notHere, to: link)
    resources.outbox.refuse(excess, of: request, .tooManyRequests, to: link)
    return taken * Work.range + (request.ranges.count - taken) * SwarmConstants.rangeWork
  }
}

/// What is available to answer a REQUEST.
struct ServedContent {
  let key: FileKey
  /// The length of the manifest, which is known before anything of the file is here.
  let manifestLength: UInt64
  /// What is here of the file; nil if nothing is offered.
  let copy: LocalCopy?

  func holds(_ range: RangeField, _ space: ContentSpace) -> Bool {
    switch space {
    case .content: return copy?.holds(range) ?? false
    case .tree:
      guard let copy, range.length > 0, Int(range.length) <= BlockTree.longestRange,
        let content = BlockTree.content(of: range.bytes, in: copy.cut)
      else { return false }
      return copy.holds(RangeField(offset: content.lowerBound, length: UInt32(content.count)))
    case .manifest:
      return range.length > 0 && manifestLength >= range.offset
        && manifestLength - range.offset >= UInt64(range.length)
    }
  }
}

extension Outbox {
  /// Refuses these ranges of a peer's request.
  mutating func refuse(_ ranges: [RangeField], of request: Request, _ code: Refusal, to link: LinkKey) {
    for ranges in ranges.split(every: SwarmConstants.rangesPerMessage) {
      var refuse = Refuse()
      (refuse.file, refuse.space, refuse.code, refuse.ranges) = (request.file, request.space, code.rawValue, ranges)
      post(refuse, to: link)
    }
  }

  /// Refuses a file to a peer.
  mutating func refuse(_ file: UInt16, _ code: Refusal, to link: LinkKey) {
    var refuse = Refuse()
    (refuse.file, refuse.code) = (file, code.rawValue)
    post(refuse, to: link)
  }

  /// Withdraws our WANT of a file.
  mutating func cancel(_ file: UInt16, to link: LinkKey) {
    var cancel = Cancel()
    cancel.file = file
    post(cancel, to: link)
  }
}

extension [ChunkRun] {
  /// Adds a run that overlaps no other, keeping the order and joining neighbours.
  mutating func insertInOrder(_ run: ChunkRun) {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle].first < run.first { low = middle + 1 } else { high = middle }
    }
    let joinsNext = low < count && run.end == self[low].first
    if low > 0, self[low - 1].end == run.first {
      self[low - 1].count += run.count
      if joinsNext { self[low - 1].count += remove(at: low).count }
    } else if joinsNext {
      self[low] = ChunkRun(first: run.first, count: run.count + self[low].count)
    } else {
      insert(run, at: low)
    }
  }
}

extension [ChunkRun] {
  /// The runs of those chunks that this is true of.
  fileprivate func filter(_ isIncluded: (UInt32) -> Bool) -> [ChunkRun] {
    var kept: [ChunkRun] = []
    for run in self {
      for chunk in run.first..<run.end where isIncluded(chunk) { kept.insertInOrder(ChunkRun(first: chunk, count: 1)) }
    }
    return kept
  }
}

extension BitSet {
  /// Whether it has all pieces of a chunk.
  fileprivate func contains(_ chunk: UInt32, of cut: Cut) -> Bool {
    let pieces = cut.pieces(ofChunks: Int(chunk), Int(chunk) + 1)
    return pieces.isEmpty || contains(pieces.lowerBound...pieces.upperBound - 1)
  }
}
