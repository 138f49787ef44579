import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// One wanted file: the peers that it comes from, what each of them owes, the manifest and the pieces.
///
/// It knows neither connections nor trackers: it is told what peers say, and puts what it wants said into an `Outbox`.
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
  /// Whether peers are told that they may have what is here of it.
  let isServed: Bool
  let leastRequests: Int
  var phase = Phase.searching
  /// What a ticket said about the cut.
  var expected: Cut?
  private(set) var manifest: Manifest?
  /// The manifest's cut, kept apart because every block needs it.
  private(set) var cut = Cut()
  /// What is here; nil until the host has said.
  var copy: LocalCopy?
  var fetch = ManifestFetch()
  /// When a size that is only claimed was last believed.
  var believedAt: Instant?
  /// The sources, in the order in which their links were made.
  private(set) var sources: [Source] = []
  /// How many sources have each piece.
  var availability = Availability()
  /// The pieces that nobody has been asked for.
  var missing = BitSet(capacity: 0)
  /// Those of them, and not in `missing`, that are not to be asked for now; nil if there are none.
  var reserved: BitSet?
  var active: [Int: ActivePiece] = [:]
  /// Active pieces that nobody is being asked for any more, oldest first.
  var orphans: [Int] = []
  /// Which piece is asked for next.
  var order = PickOrder.rarest
  /// Pieces that were wrong and whose bytes came from several peers.
  var suspects: Set<Int> = []
  var book = PeerBook()
  var lookups = LookupSchedule()
  /// When a peer last made room for another.
  var renewedAt: Instant?
  /// When its sources were last told how far along it is.
  var progressToldAt: Instant?
  private(set) var accepted: UInt64 = 0
  private(set) var redundant: UInt64 = 0
  private(set) var from: [Address: UInt64] = [:]
  /// Other addresses of peers that have sent something, and those by which people know them.
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

  /// Whether no source gives anything.
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
    var want = Want()
    want.file = number
    want.id = id
    want.serves = isServed ? 1 : 0
    outbox.post(want, to: link)
    fetchExpected(source, &outbox, at: now)
  }

  /// Removes a source that no longer gives any of the file: what it owes is to be asked of others.
  mutating func remove(_ link: LinkKey, _ resources: inout SwarmResources) {
    guard place(of: link) != nil else { return }
    release(of: link, &resources)
    failTrees(of: link)
    fetch.fail(link)
    sources.removeAll { $0.link == link }
  }

  // MARK: The manifest and what is here

  /// Takes what is known of the file, or believed.
  mutating func found(_ manifest: Manifest, _ outbox: inout Outbox) {
    fetch = ManifestFetch()
    self.manifest = manifest
    cut = manifest.cut
    phase = .preparing
    outbox.emit(.manifest(key))
  }

  /// Begins to fetch pieces, as the host has prepared a place; these pieces are there and verified.
  mutating func begin(have: BitSet) {
    guard phase == .preparing, let manifest else { return }
    let copy = LocalCopy(manifest, have: have)
    missing = copy.have.complement
    reserved = nil
    self.copy = copy
    phase = .downloading
  }

  /// Forgets what was believed of the file.
  mutating func searchAgain(_ resources: inout SwarmResources) {
    dropActive(&resources)
    (manifest, cut, copy) = (nil, Cut(), nil)
    phase = .searching
    updateAll { $0.forgetPieces() }
  }

  /// Stops wanting anything of the file.
  mutating func stop(_ resources: inout SwarmResources) {
    dropActive(&resources)
    phase = .stopped
  }

  /// Has a source prove itself first, as another address of its host has lied.
  mutating func beginProbation(of link: LinkKey) {
    guard let address = source(link)?.address, received(from: address) == 0 else { return }
    _ = update(link) { $0.isOnProbation = true }
  }

  /// Counts bytes that have come, of which `fresh` are new.
  mutating func count(_ bytes: Int, fresh: Int) {
    accepted += UInt64(fresh)
    redundant += UInt64(bytes - fresh)
  }

  /// Notes who sent how much of a piece that is right, so that people can be told.
  mutating func credit(_ contributions: [ActivePiece.Contribution]) {
    for part in contributions {
      from[aliases[part.address] ?? part.address, default: 0] += UInt64(part.bytes)
      for s in sources.indices where sources[s].address == part.address { sources[s].isOnProbation = false }
    }
  }

  /// The verified bytes that came from a peer, at whichever of its addresses.
  func received(from peer: Address) -> UInt64 { from[aliases[peer] ?? peer] ?? 0 }

  /// Credits a peer with what has come, and is still to be verified, from another address of its.
  mutating func credit(_ peer: Address, with other: Address) {
    let isUseful = from[other] != nil || sources.contains { $0.address == other && $0.isUseful }
    guard peer != other, isUseful else { return }
    aliases[other] = aliases[peer] ?? peer
    if let bytes = from.removeValue(forKey: other) { from[aliases[peer] ?? peer, default: 0] += bytes }
  }
}

/// When trackers are asked who has a file: at once while no peer gives anything, soon while there are few, less often
/// later.
struct LookupSchedule {
  private var dueAt = Instant.zero
  private var count = 0

  func isDue(at now: Instant) -> Bool { dueAt <= now }

  /// Has them asked at once.
  mutating func hasten() { dueAt = .zero }

  /// Notes that they have been asked while there were this many peers.
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
