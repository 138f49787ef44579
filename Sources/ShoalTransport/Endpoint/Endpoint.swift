import ShoalBase
import ShoalContent
import ShoalWire

/// The transport of one UDP socket: all its conversations, without the socket.
///
/// The contract, which every state machine of Shoal keeps: hand it a datagram (`receive`) or the time (`expire`),
/// then drain `nextEvent` and `nextTransmit`, and sleep until `deadline`. It never calls out, reads no clock, and
/// holds no byte of any file: a `Transmit` says which bytes are to follow the header that it wrote, and a `.block`
/// event says where in the datagram just received the bytes lie. Events about a datagram must therefore be drained
/// before its memory is reused.
public struct Endpoint: ~Copyable {
  let configuration: TransportConfiguration
  var connections: ConnectionTable
  var events = Ring<TransportEvent>()
  private var ready = Ring<Int>()
  private var isReady: [Bool]
  private var deadlines: DeadlineHeap
  var replies = StatelessReplies()
  private var secrets: SecretGenerator
  /// The first of `ready` has been given its share of this round.
  private var isTurn = false
  /// What each host holds of what is shared out.
  var hosts: HostLedger
  /// Makes the tokens of RETRY.
  let mint: TokenMint

  /// What connections that are gone had counted, and what belongs to none.
  var past = TransportCounters()
  /// Intact datagrams for no connection, or that broke the protocol, or from the wrong address.
  public internal(set) var ignored = 0
  /// Corrupt datagrams, from whatever address.
  public private(set) var corrupt = 0

  /// An endpoint; `secrets` must be seeded by the system's randomness where others can see its ids.
  public init(_ configuration: TransportConfiguration, secrets: SecretGenerator) {
    self.configuration = configuration
    self.secrets = secrets
    var keys = secrets
    mint = TokenMint(key: keys.key(for: "retry"), epoch: Constants.tokenEpoch)
    hosts = HostLedger(configuration)
    connections = ConnectionTable(capacity: configuration.maxConnections)
    isReady = Array(repeating: false, count: configuration.maxConnections)
    deadlines = DeadlineHeap(slots: configuration.maxConnections)
  }

  // MARK: The five verbs

  /// Takes a datagram whose checksum has been verified.
  public mutating func receive(_ bytes: RawSpan, from address: Address, at now: Instant) {
    do throws(WireError) {
      let (header, type) = try Header.decode(bytes)
      switch type {
      case .open: try receiveOpen(header, bytes, from: address, at: now)
      case .reset: receiveReset(header, from: address, at: now)
      default: try receive(type, header, bytes, from: address, at: now)
      }
    } catch {
      if error.kind == .version { replies.version(bytes, to: address) }
      ignored += 1
    }
  }

  /// Takes note of a datagram that failed its checksum: nothing in it is believed. It is counted on the one
  /// connection with that address, whose peer learns of it by an ACK at once.
  public mutating func receiveCorrupt(from address: Address, at now: Instant) {
    corrupt += 1
    guard let slot = connections.onlySlot(at: address) else { return }
    let connection = connections.at(slot)
    connection.pointee.counters.corrupt += 1
    guard connection.pointee.state == .established else { return }
    connection.pointee.acks.sawCorrupt(connection.pointee.roundTrip, at: now)
    touch(slot)
  }

  /// Does what is due at `now`.
  public mutating func expire(at now: Instant) {
    while deadlines.earliest <= now, let slot = deadlines.earliestSlot {
      deadlines.set(slot, .distantFuture)
      switch connections.at(slot).pointee.expire(at: now) {
      case .none: touch(slot)
      case .forgotten: remove(slot)
      case .closed(let code):
        events.append(.closed(connections.id(slot), code: code.rawValue, byPeer: false))
        end(slot, code.rawValue, "", at: now)
      }
    }
  }

