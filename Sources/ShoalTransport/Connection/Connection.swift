import ShoalBase
import ShoalContent
import ShoalWire

/// One connection: its handshake, its two windows, its path, and its queue.
struct Connection: ~Copyable {
  let configuration: TransportConfiguration
  /// The id by which we know it, and the one by which the peer does (0 until it is known).
  let localID: UInt64
  var remoteID: UInt64
  let byPeer: Bool
  /// The peer's host, and how the connection counts towards that host's share.
  let host: HostKey
  var standing: HostLedger.Standing
  private(set) var state: ConnectionState
  var handshake: Handshake
  var closing = Closing()

  var path: Path
  var sendWindow: SendWindow
  var receiveWindow: ReceiveWindow
  var queue = SendQueue()
  var repeatMode: RepeatMode
  var windowSize: UInt32
  /// How long nothing may be heard, as both ends agreed.
  var agreedIdleTimeout: Nanoseconds
  /// The largest datagram that the peer accepts.
  var maxDatagram: Int

  /// When ACKs are due.
  var acks = AckSchedule()
  /// The number from which the next ACK continues, if one was too short to describe the window.
  var nextSlice: UInt64?
  /// The packets that one ACK of the peer's may cover, and how long it may be delayed.
  var ackEvery: UInt8 = 2
  var ackDelay = Constants.longestAckDelay
  /// The corrupt datagrams that the peer reported so far.
  var reportedCorrupt: UInt32 = 0
  var answers = Answers()
  var probing: Probing
  /// A packet to be sent a second time right away.
  var duplicateDue: UInt64?
  /// Whether its content waits only for the rate that all connections share.
  var isHeld = false
  /// When a numbered packet last left.
  var lastSentAt: Instant?
  /// Whether content has arrived, and from when on an end that only receives it searches for larger datagrams.
  var takesContent = false
  var searchesFrom = Instant.zero
  /// When content last arrived or was acknowledged; at first, when the connection began.
  var lastContentAt: Instant

  var timers = Timers()
  var counters = TransportCounters()
  /// The bytes of memory for which its host was last charged.
  private(set) var memoryCharged = 0
  /// Whether there was no memory for a message.
  private(set) var isOverdrawn = false

  /// A peer's OPEN: the id that it chose, the bytes that came, the messages in it, and what its pass says of the path.
  struct ReceivedOpen {
    var packet: OpenPacket
    var id: UInt64
    var bytes: Int
    var messages: [UInt8] = []
    var memory: PathMemory?
  }

  /// Replies that are due, each at most once.
  struct Answers {
    var probed: UInt16?
    var response: UInt64?
    var isEmpty: Bool { probed == nil && response == nil }
  }

  /// A connection that we open, or, with `open`, that a peer opens; `isRushed` if others may need its place before it is
  /// proven.
  init(
    _ configuration: TransportConfiguration, localID: UInt64, address: Address, initialSequence: UInt32,
    open: ReceivedOpen?, standing: HostLedger.Standing, isRushed: Bool = false, seed: UInt64, at now: Instant
  ) {
    self.configuration = configuration
    self.localID = localID
    handshake = Handshake(initialSequence: initialSequence)
    byPeer = open != nil
    host = HostKey(address)
    self.standing = standing
    lastContentAt = now
    remoteID = open?.id ?? 0
    state = open == nil ? .opening : .accepting
    let peerMode = RepeatMode(rawValue: open?.packet.arq ?? 0) ?? .selectiveRepeat
    repeatMode = configuration.repeatMode == .goBackN ? .goBackN : peerMode
    windowSize = min(configuration.window, max(open?.packet.window ?? .max, 1))
    agreedIdleTimeout = Connection.idle(configuration, open?.packet.idleTimeout)
    maxDatagram = max(Int(open?.packet.maxDatagram ?? 0), Limits.smallestDatagram)
    sendWindow = SendWindow(
      first: Numbering.first(initialSequence), limit: UInt64(windowSize), recordsLosses: configuration.recordsLosses)
    receiveWindow = ReceiveWindow(
      first: Numbering.first(open?.packet.initialSequence ?? 0), limit: UInt64(windowSize))
    var generator = SeededGenerator(seed: seed)
    // If we open it, the number of OPENs is the limit.
    path = Path(to: address, isValidated: open == nil, configuration.congestion, seed: generator.next(), at: now)
    probing = Probing(generator: generator)
    timers[.idle] = now + (byPeer ? (isRushed ? Constants.halfOpenTimeout : Constants.patience) : agreedIdleTimeout)
    guard let open else { return }
    if configuration.takesEarlyMessages { handshake.early = open.messages }
    path.remembered = open.memory
    path.validation.received(open.bytes)
    counters.received += 1
    counters.bytesReceived += open.bytes
  }

  static func idle(_ configuration: TransportConfiguration, _ peer: UInt16?) -> Nanoseconds {
    guard let peer, peer > 0 else { return configuration.idleTimeout }
    return min(configuration.idleTimeout, Nanoseconds(peer) * .second)
  }

