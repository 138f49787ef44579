import ShoalBase
import ShoalContent
import ShoalWire

/// The transport of one UDP socket: all its connections, without the socket.
///
/// The contract, which every state machine of Shoal keeps: give it a datagram (`receive`) or the time (`expire`), then
/// drain `nextEvent` and `nextTransmit`, and sleep until `deadline`. It never calls out, reads no clock, and holds no
/// byte of any file: a `Transmit` says which bytes are to follow the header that it wrote, and a `.block` event says
/// where in the datagram just received the bytes lie. Events about a datagram must therefore be drained before its
/// memory is reused.
package struct Endpoint: ~Copyable {
  let configuration: TransportConfiguration
  var connections: ConnectionTable
  var events = Ring<TransportEvent>()
  var turns: Turns
  var pacer: ContentPacer
  /// The connections that were given up and wait for a late answer, oldest first.
  var givenUp: [Int] = []
  private var deadlines: DeadlineHeap
  var replies = StatelessReplies()
  private var secrets: SecretGenerator
  /// How much each host uses of what hosts share.
  var hosts: HostLedger
  /// Makes the tokens of RETRY, and those of PASS.
  let mint: TokenMint
  let passMint: TokenMint

  /// The counters of connections that are gone, and of what belongs to no connection.
  var past = TransportCounters()
  /// The bytes of the datagrams with blocks that were sent, including retransmissions.
  package private(set) var blockBytesSent: UInt64 = 0
  /// Intact datagrams that were for no connection, broke the protocol, or came from the wrong address.
  package internal(set) var ignored = 0
  /// Corrupt datagrams, from whatever address.
  package private(set) var corrupt = 0

  /// An endpoint; `secrets` must be seeded by the system's randomness where others can see its ids.
  package init(_ configuration: TransportConfiguration, secrets: SecretGenerator) {
    self.configuration = configuration
    self.secrets = secrets
    var keys = secrets
    mint = TokenMint(key: keys.key(for: "retry"), period: Constants.tokenPeriod)
    passMint = TokenMint(key: keys.key(for: "pass"), period: Constants.passPeriod)
    hosts = HostLedger(configuration)
    connections = ConnectionTable(capacity: configuration.maxConnections)
    turns = Turns(slots: configuration.maxConnections)
    pacer = ContentPacer(slots: configuration.maxConnections)
    deadlines = DeadlineHeap(slots: configuration.maxConnections)
  }

  // MARK: The five verbs

  /// Takes a datagram whose checksum has been verified.
  package mutating func receive(_ bytes: Span<UInt8>, from address: Address, at now: Instant) {
    do throws(WireError) {
      let (header, type) = try Header.decode(bytes)
      switch type {
      case .open: try onOpen(header, bytes, from: address, at: now)
      case .reset: onReset(header, from: address, at: now)
      default: try route(type, header, bytes, from: address, at: now)
      }
    } catch {
      if error.kind == .version { replies.version(bytes, to: address) }
      ignored += 1
    }
  }

  /// Notes a datagram that failed its checksum: nothing in it is believed. It is counted on the connection with that
  /// address, if there is exactly one, whose peer learns of it by an ACK at once.
  package mutating func receiveCorrupt(from address: Address, at now: Instant) {
    corrupt += 1
    guard let slot = connections.onlySlot(at: address) else { return }
    connections[slot].onCorrupt(at: now)
    turns.add(slot)
  }

  /// Does what is due at `now`.
  package mutating func expire(at now: Instant) {
    while deadlines.earliest <= now, let slot = deadlines.earliestSlot {
      deadlines.set(slot, .distantFuture)
      let id = connections.id(slot)
      if connections[slot].expire(id, &events, at: now) { turns.add(slot) } else { remove(slot) }
      noteGivenUp(slot)
    }
  }

  /// The next datagram to send: its header and messages are written to `buffer`, which must hold 65,507 bytes or
  /// the configured MTU, and what is to follow them is described. Drain until nil.
  package mutating func nextTransmit(into buffer: inout MutableSpan<UInt8>, at now: Instant) -> Transmit? {
    if let reply = replies.next() {
      buffer.copy(reply.bytes.span, to: 0)
      past.sent += 1
      past.bytesSent += reply.bytes.count
      return Transmit(to: reply.to, headerLength: reply.bytes.count, payload: .empty, connection: nil)
    }
    let contentMayLeave = pacer.mayLeave(at: now)
    while let slot = nextTurn(contentMayLeave) {
      if connections[slot].wantsLargerWindow { grow(slot) }
      if connections[slot].isOverdrawn { endOverdrawn(slot, at: now) }
      guard turns.begin() else { continue }
      let id = connections.id(slot)
      if let transmit = try? connections[slot].nextTransmit(&buffer, id, contentMayLeave, at: now) {
        turns.spend(Work.datagram + transmit.length)
        if transmit.payload.length > 0 {
          blockBytesSent += UInt64(transmit.length)
          pacer.sent(transmit.length)
        }
        return transmit
      }
      turns.finish()
      if connections[slot].isHeld { pacer.hold(slot) }
      deadlines.set(slot, connections[slot].timers.next)
    }
    return nil
  }

  /// The connection whose turn it is; those whose content has waited for the common rate come last.
  private mutating func nextTurn(_ contentMayLeave: Bool) -> Int? {
    if turns.first == nil, contentMayLeave, let slot = pacer.release() { turns.add(slot) }
    return turns.first
  }

  /// The same, for callers that hold an array.
  package mutating func nextTransmit(into buffer: inout [UInt8], at now: Instant) -> Transmit? {
    var span = buffer.mutableSpan
    return nextTransmit(into: &span, at: now)
  }

  /// The next event, oldest first; nil if there is none.
  package mutating func nextEvent() -> TransportEvent? { events.popFirst() }

  /// When `expire` is due; meaningful once `nextTransmit` has given nil.
  package var deadline: Instant { pacer.held.isEmpty ? deadlines.earliest : min(deadlines.earliest, pacer.releaseAt) }

  // MARK: Slots

  func usable(_ id: ConnectionID) -> Int? {
    connections.slot(id).flatMap {
      connections[$0].state == .closing || connections[$0].handshake.isGivenUp ? nil : $0
    }
  }

  /// Remembers a connection that has just been given up, and forgets another if there are many.
  private mutating func noteGivenUp(_ slot: Int) {
    guard connections.isUsed(slot), connections[slot].isAwaitedInVain, !givenUp.contains(slot) else { return }
    account(slot)
    givenUp.append(slot)
    if givenUp.count > Constants.lateAnswers { remove(givenUp[0]) }
  }

  /// Gives a new connection a slot. It has something to send, and its deadline is set once it has been drained.
  mutating func insert(
    _ address: Address, open: Connection.ReceivedOpen?, _ standing: HostLedger.Standing, at now: Instant
  ) -> Int {
    let local = connections.localID(secrets.next())
    let sequence = configuration.initialSequence ?? UInt32(truncatingIfNeeded: secrets.next())
    let slot = connections.insert(
      Connection(
        configuration, localID: local, address: address, initialSequence: sequence, open: open, standing: standing,
        isRushed: hosts.isRushed(HostKey(address)), seed: secrets.next(), at: now))
    hosts.joined(connections[slot].host, standing)
    account(slot)
    turns.add(slot)
    return slot
  }

  mutating func remove(_ slot: Int) {
    if !givenUp.isEmpty { givenUp.removeAll { $0 == slot } }
    hosts.left(connections[slot].host, connections[slot].standing)
    hosts.took(-connections[slot].memoryCharged, connections[slot].host)
    past += connections[slot].counters
    deadlines.set(slot, .distantFuture)
    turns.remove(slot)
    pacer.remove(slot)
    connections.remove(slot)
    assert(connections.count > 0 || hosts.memory == 0 && hosts.connections == 0 && hosts.halfOpen == 0)
  }
}
