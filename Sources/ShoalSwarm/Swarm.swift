import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// One peer: the files that it serves and fetches, its conversations with other peers and with trackers.
///
/// A state machine with the contract of `Endpoint`: hand it a datagram or the time, then drain `nextEvent` and
/// `nextTransmit`, and sleep until `deadline`. The host keeps the bytes: it copies blocks from the datagram to their
/// piece as `.block` says, verifies and writes pieces, and gathers the payload of each `Transmit` from file or
/// `manifest(_:)`.
public struct Swarm: ~Copyable {
  let configuration: SwarmConfiguration
  var endpoint: Endpoint
  var files: [SharedFile] = []
  /// The files that are not stopped, by their id.
  private(set) var byID: [Digest: [FileKey]] = [:]
  /// By the connection's index.
  var sessions: [Session?]
  /// The indices of sessions, the oldest first.
  private(set) var live: [Int] = []
  /// The indices of each host's sessions.
  private(set) var hosts: [HostKey: [Int]] = [:]
  /// The trackers that it deals with.
  public internal(set) var trackers: [TrackerClient] = []
  var generator: SeededGenerator
  var secrets: SecretGenerator
  /// Bytes of pieces that are being gathered or verified, over all files.
  public internal(set) var buffered = 0
  /// A piece was not begun because too much is buffered.
  var isBufferFull = false
  var bans = BanList()
  /// The place in `live` of the session that was first to be asked for more.
  var firstToFill = 0
  private var events = Queue<SwarmEvent>()
  var openCredit: Int
  /// When that was last earned; nil if nobody was tried yet.
  var openCreditAt: Instant?
  /// Before then no further tracker is begun with.
  var nextTrackerAt = Instant.zero
  var tickAt = Instant.distantFuture
  /// The least round trip to any peer, while something is fetched; nil if not known.
  public internal(set) var leastRoundTrip: Nanoseconds?
  var measuredAt: Instant?
  var isStopping = false

  /// A peer without files. `secrets` must be seeded by the system's randomness where others can see its ids.
  public init(_ configuration: SwarmConfiguration, secrets: consuming SecretGenerator) {
    self.configuration = configuration
    var secrets = secrets
    endpoint = Endpoint(configuration.transport, secrets: SecretGenerator(key: secrets.key(for: "transport")))
    generator = SeededGenerator(seed: secrets.next())
    self.secrets = secrets
    sessions = Array(repeating: nil, count: configuration.transport.maxConnections)
    openCredit = configuration.opensPerSecond
  }

  // MARK: The five verbs

  /// Takes a datagram between peers, or from a tracker, whose checksum has been verified.
  public mutating func receive(_ bytes: RawSpan, from address: Address, at now: Instant) {
    for i in trackers.indices where trackers[i].hears(address) {
      if trackers[i].receive(bytes, from: address, at: now) {
        takeTrackerEvents(i, at: now)
        return
      }
    }
    endpoint.receive(bytes, from: address, at: now)
    takeTransportEvents(bytes, at: now)
  }

  /// Takes note of a datagram that failed its checksum.
  public mutating func receiveCorrupt(from address: Address, at now: Instant) {
    endpoint.receiveCorrupt(from: address, at: now)
  }

  /// Does what is due at `now`.
  public mutating func expire(at now: Instant) {
    endpoint.expire(at: now)
    takeTransportEvents(RawSpan(), at: now)
    for i in trackers.indices where trackers[i].deadline <= now {
      trackers[i].expire(at: now)
      takeTrackerEvents(i, at: now)
    }
    if tickAt <= now { tick(at: now) }
  }

  /// The next datagram to send: see `Endpoint.nextTransmit`. A payload's `source` is a `FileKey`.
  public mutating func nextTransmit(into buffer: UnsafeMutableRawBufferPointer, at now: Instant) -> Transmit? {
    for i in trackers.indices where trackers[i].deadline <= now {
      if let (to, bytes) = trackers[i].nextTransmit(at: now) {
        buffer.copyBytes(from: bytes)
        return Transmit(to: to, headerLength: bytes.count, payload: .empty, connection: nil)
      }
    }
    return endpoint.nextTransmit(into: buffer, at: now)
  }

  /// The next event, oldest first; nil if there is none.
  public mutating func nextEvent() -> SwarmEvent? {
    events.popFirst()
  }

  mutating func emit(_ event: SwarmEvent) { events.append(event) }

  /// When `expire` is due; meaningful once `nextTransmit` has given nil.
  public var deadline: Instant {
    var deadline = min(endpoint.deadline, tickAt)
    for tracker in trackers { deadline = min(deadline, tracker.deadline) }
    return deadline
  }

  // MARK: Sessions

  mutating func insert(_ session: Session) {
    sessions[session.connection.index] = session
    live.append(session.connection.index)
    hosts[HostKey(session.address), default: []].append(session.connection.index)
  }

  mutating func remove(_ index: Int) {
    if let address = sessions[index]?.address {
      let host = HostKey(address)
      hosts[host]?.removeAll { $0 == index }
      if hosts[host]?.isEmpty == true { hosts[host] = nil }
    }
    sessions[index] = nil
    live.removeAll { $0 == index }
  }

  mutating func markOpen(_ index: Int, at now: Instant) {
    sessions[index]?.isOpen = true
    sessions[index]?.idleSince = now
  }

  // MARK: Files

  /// Serves a file that is here as a whole (the original's origin peer).
  public mutating func share(_ manifest: Manifest, name: String, at now: Instant) -> FileKey {
    var file = SharedFile(id: manifest.id, name: name, phase: .preparing)
    file.set(manifest)
    let key = add(file)
    begin(key, have: .full(capacity: manifest.cut.pieces), at: now)
    return key
  }

