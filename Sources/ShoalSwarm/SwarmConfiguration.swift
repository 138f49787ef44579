import ShoalBase
import ShoalTransport
import ShoalWire

/// The configuration of a peer.
package struct SwarmConfiguration: Sendable {
  /// The transport of all its connections.
  package var transport = TransportConfiguration()
  /// How it deals with trackers.
  package var tracker = TrackerClientConfiguration()
  /// The most bytes of unverified pieces, over all downloads: bounds memory, and open requests.
  package var bufferLimit = 64 << 20
  /// The size of the host's socket buffer, in bytes. What is requested beyond what the path itself holds must find room
  /// there, or a slow receiver looks like a lossy path.
  package var receiveBuffer = Int.max
  /// The least that is kept requested from one peer: enough for the first round trips on any path.
  package var leastRequests = 512 << 10
  /// The most peers from which one file is downloaded at a time.
  package var peersPerFile = 30
  /// The most addresses remembered for a file.
  package var addressesPerFile = 500
  /// The most files that one connection may want from us.
  package var wantsPerConnection = 64
  /// The most files that the connections of one host may want from us, not counting one for each connection.
  package var wantsPerHost = 256
  /// The most ranges that wait on one connection: bounds what a peer's requests make us remember.
  package var rangesPerConnection = 4_096
  /// The most ranges that wait on all connections of one host, beyond the 1,024 that each connection may have.
  package var rangesPerHost = 16_384
  /// How much work one host may ask of us per second, in units of `Work`: a fifth of a processor's time.
  package var workPerHost = 200_000_000
  /// How many new addresses that a ticket or a tracker names are tried per second, and at once after a pause; and how
  /// many per second that only peers have named. An address that we have only heard of is not proven, and nobody must
  /// be able to aim us at strangers; but a peer that registers with a tracker has shown it that the address is its own.
  package var opensPerSecond = 32
  package var opensAtOnce = 128
  package var hearsayPerSecond = 8
  /// The limits at the start.
  package var limits = SwarmLimits()
  /// This host's own addresses, which are not tried as peers.
  package var ownAddresses: Set<Address> = []

  /// The defaults.
  package init() {}
}

