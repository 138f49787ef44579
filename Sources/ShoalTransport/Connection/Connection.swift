import ShoalBase
import ShoalContent
import ShoalWire

/// One conversation: its handshake, its two windows, and what it is about to send.
struct Connection: ~Copyable {
  let configuration: TransportConfiguration
  /// The id by which we know it, and the one by which the peer does (0 until it is known).
  let localID: UInt64
  var remoteID: UInt64
  let address: Address
  let byPeer: Bool
  /// The host that has the address, and as what the connection counts there.
  let host: HostKey
  var standing: HostLedger.Standing
  var state: ConnectionState

  var send: SendWindow
  var receive: ReceiveWindow
  var queue = SendQueue()
  var repeatMode: RepeatMode
  var windowSize: UInt32
  var idleTimeout: Nanoseconds
  var maxDatagram: Int

  var roundTrip = RoundTrip()
  var reordering = Reordering()
  var congestion: CongestionControl
  var pacer = Pacer()
  var path: PathMTU
  var acks = AckSchedule()
  /// The packets that one ACK of the peer's may cover, and how long it may be delayed.
  var ackEvery: UInt8 = 2
  var ackDelay = Constants.longestAckDelay
  var timers = Timers()
  var counters = TransportCounters()
  /// The work that is left to it of this round of turns; below zero if it has cost more than its share.
  var credit = 0

  let initialSequence: UInt32
  var handshakesSent = 0
  var handshakeDue = false
  var handshakeSentAt: Instant?
  /// The token that the last RETRY brought, and how many came.
  var token: UInt64 = 0
  var retries = 0
  /// An answer may be to any of several OPENs or ACCEPTs.
  var handshakeIsAmbiguous = false
  /// When content last came or was acknowledged; at first, when the connection began.
  var lastUseful: Instant
  /// The bytes of memory that its host was last charged for it.
  var charged = 0
  /// A message found no memory.
  var isOverdrawn = false
  /// For an unproven address: bytes received and sent.
  var unprovenReceived = 0
  var unprovenSent = 0

  /// What is known of a time in which nothing is acknowledged, from its first probe timeout on.
  var stall: Stall?
  var probeTimeouts: Int { stall?.timeouts ?? 0 }
  /// Decides what must differ from connection to connection.
  var generator: SeededGenerator
  /// Probes that go out regardless of the congestion window.
  var probesDue = 0
  /// A packet that goes out once more at once.
  var twin: UInt64?
  /// The last packet that a probe repeated since the probe timeout.
  var lastProbed: UInt64?
  /// When a numbered packet last left.
  var lastSentAt: Instant?
  /// What was declared lost since the congestion controller was last told.
  var lossesUntold = Losses()
  /// The corrupt datagrams that the peer reported so far.
  var reportedCorrupt: UInt32 = 0
  /// Where the description of a window too large for one ACK goes on.
  var nextSlice: UInt64?
  var answers = Answers()
  var closeCode: UInt16 = 0
  var closeReason = ""
  var closeDue = false
  var closesSent = 0
  /// The reason is the peer's, and not sent back.
  var endedByPeer = false
  /// Lowest and highest version of a peer that speaks none of ours.
  var peerVersions: ClosedRange<UInt8>?

  /// Replies that are due, each at most once.
  struct Answers {
    var probed: UInt16?
    var response: UInt64?
    var isEmpty: Bool { probed == nil && response == nil }
  }

  struct Stall {
    /// The probe timeouts that have passed in a row.
    var timeouts: Int
    /// When the last packet before the first of them had left.
    var since: Instant
    /// By how much the next comes early.
    var jitter: UInt64
  }

  init(
    _ configuration: TransportConfiguration, localID: UInt64, address: Address, initialSequence: UInt32,
    open: OpenPacket?, standing: HostLedger.Standing, seed: UInt64, at now: Instant
  ) {
    self.configuration = configuration
    self.localID = localID
    self.address = address
    self.initialSequence = initialSequence
    byPeer = open != nil
    host = HostKey(address)
    self.standing = standing
    lastUseful = now
    remoteID = 0
    state = open == nil ? .opening : .accepting
    let peerMode = RepeatMode(rawValue: open?.arq ?? 0) ?? .selectiveRepeat
    repeatMode = configuration.repeatMode == .goBackN ? .goBackN : peerMode
    windowSize = min(configuration.window, max(open?.window ?? .max, 1))
    idleTimeout = Connection.idle(configuration, open?.idleTimeout)
    maxDatagram = max(Int(open?.maxDatagram ?? 0), Limits.smallestDatagram)
    send = SendWindow(
      first: Numbering.first(initialSequence), limit: UInt64(windowSize), recordsLosses: configuration.recordsLosses)
    receive = ReceiveWindow(first: Numbering.first(open?.initialSequence ?? 0), limit: UInt64(windowSize))
    var generator = SeededGenerator(seed: seed)
    congestion = CongestionControl(
      configuration.congestion, datagram: Limits.smallestDatagram, seed: generator.next(), at: now)
    self.generator = generator
    path = PathMTU(mtu: 0, peerLimit: 0, address: address, at: now)
    handshakeDue = true
    timers[.idle] = now + (byPeer ? Constants.halfOpenTimeout : idleTimeout)
  }

