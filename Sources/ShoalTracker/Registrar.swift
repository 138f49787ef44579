import ShoalBase
import ShoalContent
import ShoalWire

/// A tracker: who has which chunks of which file, according to the peers.
///
/// A pure state machine with Shoal's five calls. Each request has at most one reply, and is idempotent. Before a cookie
/// has proven the sender's address, nothing is stored, and no reply is larger than its request.
package struct Registrar: ~Copyable, Sendable {
  /// The counters so far.
  package internal(set) var counters = RegistrarCounters()
  package let configuration: RegistrarConfiguration
  /// The part of the files that it has.
  let part: RegistrarPart
  /// How many files LIST returns of the other parts.
  package var listedElsewhere = 0
  /// Those FINDs that other parts are to continue.
  var searches = Queue<FileSearch>()
  var registry: Registry
  var random: SeededGenerator
  private let mint: TokenMint
  let key: Digest
  /// Collects what is to be written to the state file, if there is one.
  var keeper: StateKeeper?
  /// Tells peers whether this tracker still has their registrations; not 0.
  private(set) var epoch: UInt32
  /// A cookie is valid for at least this long, and for less than twice as long.
  private static let cookiePeriod: Nanoseconds = 120 * .second
  /// The most replies and events that wait until the host fetches them.
  private static let mostWaiting = 4_096
  private var replies = ReplyQueue()
  var budgets: HostBudgets
  private var strangers: TokenBucket
  /// Whether requests come faster than they are handled: then those without a valid cookie are dropped, except CONNECT,
  /// as refusing them costs more than receiving them.
  package var isPressed = false
  /// Who asks the most, and about what.
  var traffic = TrafficSample()
  private var events = Queue<RegistrarEvent>()
  /// The events left out, and how many more may be kept in this second: an event costs more than most requests.
  private var omitted = 0, allowed = Registrar.mostEvents
  private var allowedAt = Instant.zero, now = Instant.zero
  private static let mostEvents = 1_000

  /// A tracker without registrations.
  ///
  /// `key` makes the cookies and must be secret; `seed` chooses among peers. Key and epoch are new, unless this tracker
  /// is to restore the state of an earlier one, whose they then are. Trackers that each have a part of the files have
  /// the same key and epoch.
  package init(
    key: Digest, seed: UInt64, epoch: UInt32? = nil, part: RegistrarPart = .whole,
    configuration: RegistrarConfiguration = RegistrarConfiguration()
  ) {
    self.configuration = configuration
    self.part = part
    self.key = key
    random = SeededGenerator(seed: seed)
    let made = UInt32(truncatingIfNeeded: random.next()) | 1
    self.epoch = epoch ?? made
    registry = Registry(configuration, seed: random.next())
    budgets = HostBudgets(
      perSecond: configuration.requestsPerHost, atOnce: configuration.requestsPerHostAtOnce)
    strangers = TokenBucket(perSecond: configuration.strangers, atOnce: configuration.strangers)
    mint = TokenMint(key: key, period: Registrar.cookiePeriod)
  }

  /// Begins a new epoch, because what was known is no longer complete: peers register again as soon as they are answered.
  /// All parts come to the same one.
  package mutating func beginEpoch() {
    epoch = UInt32(truncatingIfNeeded: key[word: 0] &* (UInt64(epoch) &* 2 &+ 1) >> 16) | 1
  }

  /// How many files are known.
  package var fileCount: Int { registry.fileCount }
  /// How many registrations there are: a peer counts once for each of its files.
  package var registrationCount: Int { registry.count }
  /// The bytes of all chunk maps.
  package var mapBytes: Int { registry.mapBytes }
  /// The bytes of memory that all registrations take.
  package var byteCount: Int { registry.byteCount + budgets.byteCount }

  /// Handles a datagram whose checksum has been verified. Anything but a request to a tracker is counted and ignored.
  package mutating func receive(_ bytes: Span<UInt8>, from address: Address, at now: Instant) {
    guard address.isUsable, let (header, type) = try? Header.decode(bytes), type.isTrackerRequest else {
      counters.ignored += 1
      return tellVersion(bytes, address, at: now)
    }
    counters.count(type)
    self.now = now
    let isProven = type != .connect && hasCookie(bytes, of: address, at: now)
    let asker = Asker(
      address: address, transaction: header.connection, at: now,
      room: isProven ? Limits.smallestDatagram : min(bytes.count, Limits.smallestDatagram))
    if isProven {
      guard budgets.take(registry.hostHash(asker.peer), at: now) else { return counters.limited += 1 }
      traffic.note(bytes, of: type, from: asker.peer, at: now)
    } else if type != .connect {
      counters.unproven += 1
      guard !isPressed, strangers.take(at: now) else { return counters.unanswered += 1 }
    }
    let changes = registry.changes
    do throws(Refused) {
      guard isProven || type == .connect else { throw Refused(.staleCookie, "connect again") }
      switch type {
      // Which runs are taken, where there are too many, differs from request to request: sent again and again, all are.
      case .register:
        let packet = try legible { () throws(WireError) in
          try RegisterPacket.read(bytes, runs: Limits.trackedRuns, lot: header.connection)
        }
        try register(packet, for: asker)
      case .update:
        let packet = try legible { () throws(WireError) in
          try UpdatePacket.read(bytes, runs: Limits.trackedRuns, lot: header.connection)
        }
        try update(packet, for: asker)
      case .find: try find(FileSearch(name: (decode(bytes) as FindPacket).name, asker: asker, left: part.count))
      case .lookup: try lookup(legible { () throws(WireError) in try LookupPacket.read(bytes) }, for: asker)
      case .map: try map(decode(bytes), for: asker)
      case .list: list(try decode(bytes), for: asker)
      case .deregister: try deregister(decode(bytes), for: asker)
      default: try connect(decode(bytes), for: asker)
      }
      if registry.changes != changes { keep(bytes, from: asker.peer) }
    } catch {
      refuse(error, type, asker, isProven: isProven)
    }
    if !registry.displaced.isEmpty { logDisplaced() }
  }

  /// Answers a CONNECT of another version with the one that is spoken here.
  private mutating func tellVersion(_ bytes: Span<UInt8>, _ address: Address, at now: Instant) {
    let header = Header.peek(bytes)
    guard address.isUsable, header.magic == Header.magic, header.packetType == .connect,
      bytes.count >= ConnectPacket.length, !isPressed, strangers.take(at: now)
    else { return }
    let asker = Asker(address: address, transaction: header.connection, at: now, room: bytes.count)
    reply(VersionPacket(), to: asker)
  }

  /// Writes the next reply, a whole datagram to be sealed, to the front of `room`, which has 1,200 bytes at least.
  package mutating func nextTransmit(
    into room: inout MutableSpan<UInt8>, at now: Instant
  ) -> (to: Address, count: Int)? {
    guard let (to, count, since) = replies.popFirst(into: &room) else { return nil }
    counters.times.add(now - since)
    return (to, count)
  }

  /// The next reply to send: a whole datagram, to be sealed.
  package mutating func nextTransmit(at now: Instant) -> (to: Address, bytes: [UInt8])? {
    guard replies.count > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Limits.smallestDatagram)
    var room = bytes.mutableSpan
    guard let (to, count) = nextTransmit(into: &room, at: now) else { return nil }
    return (to, Array(bytes[..<count]))
  }

  /// Forgets the peers that have been silent for too long.
  package mutating func expire(at now: Instant) {
    self.now = now
    for (key, silence) in registry.expire(at: now) {
      counters.expired += 1
      keepEnd(of: key)
      log(.expired(peer: key.peer, id: key.id, silence: silence))
    }
  }

  /// Notes that this machine was asleep, or this process did not run, for so long until now.
  package mutating func wake(after sleep: Nanoseconds) { registry.asleep += sleep }

  /// When to call `expire` next.
  package var deadline: Instant { registry.deadline }

  /// The next entry for the log.
  package mutating func nextEvent() -> RegistrarEvent? { events.popFirst() }

  /// Answers a request, unless the answer is larger than the asker's `room`.
  mutating func reply(_ packet: some Packet, to asker: Asker) {
    reply(to: asker) { room throws(WireError) in try packet.encode(connection: asker.transaction, into: &room) }
  }

  /// Answers a request with what `write` writes.
  @inline(__always)
  mutating func reply(to asker: Asker, _ write: (inout MutableSpan<UInt8>) throws(WireError) -> Int) {
    guard replies.count < Registrar.mostWaiting else { return counters.overflowed += 1 }
    if !replies.append(to: asker.address, since: asker.at, most: asker.room, write) { counters.withheld += 1 }
  }

  /// Notes an event for the log. Only so many are kept of each second; the log then says how many were left out.
  mutating func log(_ event: @autoclosure () -> RegistrarEvent) {
    if now - allowedAt >= .second { (allowedAt, allowed) = (now, Registrar.mostEvents) }
    guard allowed > 0, events.count < Registrar.mostWaiting else {
      omitted += 1
      return
    }
    allowed -= 1
    if omitted > 0 { events.append(.omitted(count: omitted)) }
    omitted = 0
    events.append(event())
  }

  private mutating func logDisplaced() {
    while let key = registry.displaced.popLast() {
      counters.displaced += 1
      keepEnd(of: key)
      log(.displaced(peer: key.peer, id: key.id))
    }
  }

  private mutating func connect(_: ConnectPacket, for asker: Asker) {
    var packet = ConnectedPacket()
    packet.cookie = mint.token(of: asker.peer, at: asker.at)
    packet.observed = asker.peer
    packet.epoch = EpochNote(epoch)
    reply(to: asker) { room throws(WireError) in try packet.put(asker.transaction, into: &room) }
  }

  /// Refuses a request with the reason, or with the code alone if the reason does not fit.
  mutating func refuse(_ refused: Refused, _ type: PacketType, _ asker: Asker, isProven: Bool) {
    counters.errors[refused.code, default: 0] += 1
    var packet = ErrorPacket()
    packet.code = refused.code.rawValue
    packet.message = refused.message
    packet.epoch = EpochNote(epoch)
    if packet.encodedSize > asker.room { packet.message = "" }
    if packet.encodedSize > asker.room { packet.epoch = nil }
    reply(packet, to: asker)
    if isProven { log(.refused(peer: asker.peer, request: type, error: refused.code, message: refused.message)) }
  }

  /// Whether the request, of any type but CONNECT, begins with the sender's cookie.
  func hasCookie(_ bytes: Span<UInt8>, of address: Address, at now: Instant) -> Bool {
    var cookie: UInt64 = 0
    var decoder = Decoder(bytes, from: Limits.headerLength)
    guard (try? decoder.u64("cookie", &cookie, .hex)) != nil else { return false }
    return mint.isValid(cookie, of: address.unscoped, at: now)
  }

  private func decode<P: Packet>(_ bytes: Span<UInt8>) throws(Refused) -> P {
    try legible { () throws(WireError) in try P.decode(bytes) }
  }

  @inline(__always)
  private func legible<P>(_ read: () throws(WireError) -> P) throws(Refused) -> P {
    do { return try read() } catch { throw Refused(.malformed, error.description) }
  }
}

/// The sender of a request.
struct Asker: Sendable {
  /// Where the reply goes.
  let address: Address
  /// The transaction that the reply names.
  let transaction: UInt64
  /// When the request came.
  let at: Instant
  /// The most bytes of the reply.
  let room: Int

  /// The sender's address as given to other peers.
  var peer: Address { address.unscoped }
}

extension Address {
  /// The address as a packet carries it.
  fileprivate var unscoped: Address { Address(high: high, low: low, port: port) }
}
