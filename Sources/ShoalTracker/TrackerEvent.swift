import ShoalBase
import ShoalContent
import ShoalWire

/// What a tracker did, for its log. Names come from peers and are not to be trusted.
public enum TrackerEvent: Sendable, Equatable {
  /// A peer registered a file, or registered it anew with another cut; it has `have` of `chunks` chunks.
  case registered(peer: Address, id: Digest, name: String, have: Int, chunks: Int)
  /// A registered peer told of `gained` chunks that the tracker did not know it to have.
  case updated(peer: Address, id: Digest, have: Int, chunks: Int, gained: Int)
  /// A peer no longer serves a file.
  case deregistered(peer: Address, id: Digest)
  /// A registration ended after so many nanoseconds without REGISTER or UPDATE.
  case expired(peer: Address, id: Digest, silence: Nanoseconds)
  /// A registration ended because its host takes most of what there is room for, and another needed some of it.
  case displaced(peer: Address, id: Digest)
  /// A request with a valid cookie was refused. Those without one are only counted, lest anyone fill the log.
  case refused(peer: Address, request: PacketType, error: TrackerError, message: String)
  /// So many events are left out here: more happened than could be told.
  case omitted(count: Int)
}