  static func idle(_ configuration: TransportConfiguration, _ peer: UInt16?) -> Nanoseconds {
    guard let peer, peer > 0 else { return configuration.idleTimeout }
    return min(configuration.idleTimeout, Nanoseconds(peer) * .second)
  }

  /// The largest datagram that the peer is told to send us.
  var largestReceived: UInt16 {
    UInt16(min(max(configuration.receivedMTU - address.headers, Limits.smallestDatagram), Limits.largestDatagram))
  }

  var wireIdleTimeout: UInt16 { UInt16(clamping: max(configuration.idleTimeout / .second, 1)) }

  /// The bytes of memory that its peer can make larger.
  var memory: Int { send.memory + send.messageBytes + queue.messageBytes }

  /// The UDP payload of a full datagram.
  var datagram: Int { path.confirmed }

  /// Renews what we ask of the peer's ACKs: one for an eighth of what may be in flight, and after a quarter of a
  /// round trip.
  mutating func renewWishes() {
    let flight = min(congestion.window, Int(windowSize) * datagram)
    ackEvery = UInt8(min(max(flight / datagram / 8, 1), 64))
    if roundTrip.hasSample {
      ackDelay = min(max(roundTrip.smoothed / 4, .millisecond / 4), Constants.longestAckDelay)
    }
  }

  /// The probe timeout now: doubled with each that passed, to two seconds at most.
  var probeTimeout: Nanoseconds {
    let base = roundTrip.probeTimeout(ackDelay: ackDelay)
    guard let stall else { return base }
    let doubled = min(base << Nanoseconds(min(stall.timeouts, 10)), max(Constants.longestProbeTimeout, base))
    // Up to a quarter less, by chance, so that probes keep step neither with an outage that comes and goes nor with
    // those of other connections.
    return max(doubled - doubled / 256 * Nanoseconds(stall.jitter % 64), base)
  }

  /// The opener has shown that it received our ACCEPT.
  mutating func proven(at now: Instant) {
    handshakeAnswered(at: now)
  }

  private mutating func handshakeAnswered(at now: Instant) {
    guard let handshakeSentAt else { return }
    let elapsed = now - handshakeSentAt
    if handshakesSent == 1, !handshakeIsAmbiguous { roundTrip.add(elapsed) } else { roundTrip.assume(elapsed) }
  }

  mutating func becameEstablished(at now: Instant) {
    state = .established
    timers[.handshake] = .distantFuture
    searchPath(mtu: configuration.mtu, at: now)
    // What both agreed on may be less than what we opened with.
    timers[.idle] = now + idleTimeout
    timers[.keepAlive] = now + idleTimeout / 3
    if roundTrip.hasSample { congestion.started(roundTrip: roundTrip.smoothed, at: now) }
    renewWishes()
  }

  mutating func searchPath(mtu: Int, at now: Instant) {
    path = PathMTU(mtu: mtu, peerLimit: maxDatagram, address: address, at: now)
    timers[.path] = path.deadline
  }

  mutating func close(_ code: UInt16, _ reason: String, at now: Instant) {
    guard state != .closing else { return }
    closeCode = code
    closeReason = reason
    closeDue = remoteID != 0
    state = .closing
    timers = Timers()
    timers[.linger] = now + Constants.linger
  }

  var status: ConnectionStatus {
    ConnectionStatus(
      remoteID: remoteID, address: address, roundTrip: roundTrip.hasSample ? roundTrip.smoothed : nil,
      bytesInFlight: send.bytesInFlight,
      congestionWindow: congestion.window, pacingRate: congestion.pacingRate, probeTimeout: probeTimeout,
      probeTimeouts: probeTimeouts, state: congestion.state,
      queuedBytes: queue.bytes, window: windowSize, repeatMode: repeatMode, datagram: datagram, counters: counters)
  }
}

extension Connection {
  /// The responder keeps nothing of our OPEN before it has come again with this token. Whoever sees the OPEN can forge
  /// that, which costs one OPEN more; an ACCEPT is taken all the same.
  mutating func retried(_ packet: RetryPacket) {
    guard packet.token != 0, packet.token != token, retries < Constants.retries else { return }
    retries += 1
    token = packet.token
    handshakeIsAmbiguous = handshakeIsAmbiguous || handshakesSent > 1
    // The address has answered: the OPENs and their waits begin anew.
    handshakesSent = 0
    handshakeDue = true
  }

  /// The ACCEPT of our OPEN has come: what it says holds for both ends.
  mutating func accepted(_ packet: AcceptPacket, _ mode: RepeatMode, at now: Instant) {
    repeatMode = mode
    windowSize = packet.window
    idleTimeout = Connection.idle(configuration, packet.idleTimeout)
    maxDatagram = max(Int(packet.maxDatagram), Limits.smallestDatagram)
    send = SendWindow(
      first: Numbering.first(initialSequence), limit: UInt64(windowSize), recordsLosses: configuration.recordsLosses)
    receive = ReceiveWindow(first: Numbering.first(packet.initialSequence), limit: UInt64(windowSize))
    handshakeAnswered(at: now)
    // Even if we have nothing to say, the responder must learn that we have its id.
    acks.demand()
  }
}