  /// How long nothing may be heard: no less than three round trips take, as far as they are known.
  var idleTimeout: Nanoseconds { max(agreedIdleTimeout, 3 * max(handshake.longest, path.roundTrip.smoothed)) }

  var address: Address { path.address }

  /// The UDP payload of a full datagram.
  var datagram: Int { path.datagram }

  // MARK: State

  /// Moves to the state that the table names, and returns the action. The endpoint forgets the connection where the
  /// table says so.
  mutating func move(on event: ConnectionEvent) -> Reaction.Action {
    guard let reaction = StateTable.reaction(to: event, in: state) else {
      assertionFailure("\(event) in \(state)")
      return .nothing
    }
    state = reaction.next ?? state
    return reaction.action
  }

  /// Whether its owner was told that there was no answer, although a late one would still open it.
  var isAwaitedInVain: Bool { state == .opening && handshake.isGivenUp }

  /// Whether the connection is forgotten after this.
  func isForgotten(on event: ConnectionEvent) -> Bool {
    StateTable.reaction(to: event, in: state)?.next == nil
  }

  // MARK: The queue

  mutating func enqueue(_ message: [UInt8]) { queue.append(message) }
  mutating func enqueue(_ range: Payload) {
    queue.append(range)
    timers[.path] = path.mtu.deadline
  }

  /// Forgets all that is queued of a file.
  mutating func cancel(file: UInt16) { queue.cancel(file: file) }

  /// Forgets queued bytes of a file that overlap these, except where that would leave more than `limit` ranges waiting.
  mutating func cancel(file: UInt16, space: UInt8, ranges: [RangeField], limit: Int) {
    queue.cancel(file: file, space: space, ranges: ranges, limit: limit)
  }

  // MARK: Memory

  /// The bytes of memory that its peer can make grow.
  var memory: Int { sendWindow.memory + sendWindow.packets.messages.bytes + queue.messageBytes }

  /// By how many bytes its memory has changed since this was last called.
  mutating func takeMemoryChange() -> Int {
    let change = memory - memoryCharged
    memoryCharged += change
    return change
  }

  /// Whether something waits that only a larger window would let out.
  var wantsLargerWindow: Bool { sendWindow.wantsToGrow && !queue.isEmpty }

  /// There was no memory for a message. None can be skipped, so the connection will end.
  mutating func overdraw() { isOverdrawn = true }

  // MARK: Path

  /// Lets the path be searched up to IP packets of `mtu` bytes, as the interface towards the peer takes them.
  mutating func allow(mtu: Int, at now: Instant) {
    guard state == .established, path.mtu.limit != mtu else { return }
    path.searchMTU(limit: mtu, peerLimit: maxDatagram, at: now)
    timers[.path] = path.mtu.deadline
  }

  // MARK: Timing

  /// Updates how often ACKs are asked for: one for an eighth of what may be in flight, and within a quarter of a round
  /// trip.
  mutating func updateAckFrequency() {
    let flight = min(path.congestion.window, Int(windowSize) * datagram)
    ackEvery = UInt8(min(max(flight / datagram / 8, 1), 64))
    if path.roundTrip.hasSample {
      ackDelay = min(max(path.roundTrip.smoothed / 4, .millisecond / 4), Constants.longestAckDelay)
    }
    if let interval = path.thinning.interval { (ackEvery, ackDelay) = (0, interval) }
  }

  /// The probe timeout now: doubled with each that passed, up to two seconds.
  var probeTimeout: Nanoseconds { probing.timeout(path.roundTrip.probeTimeout(ackDelay: ackDelay)) }

  /// The probe timeout runs from the last numbered packet sent, as long as any is unacknowledged. It never ends in the
  /// past, even if the round trip shrinks suddenly, as the echoes of a lying peer can make it.
  mutating func armProbe(at now: Instant) {
    timers[.probe] = sendWindow.isEmpty ? .distantFuture : max((lastSentAt ?? now) + probeTimeout, now)
  }

  var status: ConnectionStatus {
    ConnectionStatus(
      remoteID: remoteID, address: address,
      roundTrip: path.roundTrip.hasSample ? path.roundTrip.smoothed : nil,
      bytesInFlight: sendWindow.bytesInFlight,
      congestionWindow: path.congestion.window, pacingRate: path.congestion.pacingRate, probeTimeout: probeTimeout,
      probeTimeouts: probing.timeouts, state: path.congestion.stateName,
      queuedBytes: queue.bytes, window: windowSize, repeatMode: repeatMode, datagram: datagram, hold: hold,
      counters: counters)
  }

  private var hold: SendHold {
    let repeats = sendWindow.hasLost || duplicateDue != nil
    if !repeats, queue.isEmpty { return .nothing }
    if !repeats, !sendWindow.packets.hasRoom { return .window }
    if !path.hasRoom(inFlight: sendWindow.bytesInFlight) { return .congestion }
    if timers[.pace] != .distantFuture { return .pace }
    return isHeld ? .content : .none
  }
}