/// The constants of the swarm.
enum SwarmConstants {
  /// How often requests, announcements and connections are reviewed while something is under way.
  static let tick: Nanoseconds = 50 * .millisecond
  /// How long a peer that owes bytes may send none before nothing more is requested from it, and what it owes is
  /// requested from others.
  static let patience: Nanoseconds = 3 * .second
  /// How long such a peer is then left alone.
  static let snub: Nanoseconds = 10 * .second
  /// How long a peer that has what is wanted, but gives nothing, keeps its place while others give.
  static let queuePatience: Nanoseconds = 20 * .second
  /// The connections to one host from which a file is fetched, and to one that a ticket names.
  static let connectionsPerHost = 2
  static let connectionsPerNamedHost = 4
  /// How long a call may go unanswered, or a peer that has answered say nothing of a file, and keep its place.
  static let callPatience: Nanoseconds = 250 * .millisecond
  static let offerPatience: Nanoseconds = 500 * .millisecond
  /// How many sources there may be, if most of them have said nothing.
  static let mutePeers = 120
  /// How often, if all places are taken and others wait, a peer that neither gives nor wants anything makes room.
  static let renewal: Nanoseconds = 10 * .second
  /// How often a peer is sent KNOWN, with how many addresses at a time and in all, and how many addresses named by one
  /// host are kept.
  static let tellingPause: Nanoseconds = .second
  static let knownAtOnce = 16
  static let knownInAll = 64
  static let knownByHost = 64
  /// How long a peer keeps a pass before it is given one that says less of the path.
  static let passPause: Nanoseconds = 5 * .second
  /// How often PROGRESS is sent.
  static let progressPause: Nanoseconds = .second
  /// What it costs to look up an address in KNOWN.
  static let knownWork = 8_192
  /// A peer that sends fewer bytes per second than this counts as giving nothing.
  static let leastThroughput = 256.0
  /// The time over which the throughput of a peer is averaged.
  static let throughputTime: Nanoseconds = .second
  /// The time over which it is averaged to judge whether it gives anything at all.
  static let steadyTime: Nanoseconds = 15 * .second
  /// How long a connection may go unused before it is closed.
  static let idlePatience: Nanoseconds = 10 * .second
  /// How many lookups are early, and the pause after the first; it doubles with each. Peers that began at the same time
  /// have only just become known to the tracker.
  static let earlyLookups = 4
  static let firstLookup: Nanoseconds = 250 * .millisecond
  /// The pause between later lookups: the more peers there are, the longer, since the peer that finds a newcomer first
  /// tells the rest. All of them together ask some three times a second.
  static func lookupPause(peers: Int) -> Nanoseconds {
    min(max(Nanoseconds(peers) * .second / 3, .second), 20 * .second)
  }
  /// How long a cut that only one peer offers, and that is not the default one, waits for the offers of others.
  static let cutPatience: Nanoseconds = 250 * .millisecond
  /// The wait before an address that did not answer is tried again; it doubles, up to `longestRetry`.
  static let firstRetry: Nanoseconds = 5 * .second
  static let longestRetry: Nanoseconds = 300 * .second
  /// The most addresses of one peer that are tried, and how long one may take before the next is tried too: RFC 8305
  /// section 5.
  static let addressesPerPeer = 8
  static let nextAddress: Nanoseconds = 250 * .millisecond
  /// How long nothing is requested from a peer that refused ranges or the manifest: a tick at first, twice as long each
  /// time.
  static func refusalPause(after refusals: Int) -> Nanoseconds {
    min(tick << Nanoseconds(min(refusals, 7)), 5 * .second)
  }
  /// How long pieces that a peer refused as not here are not requested from it: 5 s at first, twice as long each time.
  static func denialPause(after denials: Int) -> Nanoseconds {
    min(5 * .second << Nanoseconds(min(denials, 4)), 60 * .second)
  }
  /// How long a file is not requested from a peer that refused it.
  static let refusedRest: Nanoseconds = 60 * .second
  /// How long an address that sent false content is banned, and how many such addresses are remembered.
  static let ban: Nanoseconds = 86_400 * .second
  static let bans = 256
  /// How long a new address of a liar's host is asked for nothing even if nobody else gives: twice as long with each
  /// lie.
  static let hostRest: Nanoseconds = 30 * .second
  static let longestHostRest: Nanoseconds = 600 * .second
  /// The most chunk runs that a peer may announce before the cut is known.
  static let earlyRuns = 4_096
  /// The most runs of new chunks that wait to be announced to a peer: beyond this, all chunks are announced again.
  static let gainedRuns = 4_096
  /// Messages that wait on a connection: beyond the first number, no HAVE is added; at the second, a peer that keeps
  /// causing answers without acknowledging them is dropped.
  static let queuedHaves = 64
  static let queuedMessages = 1_024
  /// The number of ranges that every peer must allow to wait: Protocol.md section 6, REQUEST.
  static let leastRanges = 1_024
  /// The most ranges of trees that wait on a connection: for each, a piece is read and hashed.
  static let treesPerConnection = 16
  /// The bytes of a range that must be in memory before it is sent: the system reads ahead what follows them.
  static let readAhead = 1 << 20
  /// What a WANT costs, including the OFFER that answers it, the CANCEL that ends it, and its line in a log.
  static let wantWork = 200_000
  /// What it costs to look at a range that is refused, at a run of chunks, or at 64 pieces of a run.
  static let rangeWork = 64
  /// The most pieces requested from one peer at a time: a quarter of the ranges that may wait there.
  static let requestedPieces = 1_024
  /// The ranges in one REQUEST, CANCEL or REFUSE.
  static let rangesPerMessage = 90
  /// What it costs to verify one proof in SAME.
  static let proofWork = 256
  /// How often SAME is sent on a connection.
  static let proofTries = 5
  /// The most peers from which the same piece is requested at a time, near the end.
  static let requestersPerPiece = 3
  /// The most pieces in a run of chunks whose requests are spread: a longer one is not news.
  static let spreadPieces = 16
  /// How long a peer has sent nothing when what is requested from it may be requested elsewhere.
  static let spreadPause: Nanoseconds = 100 * .millisecond
  /// The least time between two of them making way for others.
  static let wayPause: Nanoseconds = 500 * .millisecond
}
