import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// One wanted file: its sources, what each of them owes, the manifest and the pieces.
///
/// It knows neither connections nor trackers: it is given the messages of peers, and puts what it wants to send into an
/// `Outbox`.
struct Download {
  enum Phase {
    /// The manifest is not known.
    case searching
    /// The host is preparing a place and verifying what is there.
    case preparing
    /// Pieces are being fetched.
    case downloading
    /// The file is no longer wanted.
    case stopped
  }

  let key: FileKey
  let id: Digest
  /// Whether what is here of it is offered to peers.
  let isServed: Bool
  let leastRequests: Int
  var phase = Phase.searching
  /// The cut in the ticket, if there was one.
  var expected: Cut?
  private(set) var manifest: Manifest?
  /// The manifest's cut, kept apart because every block needs it.
  private(set) var cut = Cut()
  /// The verified pieces; nil until the host has prepared a place.
  var copy: LocalCopy?
  var fetch = ManifestFetch()
  /// When the first request was last put into an OPEN.
  var anticipatedAt: Instant?
  /// A piece that is requested before there is a place for it.
  var early: EarlyPiece?
  /// When a claimed size was last accepted provisionally.
  var believedAt: Instant?
  /// The sources, in the order in which their links were made.
  private(set) var sources: [Source] = []
  /// How many sources have each piece.
  var availability = Availability()
  /// The pieces that are neither here nor requested.
  var missing = BitSet(capacity: 0)
  /// Pieces that would be in `missing`, but must not be requested now; nil if there are none.
  var reserved: BitSet?
  var active: [Int: ActivePiece] = [:]
  /// Active pieces that are no longer requested from anybody, oldest first.
  var orphans: [Int] = []
  /// The order in which pieces are requested.
  var order = PickOrder.rarest
  /// Pieces that were wrong when their bytes came from several peers.
  var suspects: Set<Int> = []
  var book = PeerBook()
  var lookups = LookupSchedule()
  /// When a peer last made room for another.
  var renewedAt: Instant?
  /// When peers were last asked for what they have not announced.
  var guessedAt: Instant?
  /// When PROGRESS was last sent to its sources.
  var progressToldAt: Instant?
  private(set) var accepted: UInt64 = 0
  private(set) var redundant: UInt64 = 0
  private(set) var from: [Address: UInt64] = [:]
  /// Further addresses of peers that have sent something, with the address under which each peer is shown.
  private var aliases: [Address: Address] = [:]

  init(key: FileKey, id: Digest, expected: Cut? = nil, isServed: Bool = true, leastRequests: Int) {
    self.key = key
    self.id = id
    self.expected = expected
    self.isServed = isServed
    self.leastRequests = leastRequests
  }

  var progress: FileProgress {
    var progress = FileProgress()
    progress.bytes = copy?.bytes ?? 0
    progress.total = copy?.cut.size ?? 0
    progress.chunks = copy?.chunks.count ?? 0
    progress.totalChunks = copy?.chunks.capacity ?? 0
    progress.accepted = accepted
    progress.redundant = redundant
    progress.from = from
    return progress
  }

  // MARK: Sources

  func place(of link: LinkKey) -> Int? { sources.firstIndex { $0.link == link } }

  func source(_ link: LinkKey) -> Source? { place(of: link).map { sources[$0] } }

  /// Changes the source on a link; nil if there is none.
  mutating func update<Result>(_ link: LinkKey, _ change: (inout Source) -> Result) -> Result? {
    place(of: link).map { change(&sources[$0]) }
  }

  /// Changes the source at a position.
  mutating func update(at place: Int, _ change: (inout Source) -> Void) { change(&sources[place]) }

  /// Whether no source has given anything lately.
  func isStarving(at now: Instant) -> Bool { !sources.contains { $0.gave(within: SwarmConstants.patience, at: now) } }

  /// How many places are taken by those that may give something: one that has said nothing takes none, nor, while nobody
  /// gives anything, one that only promises.
  func placesTaken(at now: Instant) -> Int {
    let isStarving = isStarving(at: now)
    let idle = sources.count { source in
      (source.isMute(at: now) || isStarving && source.onlyPromises(at: now))
        && book.entries[source.address].map { $0.isConnected && $0.isOpen } == true
    }
    return book.busyCount(at: now) - idle
  }

  mutating func updateAll(_ change: (inout Source) -> Void) {
    for s in sources.indices { change(&sources[s]) }
  }

