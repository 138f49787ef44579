import ShoalBase
import ShoalContent
import ShoalWire

/// The rule that decides how much may be in flight, and how fast it is sent.
public enum CongestionAlgorithm: String, Sendable, CaseIterable {
  /// Model-based (BBR): keeps its rate under random loss, but yields to loss that it causes itself.
  case bbr
  /// Loss-based (CUBIC, RFC 9438): as in TCP.
  case cubic
  /// Delay-based (LEDBAT++, RFC 6817): takes only what others leave.
  case ledbat
  /// None: the window alone. For experiments.
  case none
}

/// The settings of a transport endpoint.
package struct TransportConfiguration: Sendable {
  /// How lost packets are retransmitted; go-back-N if either end asks for it.
  package var repeatMode = RepeatMode.selectiveRepeat
  /// The most packets, counted from the lowest unacknowledged one, per connection and direction; the smaller value of
  /// both ends applies.
  ///
  /// The protocol's largest by default: a window of one bandwidth-delay product stalls at each loss, and memory is taken
  /// only as packets are outstanding.
  package var window = Limits.window.upperBound
  /// The congestion control.
  package var congestion = CongestionAlgorithm.bbr
  /// The largest IP packet to send, in bytes; path MTU discovery never goes beyond it. A host that knows the interface
  /// towards a peer may allow more there: `Endpoint.allow(mtu:on:at:)`.
  package var mtu = 1_500
  /// The largest IP packet that peers may send to this endpoint, in bytes.
  package var receivedMTU = 65_535
  /// How long a connection may hear nothing before it is closed.
  package var idleTimeout: Nanoseconds = 30 * .second
  /// The most connections: bounds memory, at some 12 kB each while idle. The last eighth is reserved for those that we
  /// open.
  package var maxConnections = 1_024
  /// The most connections opened by one host whose address is proven: more peers than sit behind one NAT, but never
  /// all.
  package var maxConnectionsPerHost = 256
  /// The most connections whose openers have not yet proven their address; beyond that, an OPEN is answered with RETRY.
  package var maxHalfOpen = 64
  /// The most of those from one host, so that OPENs forged in its name do not use up the places of others.
  package var maxHalfOpenPerHost = 16
  /// The outstanding packets of one host for which there is memory, at 160 bytes each. At the limit, windows keep their
  /// size and grow no more. Enough for a gigabit per second, two seconds of round trip and 40 % loss.
  package var sendRecordsPerHost = 12 << 16
  /// The same for all hosts together.
  package var sendRecords = 24 << 16
  /// Whether the owner asks for the messages that came in OPEN, by `Endpoint.takeEarly(_:)`. If not, peers send them again
  /// in DATA.
  package var takesEarlyMessages = false
  /// Whether packets declared lost are remembered until `Endpoint.takeLosses(_:)`, for a log.
  package var recordsLosses = false
  /// The number of the first packet; drawn at random if nil. Tests begin near 2^32.
  package var initialSequence: UInt32?

  /// The defaults.
  package init() {}

  /// The most connections that others may have opened.
  var maxInbound: Int { maxConnections - maxConnections / 8 }

  /// The MTUs that may be asked for: IPv6 promises 1,280 (RFC 8200 §5), and no IP packet is larger than 65,535.
  package static let mtuRange = 1_280...65_535
}

/// The constants of the transport: Protocol.md §A.3 gives the reasons.
enum Constants {
  /// How many OPENs an address gets before it answers: three, so that this endpoint cannot be used to flood a stranger.
  static let opens = 3
  /// The wait after the first OPEN; each further wait is three times as long as the one before, so that a lost OPEN
  /// costs little, and no path is given up merely because it is long.
  static let openTimeout: Nanoseconds = 250 * .millisecond
  /// How long a connection that somebody else began may take to prove the address.
  static let halfOpenTimeout: Nanoseconds = 4 * .second
  /// How long an answer may take on the longest path: connections given up are remembered for that long.
  static let patience: Nanoseconds = 1_000 * .second
  /// How many connections that were given up may wait for a late answer.
  static let lateAnswers = 32
  /// How long a connection may take to prove the address if its owner knows of it already, because of a token.
  static let earlyTimeout: Nanoseconds = 10 * .second
  /// A RETRY token is valid for at least this long, because openers repeat their OPEN, and for less than twice as long.
  static let tokenPeriod: Nanoseconds = 5 * .second
  /// A pass is valid for at least this long, and for less than twice as long, as long as this process runs.
  static let passPeriod: Nanoseconds = 12 * 3_600 * .second
  /// How many RETRYs an opener heeds in one attempt: a second one in case the first token was too old.
  static let retries = 2
  /// A connection that has carried no content for this long, in either direction, may be closed for a newcomer whose
  /// host would then have as many connections.
  static let idleBeforeOthers: Nanoseconds = 10 * .second
  /// The round trip assumed before there is a sample.
  static let initialRoundTrip: Nanoseconds = 200 * .millisecond
  /// The longest round trip that is believed: no path is longer, and sums of such spans stay far from overflow.
  static let longestRoundTrip: Nanoseconds = 600 * .second
  /// The least of the variation term of the probe timeout (RFC 9002 §6.2.1).
  static let granularity: Nanoseconds = .millisecond
  /// The most that the probe timeout grows to while something is outstanding.
  static let longestProbeTimeout: Nanoseconds = 2 * .second
  /// How many later packets must arrive before one counts as lost, as long as no reordering was seen (RFC 9002 §6.1.1).
  static let packetThreshold: UInt64 = 3
  /// The share of random loss above which a packet lost twice goes out twice at the tail.
  static let duplicationLoss = 0.01
  /// The longest that a receiver is asked to delay an ACK (RFC 9000 §18.2).
  static let longestAckDelay: Nanoseconds = 25 * .millisecond
  /// Whoever is asked for no shorter delay than this has a long path: 80 ms and more.
  static let longAckDelay: Nanoseconds = 20 * .millisecond
  /// The time after which it is clear whether a path back is thin.
  static let thinTime: Nanoseconds = 3 * .second
  /// The unit of the interval at which ACKs are asked for where they are thinned out.
  static let thinUnit: Nanoseconds = 16 * .microsecond
  /// The packets in the first flight (RFC 6928 has 10; ours are paced over the first round trip).
  static let initialWindow = 32
  /// The least congestion window in packets.
  static let leastWindow = 4
  /// How long the state of a closed connection lingers to answer what is still under way.
  static let linger: Nanoseconds = 500 * .millisecond
  /// How many CLOSEs are sent to a peer that keeps sending.
  static let closes = 3
  /// How many large datagrams must be lost in a row, with none getting through, to indicate a black hole.
  static let blackHole = 16
  /// How long nothing large must have got through: longer than a busy receiver's stall.
  static let blackHoleTime: Nanoseconds = .second
  /// The bytes of an ACK: as many as any path carries.
  static let ackLength = Limits.smallestDatagram
  /// The bytes of ACKs that incoming datagrams may pay for in advance: the largest window at 10 % loss takes 160,000 to
  /// report.
  static let ackCredit = 1 << 18
  /// The bytes of an ACK, including a few runs, that leaves every 25 ms even if what it answers was shorter.
  static let shortAck = 64
  /// How many RESETs per second are sent to peers that use unknown connection ids.
  static let resetsPerSecond = 100
  /// How many stateless replies may wait to be sent: as many as datagrams are read before sending gets its turn.
  static let statelessReplies = 256
}
