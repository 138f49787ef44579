import ShoalBase
import ShoalTransport
import ShoalWire

/// What a peer is told at its start.
package struct SwarmConfiguration: Sendable {
  /// The transport of all its connections.
  package var transport = TransportConfiguration()
  /// How it deals with trackers.
  package var tracker = TrackerClientConfiguration()
  /// The most bytes in pieces that are not yet verified, over all downloads: bounds memory, and open requests.
  package var bufferLimit = 64 << 20
  /// The bytes that the host's socket keeps while nobody reads it. What is requested beyond what the path itself holds
  /// must find room there, or a slow receiver looks like a path that loses.
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
  /// The most new addresses that are tried per second: an address that we have only heard of is not proven, and nobody
  /// must be able to aim us at strangers.
  package var opensPerSecond = 8
  /// The limits that hold at first.
  package var limits = SwarmLimits()
  /// Our own addresses, at which we need not look for peers.
  package var ownAddresses: Set<Address> = []

  /// The defaults.
  package init() {}
}

/// The constants of the swarm.
enum SwarmConstants {
  /// How often requests, announcements and connections are reviewed while something is under way.
  static let tick: Nanoseconds = 50 * .millisecond
  /// How long a peer that owes bytes may send none before it is asked for nothing more, and others are asked for what
  /// it owes.
  static let patience: Nanoseconds = 3 * .second
  /// How long such a peer is then left alone.
  static let snub: Nanoseconds = 10 * .second
  /// The connections to one host from which a file is fetched, and to one that a ticket names.
  static let connectionsPerHost = 2
  static let connectionsPerNamedHost = 4
  /// How often, if all places are taken and others wait, a peer that gives nothing and wants nothing makes room.
  static let renewal: Nanoseconds = 10 * .second
  /// How often a peer is told of others, how many it is told of at a time and in all, and how many addresses we keep of
  /// those that one host has told us.
  static let tellingPause: Nanoseconds = .second
  static let toldAtOnce = 16
  static let toldInAll = 64
  static let toldByHost = 64
  /// How often those that give a file are told how far along it is here.
  static let progressPause: Nanoseconds = .second
  /// What it costs to look up whether an address that we are told is known.
  static let toldWork = 8_192
  /// Who sends less, in bytes per second, gives nothing.
  static let leastThroughput = 256.0
  /// Over what time the throughput of a peer is averaged.
  static let throughputTime: Nanoseconds = .second
  /// How long a connection may go unused before it is closed.
  static let idlePatience: Nanoseconds = 10 * .second
  /// How often a tracker is asked for peers at first: within a second or two, since peers that began at the same time
  /// have only just become known to it.
  static let earlyLookups = 4
  static let firstLookup: Nanoseconds = 250 * .millisecond
  /// How long it is then not asked again: the more peers there are, the longer, since whoever finds another first tells
  /// the rest. All of them together ask some three times a second.
  static func lookupPause(peers: Int) -> Nanoseconds {
    min(max(Nanoseconds(peers) * .second / 3, .second), 20 * .second)
  }
  /// How long a cut that only one peer offers, and that is not the usual one, waits for the offers of others.
  static let cutPatience: Nanoseconds = 250 * .millisecond
  /// The wait before an address that did not answer is tried again; it doubles, up to `longestRetry`.
  static let firstRetry: Nanoseconds = 5 * .second
  static let longestRetry: Nanoseconds = 300 * .second
  /// The most addresses of one peer that are tried, and how long we wait for one before the next is tried too: RFC 8305
  /// section 5.
  static let addressesPerPeer = 8
  static let nextAddress: Nanoseconds = 250 * .millisecond
  /// How long a peer that refuses ranges, or the manifest, is asked for nothing more: a tick at first, twice as long
  /// each time.
  static func refusalPause(after refusals: Int) -> Nanoseconds {
    min(tick << Nanoseconds(min(refusals, 7)), 5 * .second)
  }
  /// How long a peer is not asked for pieces that it said it did not have: 5 s at first, twice as long each time.
  static func denialPause(after denials: Int) -> Nanoseconds {
    min(5 * .second << Nanoseconds(min(denials, 4)), 60 * .second)
  }
  /// How long a peer that refuses a file is not asked for it.
  static let refusedRest: Nanoseconds = 60 * .second
  /// How long an address that sent what does not fit the id is left alone, and how many such addresses are remembered.
  static let ban: Nanoseconds = 600 * .second
  static let bans = 256
  /// How long at most another address of a liar's host waits before it is asked for anything.
  static let longestProbation: Nanoseconds = 30 * .second
  /// The most chunk runs that a peer may announce before the cut is known.
  static let earlyRuns = 4_096
  /// The most gained chunks that a peer has not been told of, in runs: beyond this it is told of all chunks anew.
  static let gainedRuns = 4_096
  /// Messages that wait on a connection: beyond this many, no HAVE is added, and a peer that makes us queue answers
  /// that it does not take is dropped.
  static let queuedHaves = 64
  static let queuedMessages = 1_024
  /// The number of ranges that every peer must allow to wait: Protocol.md section 6, REQUEST.
  static let leastRanges = 1_024
  /// The ranges of trees that wait on a connection: each makes a piece be read and hashed.
  static let treesPerConnection = 16
  /// The bytes of a range that must be at hand before it is sent: the system reads ahead what follows them.
  static let readAhead = 1 << 20
  /// What a WANT costs, including the OFFER that answers it, the CANCEL that ends it, and the line in somebody's log.
  static let wantWork = 200_000
  /// What it costs to look at a range that is not taken, at a run of chunks, or at 64 pieces of one.
  static let rangeWork = 64
  /// How many pieces one peer is asked for at a time: a quarter of the ranges that it must remember.
  static let requestedPieces = 1_024
  /// The ranges in one REQUEST, CANCEL or REFUSE.
  static let rangesPerMessage = 90
  /// What it costs to verify one proof that two connections are with the same peer.
  static let proofWork = 256
  /// How often a peer is asked to close a connection beside which there is another.
  static let proofTries = 5
  /// How many peers are asked for the same piece at a time, near the end.
  static let requestersPerPiece = 3
}