  /// Looks for a file and fetches it from all peers that have it; `.manifest` follows. Unless `serving`, nobody is
  /// told that any of it is here: for those who do not keep it.
  public mutating func download(
    id: Digest, name: String = "", expected: Cut? = nil, serving: Bool = true, at now: Instant
  ) -> FileKey {
    var file = SharedFile(id: id, name: name, phase: .searching)
    file.expected = expected
    file.isServed = serving
    let key = add(file)
    if id == Blake3.hash(UnsafeRawBufferPointer(start: nil, count: 0)) {
      // The empty file is known by its id; nobody needs to be asked.
      files[key.index].set(Manifest(id: id, unproven: Cut(size: 0)))
      files[key.index].phase = .preparing
      emit(.manifest(key))
    }
    wake(at: now)
    return key
  }

  private mutating func add(_ file: SharedFile) -> FileKey {
    let key = FileKey(files.count)
    files.append(file)
    byID[file.id, default: []].append(key)
    return key
  }

  /// A stopped file is not found by its id any more; whether there is another with the same.
  mutating func forget(_ key: FileKey) -> Bool {
    let id = files[key.index].id
    byID[id]?.removeAll { $0 == key }
    if byID[id]?.isEmpty == true { byID[id] = nil }
    return byID[id] != nil
  }

  /// Goes on after `.manifest`: a place is prepared and `have` are the pieces that are there and verified.
  public mutating func begin(_ key: FileKey, have: BitSet, at now: Instant) {
    guard files[key.index].phase == .preparing else { return }
    files[key.index].begin(have: BitSet(capacity: files[key.index].cut.pieces).union(have))
    publish(key)
    if files[key.index].phase == .complete { finish(key, at: now) } else { refreshPieces(key, at: now) }
    wake(at: now)
  }

  /// Tells trackers, and those who wait for an offer, of a file whose cut is proven.
  mutating func publish(_ key: FileKey) {
    let file = files[key.index]
    guard file.isOffered else { return }
    for i in trackers.indices { trackers[i].register(id: file.id, cut: file.cut, name: file.name, have: file.chunks) }
    announceToServed(key)
  }

  /// The interface towards a peer that has just connected takes IP packets of `mtu` bytes: see
  /// `Endpoint.allow(mtu:on:at:)`.
  public mutating func allow(mtu: Int, towards address: Address, at now: Instant) {
    for index in live {
      guard let session = sessions[index], session.address == address else { continue }
      endpoint.allow(mtu: mtu, on: session.connection, at: now)
    }
  }

  /// Adds the addresses of one peer that may have a file, the likeliest first: it is tried at one after the other, and
  /// where it answers first.
  public mutating func add(peerAt addresses: [Address], for key: FileKey, at now: Instant) {
    guard files[key.index].isWanted else { return }
    let others = addresses.filter { !configuration.ownAddresses.contains($0) }
    files[key.index].book.add(peerAt: others, limit: configuration.addressesPerFile)
    wake(at: now)
  }

  /// Adds an address at which a file may be had.
  public mutating func add(peer address: Address, for key: FileKey, at now: Instant) {
    guard files[key.index].isWanted, !configuration.ownAddresses.contains(address) else { return }
    files[key.index].book.add(address, limit: configuration.addressesPerFile)
    wake(at: now)
  }

  /// The bytes that `ContentSpace.manifest` is ranges of; empty while they are not known.
  public func manifest(_ key: FileKey) -> Manifest? {
    key.index < files.count ? files[key.index].manifest : nil
  }

  /// The name that a peer gave the file; not to be trusted.
  public func name(_ key: FileKey) -> String { files[key.index].name }

  /// The chunks that are complete.
  public func chunks(_ key: FileKey) -> BitSet { files[key.index].chunks }

  /// How a file stands.
  public func progress(_ key: FileKey) -> FileProgress {
    var progress = files[key.index].progress
    progress.peers = live.count { index in
      guard let session = sessions[index], session.isOpen else { return false }
      return session.subscriptions.contains { $0.file == key && $0.pieces != nil }
    }
    return progress
  }

  /// The peers that are connected.
  public var connectionCount: Int { live.count { sessions[$0]?.isOpen ?? false } }

  /// The transport's counters, summed up.
  public var counters: TransportCounters { endpoint.counters }

  /// How the connections stand.
  public var statuses: [ConnectionStatus] {
    live.compactMap { sessions[$0].flatMap { endpoint.status($0.connection) } }
  }

  /// The packets that were taken for lost since this was last asked, in the order of `statuses`: see
  /// `Endpoint.takeLosses(_:)`.
  public mutating func takeLosses() -> [[LossVerdict]] {
    live.compactMap { sessions[$0].flatMap { endpoint.takeLosses($0.connection) } }
  }

  /// Whether everything was said that there is to say: after `stop`, it is time to leave.
  public var isQuiet: Bool { trackers.allSatisfy { $0.isIdle } }

  /// Ends all registrations and connections. Drain `nextTransmit` until `isQuiet`, or until patience ends.
  public mutating func stop(at now: Instant) {
    isStopping = true
    tickAt = .distantFuture
    for i in trackers.indices { trackers[i].deregisterAll() }
    for index in live {
      guard let session = sessions[index] else { continue }
      endpoint.close(session.connection, session.isIdle ? .done : .goingAway, at: now)
      sessions[index] = nil
    }
    live = []
    hosts = [:]
  }

  /// Something is to be looked after then.
  mutating func wake(at instant: Instant) {
    if !isStopping { tickAt = min(tickAt, instant) }
  }
}
