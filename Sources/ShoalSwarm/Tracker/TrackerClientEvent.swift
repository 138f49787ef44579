import ShoalBase
import ShoalContent
import ShoalWire

/// A request of a peer to a tracker.
package enum TrackerRequest: Sendable, Hashable {
  /// REGISTER: the file of this id is here.
  case register(id: Digest)
  /// UPDATE: more chunks of it are here.
  case update(id: Digest)
  /// DEREGISTER: it is no longer served.
  case deregister(id: Digest)
  /// FIND: which files have this name?
  case find(name: String)
  /// LOOKUP: which peers have this file, or this chunk of it? At most `most` of them, 0...255.
  case lookup(id: Digest, chunk: UInt32, most: UInt8)
  /// MAP: which of the file's `chunks` chunks does that peer have?
  case map(id: Digest, address: Address, chunks: Int)
  /// LIST: which files have names, from this position on?
  case list(after: UInt64)

  /// Whether somebody awaits the answer.
  package var isQuestion: Bool {
    switch self {
    case .find, .lookup, .map, .list: true
    case .register, .update, .deregister: false
    }
  }
}

/// A peer of a file that a tracker names in REGISTERED or UPDATED.
package struct NearPeer: Sendable, Hashable {
  /// Where it is reached.
  package var address: Address
  /// How much of the file it has: 0 nothing, 255 all, otherwise in proportion.
  package var share: UInt8
}

/// What happens between a peer and a tracker. Names and messages are the tracker's and not to be trusted.
package enum TrackerClientEvent: Sendable, Equatable {
  /// The tracker sees this peer at this address: reported the first time, and when it changes.
  case connected(observed: Address)
  /// The tracker has registered the file: reported once, and again if it had forgotten.
  case registered(id: Digest)
  /// Answers `find`.
  case found(name: String, FoundPacket)
  /// Answers `lookup`.
  case peers(PeersPacket)
  /// Answers `seek`, and also comes with the answer to the REGISTER of an incomplete file: other peers of it, how many
  /// there are in all, and the file's name if it differs from ours.
  case nearby(id: Digest, name: String, total: Int, [NearPeer])
  /// Answers `map`.
  case mapped(id: Digest, address: Address, BitSet)
  /// Answers `list`.
  case listed(ListedPacket)
  /// The tracker refuses with a `TrackerError`. A registration is tried again after an interval; a question is not.
  case refused(TrackerRequest, code: UInt16, message: String)
  /// This many tries of a request have gone unanswered; another goes out now, and the one after it in `next` ns.
  case silent(tries: Int, next: Nanoseconds)
  /// The tracker speaks these versions and not ours, and is tried again after a minute; these questions are given up.
  case otherVersion(ClosedRange<UInt8>, unanswered: [TrackerRequest])
  /// The tracker answers again after it was silent.
  case answeredAgain
}
