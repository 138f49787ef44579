import ShoalBase
import ShoalContent
import ShoalWire

/// What a peer tells besides the progress of its downloads. Names, reasons and messages are others' and not to be
/// trusted.
public enum PeerEvent: Sendable {
  /// A connection is open; `byPeer` if the other side asked for it.
  case connected(Address, byPeer: Bool)
  /// An open connection has ended; the code is one of Protocol.md's, the reason the words of whoever ended it, if it
  /// gave any, or why the system did not send, where nothing was heard from the peer any more; `byPeer` if that ended it.
  case disconnected(Address, code: UInt16, reason: String, byPeer: Bool)
  /// An address did not answer; it will be tried again. `refusal`: why the system did not even send, if it said so.
  case unreachable(Address, refusal: String)
  /// A peer speaks only these versions of the protocol.
  case otherVersion(Address, ClosedRange<UInt8>)
  /// A peer does not serve a file.
  case refused(Address, id: Digest, code: UInt16)
  /// A peer sent what does not fit a file's id, and is left alone for ten minutes.
  case distrusted(Address, id: Digest)
  /// A peer has got what it wanted of a file; so many bytes from here.
  case served(Address, id: Digest, name: String, bytes: UInt64)
  /// A peer has gone and did not say whether it has what it wanted of a file; so many bytes it had asked for here.
  case left(Address, id: Digest, name: String, bytes: UInt64)
  /// The name of a tracker or a peer leads nowhere, for this reason; it is resolved again in so many seconds.
  case unresolved(String, next: Double)
  /// A tracker has not answered so many tries; another goes out now, the next in so many seconds. `refusal`: why the
  /// system did not even send, if it said so.
  case trackerSilent(Address, tries: Int, next: Double, refusal: String)
  /// A tracker answers again.
  case trackerAnswered(Address)
  /// A tracker knows that a file is here.
  case registered(Address, id: Digest)
  /// A tracker refuses a request.
  case trackerRefused(Address, code: UInt16, message: String)
  /// A ticket names so many trackers beyond those that are asked.
  case trackersLeftOut(Int)
  /// A shared file is served no longer: it was changed (the error's code is `changed`), or cannot be read any more.
  case withdrawn(id: Digest, path: String, ShoalError)
  /// The capture cannot be written any more.
  case captureFailed(String)
  /// So many events are left out here: they came faster than they were read.
  case omitted(count: Int)
}

/// A file that is served.
public struct Share: Sendable {
  /// The file's BLAKE3 hash.
  public var id: Digest
  /// Its name, without the path.
  public var name: String
  /// How it is cut.
  public var cut: Cut
  /// What a receiver needs.
  public var ticket: Ticket
}

/// A file that a tracker knows by name, and who claims to have it: no proof that it is what was meant.
public struct FoundFile: Sendable, Hashable {
  /// The file's id.
  public var id: Digest
  /// How the claimant cuts it.
  public var cut: Cut
  /// The peers registered for it.
  public var peers: Int
  /// The peer that has been registered longest.
  public var claimant: Address
  /// The tracker that says so.
  public var tracker: Address
}

/// What a tracker says of who has a file.
public struct LookupResult: Sendable {
  /// One peer.
  public struct Peer: Sendable {
    /// Where it is reached.
    public var address: Address
    /// How it cuts the file.
    public var cut: Cut
    /// How many chunks it has.
    public var have: Int
    /// Which; nil if the tracker would not say.
    public var chunks: BitSet?
    /// The seconds since the tracker heard from it.
    public var age: Int
    /// Whether it has all.
    public var isComplete: Bool { have == Int(cut.chunks) }
  }
  /// The file's id.
  public var id: Digest
  /// The name under which the tracker knows it; not to be trusted.
  public var name: String
  /// How many peers there are; `peers` may be fewer.
  public var total: Int
  /// Who they are.
  public var peers: [Peer]
}

/// What was counted by one peer, in both its roles.
public struct NodeStatistics: Sendable {
  /// Datagrams sent.
  public var sent = 0
  /// Bytes of UDP payload sent.
  public var bytesSent = 0
  /// Datagrams received intact.
  public var received = 0
  /// Bytes of UDP payload received intact.
  public var bytesReceived = 0
  /// Datagrams sent that repeat a numbered packet.
  public var retransmitted = 0
  /// Packets sent that were declared lost.
  public var lost = 0
  /// Datagrams received that were corrupt.
  public var corrupt = 0
  /// Numbered packets received again.
  public var duplicate = 0
  /// Numbered packets received whose attempt was above 0.
  public var repeats = 0
  /// Datagrams that the system refused to send: no route, a firewall.
  public var refused = 0
  /// Why it refused the last of them; empty if there was none.
  public var lastRefusal = ""
  /// Connections that are open.
  public var connections = 0

  /// Nothing counted.
  public init() {}
}