  /// Adds a peer as a source, from which the file is wanted under this number.
  mutating func want(
    from link: LinkKey, _ address: Address, serial: Int, number: UInt16, _ outbox: inout Outbox, at now: Instant
  ) {
    let budget = leastRequests / (sources.count + 1)
    let source = Source(link: link, address: address, serial: serial, number: number, budget: budget, since: now)
    sources.insert(source, at: sources.firstIndex { $0.serial > serial } ?? sources.count)
    outbox.post(self.want(as: number), to: link)
    fetchExpected(source, &outbox, at: now)
    fetchEarly(source, &outbox)
  }

  /// The WANT that gives the file this number.
  func want(as number: UInt16) -> Want {
    var want = Want()
    want.file = number
    want.id = id
    want.serves = isServed ? 1 : 0
    return want
  }

  /// Removes a source: what it owes is requested from others.
  mutating func remove(_ link: LinkKey, _ resources: inout SwarmResources) {
    guard place(of: link) != nil else { return }
    release(of: link, &resources)
    failTrees(of: link)
    fetch.fail(link)
    if early?.link == link, early?.isWhole == false { early = nil }
    sources.removeAll { $0.link == link }
  }

  // MARK: The manifest and what is here

  /// Takes the manifest, which may be proven or only claimed.
  mutating func found(_ manifest: Manifest, _ outbox: inout Outbox) {
    fetch = ManifestFetch()
    self.manifest = manifest
    cut = manifest.cut
    phase = .preparing
    outbox.emit(.manifest(key))
  }

  /// The host has prepared a place, with these verified pieces: begins to fetch the others.
  mutating func begin(have: BitSet) {
    guard phase == .preparing, let manifest else { return }
    let copy = LocalCopy(manifest, have: have)
    missing = copy.have.complement
    reserved = nil
    self.copy = copy
    phase = .downloading
  }

  /// Drops a claimed cut that turned out to be false, and searches again.
  mutating func searchAgain(_ resources: inout SwarmResources) {
    dropActive(&resources)
    (manifest, cut, copy) = (nil, Cut(), nil)
    phase = .searching
    updateAll { $0.forgetPieces() }
  }

  /// Stops wanting the file.
  mutating func stop(_ resources: inout SwarmResources) {
    dropActive(&resources)
    phase = .stopped
  }

  /// Puts a source on probation, because another address of its host has lied.
  mutating func beginProbation(of link: LinkKey) {
    guard let address = source(link)?.address, received(from: address) == 0 else { return }
    _ = update(link) { $0.isOnProbation = true }
  }

  /// Counts received bytes, of which `fresh` are new.
  mutating func count(_ bytes: Int, fresh: Int) {
    accepted += UInt64(fresh)
    redundant += UInt64(bytes - fresh)
  }

  /// Records who sent how much of a verified piece, for display.
  mutating func credit(_ contributions: [ActivePiece.Contribution]) {
    for part in contributions {
      from[aliases[part.address] ?? part.address, default: 0] += UInt64(part.bytes)
      for s in sources.indices where sources[s].address == part.address { sources[s].isOnProbation = false }
    }
  }

  /// The verified bytes that came from a peer, from any of its addresses.
  func received(from peer: Address) -> UInt64 { from[aliases[peer] ?? peer] ?? 0 }

  /// Credits a peer with what has come, verified or not, from another of its addresses.
  mutating func credit(_ peer: Address, with other: Address) {
    let isUseful = from[other] != nil || sources.contains { $0.address == other && $0.isUseful }
    guard peer != other, isUseful else { return }
    aliases[other] = aliases[peer] ?? peer
    if let bytes = from.removeValue(forKey: other) { from[aliases[peer] ?? peer, default: 0] += bytes }
  }
}

/// When trackers are asked who has a file: at short intervals at first and while no peer gives anything, less often the
/// more peers there are.
struct LookupSchedule {
  private var dueAt = Instant.zero
  private var count = 0

  func isDue(at now: Instant) -> Bool { dueAt <= now }

  /// Makes the next lookup due at once.
  mutating func hasten() { dueAt = .zero }

  /// Notes a lookup, made while there were this many peers.
  mutating func asked(peers: Int, at now: Instant) {
    let isNew = count < SwarmConstants.earlyLookups
    count += 1
    let wait =
      isNew
      ? SwarmConstants.firstLookup << Nanoseconds(count - 1)
      : SwarmConstants.lookupPause(peers: peers)
    dueAt = now + wait
  }
}