  /// The next datagram to send: its header and messages are written to `buffer`, which must hold 65,507 bytes or
  /// the configured MTU, and what is to follow them is described. Drain until nil.
  public mutating func nextTransmit(into buffer: UnsafeMutableRawBufferPointer, at now: Instant) -> Transmit? {
    if let reply = replies.next() {
      buffer.copyBytes(from: reply.bytes)
      past.sent += 1
      past.bytesSent += reply.bytes.count
      return Transmit(to: reply.to, headerLength: reply.bytes.count, payload: .empty, connection: nil)
    }
    // Deficit round robin (Shreedhar and Varghese, 1995): a connection that is dear has its turn as often as others,
    // for as much work.
    while !ready.isEmpty {
      let slot = ready.first
      let connection = connections.at(slot)
      if connection.pointee.send.wantsToGrow, !connection.pointee.queue.isEmpty { grow(slot) }
      if connection.pointee.isOverdrawn { endOverdrawn(slot, at: now) }
      if !isTurn { connection.pointee.credit = min(connection.pointee.credit + Work.quantum, Work.quantum) }
      isTurn = connection.pointee.credit > 0
      if isTurn, let written = try? connection.pointee.nextTransmit(buffer, at: now) {
        connection.pointee.credit -= Work.datagram + written.length + written.payload.length
        if connection.pointee.credit <= 0 { passTurn() }
        return transmit(slot, written)
      }
      guard isTurn else {
        passTurn()
        continue
      }
      isTurn = false
      connection.pointee.credit = 0
      _ = ready.popFirst()
      isReady[slot] = false
      deadlines.set(slot, connection.pointee.timers.next)
    }
    return nil
  }

  private mutating func passTurn() {
    isTurn = false
    if let slot = ready.popFirst() { ready.append(slot) }
  }

  private func transmit(_ slot: Int, _ written: Connection.Written) -> Transmit {
    let connection = connections.at(slot)
    var transmit = Transmit(
      to: connection.pointee.address, headerLength: written.length, payload: written.payload,
      connection: connections.id(slot))
    if written.payload.length > 0 { transmit.ahead = connection.pointee.queue.ahead(of: written.payload) }
    return transmit
  }

  /// The next event, oldest first; nil if there is none.
  public mutating func nextEvent() -> TransportEvent? { events.popFirst() }

  /// When `expire` is due; meaningful once `nextTransmit` has given nil.
  public var deadline: Instant { deadlines.earliest }

  // MARK: Slots

  func usable(_ id: ConnectionID) -> Int? {
    guard let slot = connections.slot(id), connections.at(slot).pointee.state != .closing else { return nil }
    return slot
  }

  mutating func insert(
    _ address: Address, open: OpenPacket?, _ standing: HostLedger.Standing, at now: Instant
  ) -> Int {
    let local = connections.localID(secrets.next())
    let sequence = configuration.initialSequence ?? UInt32(truncatingIfNeeded: secrets.next())
    let slot = connections.insert(
      Connection(
        configuration, localID: local, address: address, initialSequence: sequence, open: open, standing: standing,
        seed: secrets.next(), at: now))
    hosts.joined(connections.at(slot).pointee.host, standing)
    account(slot)
    return slot
  }

  /// Something has happened to a connection: it may have something to send, and its timers may have moved.
  /// Its deadline is renewed once it has been drained.
  @inline(__always)
  mutating func touch(_ slot: Int) {
    guard !isReady[slot] else { return }
    isReady[slot] = true
    ready.append(slot)
  }

  mutating func end(_ slot: Int, _ code: UInt16, _ reason: String, at now: Instant) {
    connections.at(slot).pointee.close(code, reason, at: now)
    touch(slot)
  }

  mutating func remove(_ slot: Int) {
    hosts.left(connections.at(slot).pointee.host, connections.at(slot).pointee.standing)
    hosts.took(-connections.at(slot).pointee.charged, connections.at(slot).pointee.host)
    past += connections.at(slot).pointee.counters
    deadlines.set(slot, .distantFuture)
    if isReady[slot] {
      ready.filter { $0 != slot }
      isReady[slot] = false
      isTurn = false
    }
    connections.remove(slot)
  }
}
