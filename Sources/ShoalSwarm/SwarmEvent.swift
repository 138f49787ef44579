import ShoalContent
import ShoalTransport
import ShoalWire

/// Identifies a file of a swarm; also the `source` of the payloads that are sent from it.
package struct FileKey: Hashable, Sendable {
  /// A small number, given in turn from 0.
  package let index: Int

  /// The file that a payload's `source` names.
  package init(source: UInt32) { index = Int(source) }
  init(_ index: Int) { self.index = index }

  /// The `source` of payloads that are sent from the file.
  package var source: UInt32 { UInt32(index) }
}

/// What a swarm tells its host. Positions in a datagram refer to the one last given to `receive`.
package enum SwarmEvent: Sendable {
  /// These bytes of the datagram belong at `offset` of a piece that is being gathered.
  case block(FileKey, piece: Int, offset: Int, content: ByteRange)
  /// These bytes, which came before there was a place for them, belong at `offset` of a piece that is being gathered.
  case held(FileKey, piece: Int, offset: Int, [UInt8])
  /// All bytes of the piece have arrived: verify it, write it if it is right, and call `pieceVerified`. If it is wrong,
  /// keep it: parts of it may be fetched again, and then it is gathered again.
  case pieceGathered(FileKey, piece: Int)
  /// The bytes gathered of the piece are no longer needed.
  case pieceDropped(FileKey, piece: Int)
  /// A peer has asked for these bytes of a file: have them ready, and call `readEnded`.
  case wanted(ReadKey, FileKey, offset: UInt64, length: Int)
  /// A peer has asked for the values of the blocks in these bytes of a file: hash them, and call `treeRead`.
  case treeWanted(ReadKey, FileKey, offset: UInt64, length: Int)
  /// The file's manifest is known: prepare a place for the file, verify what is already there, and call `begin`.
  case manifest(FileKey)
  /// A chunk is complete and has been announced.
  case chunk(FileKey, Int)
  /// Every piece is here and verified.
  case completed(FileKey)
  /// A peer is connected.
  case connected(Address, byPeer: Bool)
  /// A connection has ended, or could not be made.
  case disconnected(Address, wasOpen: Bool, code: UInt16, reason: String, byPeer: Bool)
  /// A peer has given a pass: what to put into the next OPEN to it, if that is to be remembered for longer than this
  /// process runs.
  case pass(Address, Pass)
  /// A peer speaks other versions of the protocol.
  case otherVersion(Address, ClosedRange<UInt8>)
  /// A peer does not serve the file.
  case refused(FileKey, Address, code: UInt16)
  /// A peer sent content that does not match the file's id, and is banned for a while.
  case distrusted(FileKey, Address, Lie)
  /// A peer has completed the file; it had this many bytes of it from here.
  case served(FileKey, Address, bytes: UInt64)
  /// A peer stopped fetching the file before it was complete; it had this many bytes of it from here.
  case left(FileKey, Address, bytes: UInt64)
  /// An event of a tracker: an answer, or silence.
  case tracker(TrackerKey, TrackerClientEvent)
}

/// How a file stands.
package struct FileProgress: Sendable {
  /// Bytes verified.
  package var bytes: UInt64 = 0
  /// The bytes of the file; 0 before the manifest is known.
  package var total: UInt64 = 0
  /// Chunks complete.
  package var chunks = 0
  /// The chunks of the file.
  package var totalChunks = 0
  /// Bytes accepted from peers in this run, whether or not they are verified yet.
  package var accepted: UInt64 = 0
  /// Bytes that arrived although they were already here.
  package var redundant: UInt64 = 0
  /// Peers that serve the file.
  package var peers = 0
  /// Verified bytes by the peer that sent them.
  package var from: [Address: UInt64] = [:]
  /// Whether every piece is verified.
  package var isComplete = false
}
