import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// One peer: the files that it serves and fetches, and its conversations with other peers and with trackers.
///
/// A state machine with the contract of `Endpoint`: give it a datagram or the time, then drain `nextEvent` and
/// `nextTransmit`, and sleep until `deadline`. The host keeps the bytes: it copies blocks from the datagram into their
/// piece as `.block` says, verifies and writes pieces, and gathers the payload of each `Transmit` from a file or from
/// `manifest(_:)`.
package struct Swarm: ~Copyable {
  let configuration: SwarmConfiguration
  /// See `setLimits`.
  package internal(set) var limits = SwarmLimits()
  var endpoint: Endpoint
  var files = FileTable()
  var links: LinkTable
  /// The requests of peers that are still to be served.
  var uploads = UploadScheduler()
  /// The trackers that it deals with.
  package internal(set) var trackers: [TrackerClient] = []
  /// The indices of those that may list files shared here by name.
  var listingTrackers: Set<Int> = []
  /// What the files want to be sent, and the resources that they share.
  var resources: SwarmResources
  var secrets: SecretGenerator
  /// The number that HELLO carries, by which a peer with two connections to this one notices.
  let identity: UInt64
  /// Whether there may be several connections with one peer.
  var hasDuplicates = false
  var bans = BanList()
  /// The passes that peers have given.
  package var passes = Passes()
  /// For the addresses that a tracker or a ticket names, and for those that peers tell of.
  var dialer: Dialer
  var hearsayDialer: Dialer
  /// When KNOWN was last sent, and whether peers have come since.
  var exchangedAt: Instant?
  var hasNewPeers = false
  /// The position, among the live links, of the one whose requests are topped up first.
  private var firstToFill = 0
  /// The earliest time at which another tracker is contacted.
  var nextTrackerAt = Instant.zero
  var tickAt = Instant.distantFuture
  /// The shortest round trip to any peer while something is fetched; nil if not known.
  package internal(set) var leastRoundTrip: Nanoseconds?
  var measuredAt: Instant?
  var isStopping = false
  /// The connections to be closed once the last messages have left.
  var partings: [(connection: ConnectionID, code: CloseCode)] = []

  /// A peer without files. `secrets` must be seeded by the system's randomness where others can see its ids.
  package init(_ configuration: SwarmConfiguration, secrets: consuming SecretGenerator) {
    self.configuration = configuration
    var secrets = secrets
    var transport = configuration.transport
    transport.takesEarlyMessages = true
    endpoint = Endpoint(transport, secrets: SecretGenerator(key: secrets.key(for: "transport")))
    resources = SwarmResources(
      budget: PieceBudget(limit: configuration.bufferLimit), random: SeededGenerator(seed: secrets.next()))
    var names = SecretGenerator(key: secrets.key(for: "identity"))
    identity = names.next()
    self.secrets = secrets
    links = LinkTable(most: configuration.transport.maxConnections)
    dialer = Dialer(perSecond: configuration.opensPerSecond, burst: configuration.opensAtOnce)
    hearsayDialer = Dialer(perSecond: configuration.hearsayPerSecond, burst: configuration.hearsayPerSecond)
    setLimits(configuration.limits, at: .zero)
  }

  // MARK: The five verbs

  /// Takes a datagram between peers, or from a tracker, whose checksum has been verified.
  package mutating func receive(_ bytes: Span<UInt8>, from address: Address, at now: Instant) {
    for i in trackers.indices where trackers[i].hears(address) {
      if trackers[i].receive(bytes, from: address, at: now) {
        takeTrackerEvents(i, at: now)
        return
      }
    }
    endpoint.receive(bytes, from: address, at: now)
    takeTransportEvents(bytes, at: now)
    serve(at: now)
  }

  /// Notes a datagram that failed its checksum.
  package mutating func receiveCorrupt(from address: Address, at now: Instant) {
    endpoint.receiveCorrupt(from: address, at: now)
  }

  /// Does what is due at `now`.
  package mutating func expire(at now: Instant) {
    endpoint.expire(at: now)
    takeTransportEvents(Span<UInt8>(), at: now)
    for i in trackers.indices where trackers[i].deadline <= now {
      trackers[i].expire(at: now)
      takeTrackerEvents(i, at: now)
    }
    if tickAt <= now { tick(at: now) }
    serve(at: now)
  }

  /// The next datagram to send: see `Endpoint.nextTransmit`. A payload's `source` is a `FileKey`.
  package mutating func nextTransmit(into buffer: inout MutableSpan<UInt8>, at now: Instant) -> Transmit? {
    for i in trackers.indices where trackers[i].deadline <= now {
      if let (to, bytes) = trackers[i].nextTransmit(at: now) {
        buffer.copy(bytes.span, to: 0)
        return Transmit(to: to, headerLength: bytes.count, payload: .empty, connection: nil)
      }
    }
    if let transmit = endpoint.nextTransmit(into: &buffer, at: now) { return transmit }
    if part(at: now) { return endpoint.nextTransmit(into: &buffer, at: now) }
    uploads.drained(endpoint, at: now)
    return nil
  }

  /// The same, for callers that hold an array.
  package mutating func nextTransmit(into buffer: inout [UInt8], at now: Instant) -> Transmit? {
    var span = buffer.mutableSpan
    return nextTransmit(into: &span, at: now)
  }

  /// The next event, oldest first; nil if there is none.
  package mutating func nextEvent() -> SwarmEvent? { resources.outbox.nextEvent() }

  /// When `expire` is due; meaningful once `nextTransmit` has given nil.
  package var deadline: Instant {
    var deadline = min(endpoint.deadline, tickAt, uploads.deadline)
    for tracker in trackers { deadline = min(deadline, tracker.deadline) }
    return deadline
  }

  /// Bytes of pieces that are being gathered or verified, across all files.
  package var buffered: Int { resources.budget.used }

  /// The number of peers that are connected.
  package var connectionCount: Int { links.live.count { links[$0]?.isOpen ?? false } }

  /// The transport's counters, added up.
  package var counters: TransportCounters { endpoint.counters }

  /// The status of each connection.
  package var statuses: [ConnectionStatus] {
    links.live.compactMap { links[$0].flatMap { endpoint.status($0.connection) } }
  }

  /// The packets that were declared lost since the last call, in the order of `statuses`: see
  /// `Endpoint.takeLosses(_:)`.
  package mutating func takeLosses() -> [[LossVerdict]] {
    links.live.compactMap { links[$0].flatMap { endpoint.takeLosses($0.connection) } }
  }

  /// Whether all farewells have been sent; once this is true after `stop`, it is time to leave.
  package var isQuiet: Bool { trackers.allSatisfy { $0.isIdle } }

  /// Ends all registrations and connections. Drain `nextTransmit` until `isQuiet`, or until patience runs out.
  package mutating func stop(at now: Instant) {
    isStopping = true
    tickAt = .distantFuture
    for i in trackers.indices { trackers[i].deregisterAll() }
    for key in links.live {
      guard let link = links[key] else { continue }
      for entry in link.wanted { tellProgress(of: entry.file, to: key) }
      partings.append((link.connection, link.isIdle ? .done : .goingAway))
    }
    deliver(at: now)
    links.removeAll()
  }

  /// Closes the connections that are waiting to be closed; false if there are none.
  private mutating func part(at now: Instant) -> Bool {
    guard !partings.isEmpty else { return false }
    for (connection, code) in partings { endpoint.close(connection, code, at: now) }
    partings = []
    return true
  }

  /// Schedules the tick for `instant`, if it is not due sooner.
  mutating func wake(at instant: Instant) {
    if !isStopping { tickAt = min(tickAt, instant) }
  }

  // MARK: Delivery

  mutating func emit(_ event: SwarmEvent) { resources.outbox.emit(event) }

  /// Empties the outbox: sends messages and queues bytes.
  mutating func deliver(at now: Instant) {
    if !resources.outbox.items.isEmpty {
      for (key, item) in resources.outbox.takeItems() {
        guard let connection = links[key]?.connection else { continue }
        switch item {
        case .message(let bytes):
          if links[key]?.wasAnticipated(bytes) != true { endpoint.send(bytes, on: connection) }
        case .range(let range):
          guard let cut = files[FileKey(source: range.source)]?.manifest?.cut else { continue }
          uploads.add(range, cut, for: key, connection)
        }
      }
    }
    if resources.outbox.wakeAt < tickAt { wake(at: resources.outbox.wakeAt) }
    resources.outbox.sleep()
  }

  /// Delivers, and carries out what a file demands of the swarm.
  mutating func deliver(for file: FileKey, at now: Instant) {
    deliver(at: now)
    guard !resources.outbox.demands.isEmpty else { return }
    for demand in resources.outbox.takeDemands() {
      switch demand {
      case .distrust(let address, let lie): distrust(file, address, lie, at: now)
      case .drop(let link, let code, let reason): drop(link, code, reason, at: now)
      case .askAnew(let link): askAnew(link, file, at: now)
      }
    }
  }

  // MARK: Uploads

  /// Hands the transport as much as it takes now of what peers have requested.
  private mutating func serve(at now: Instant) {
    if !uploads.isIdle, uploads.isMeasurementDue(at: now) {
      let delivered = links.live.reduce(UInt64(0)) { $0 + (links[$1].map { endpoint.delivered($0.connection) } ?? 0) }
      uploads.measure(delivered: delivered, at: now)
      givePasses(at: now)
    }
    while let (link, part) = uploads.next(&endpoint, at: now) {
      if part.space == ContentSpace.manifest.rawValue { send(part, to: link) } else { read(part, for: link) }
    }
  }

  /// Sends bytes that are in memory.
  private mutating func send(_ range: Payload, to key: LinkKey) {
    uploads.readEnded(range.length, key)
    if let link = links[key] { endpoint.send(range, on: link.connection) }
  }

  /// Asks the host to read bytes of a file that are to be sent to a peer.
  private mutating func read(_ range: Payload, for key: LinkKey) {
    guard let serial = links[key]?.serial, let number = links[key]?.reads.begin(range) else { return }
    let read = ReadKey(link: key, serial: serial, number: number)
    let length = min(range.length, SwarmConstants.readAhead)
    emit(.wanted(read, FileKey(source: range.source), offset: range.offset, length: length))
  }

  /// Whether bytes that the host is reading are still wanted.
  package func isReading(_ read: ReadKey) -> Bool {
    guard let link = links[read.link] else { return false }
    return link.serial == read.serial && link.reads.contains(read.number)
  }

  /// Call this when bytes that a peer wants are in memory, or cannot be read.
  package mutating func readEnded(_ read: ReadKey, isReadable: Bool, at now: Instant) {
    guard let link = links[read.link], link.serial == read.serial,
      let range = links[read.link]?.reads.end(read.number)
    else { return }
    uploads.readEnded(range.length, read.link)
    if isReadable { endpoint.send(range, on: link.connection) }
  }

  // MARK: Requests

  /// Keeps enough requested from every peer. A different peer is first each time, so that all get a share of a tight
  /// buffer.
  mutating func fillAll(at now: Instant) {
    let live = links.live
    guard !live.isEmpty else { return }
    firstToFill = (firstToFill + 1) % live.count
    for i in live.indices {
      let link = live[(firstToFill + i) % live.count]
      for entry in links[link]?.wanted ?? [] { fill(link, entry.file, at: now) }
    }
  }

  /// Keeps enough of a file requested from a peer.
  mutating func fill(_ link: LinkKey, _ file: FileKey, at now: Instant) {
    while files[file]?.download?.fill(link, &resources, at: now) == .needsRoom {
      guard makeRoom() else {
        resources.budget.isFull = true
        files[file]?.download?.exhaust(link)
        break
      }
    }
    deliver(at: now)
  }

  /// Drops a piece that is not requested from anybody at present; returns whether there was one.
  private mutating func makeRoom() -> Bool {
    for key in files.wanted where files[key]?.download?.dropOrphan(&resources) == true { return true }
    return false
  }
}
