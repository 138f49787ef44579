import ShoalBase
import ShoalContent
import ShoalWire

/// What a tracker did, for its log. Names come from peers and are not to be trusted.
package enum RegistrarEvent: Sendable, Equatable {
  /// A peer registered a file, or registered it again with another cut; it has `have` of `chunks` chunks.
  case registered(peer: Address, id: Digest, name: String, have: Int, chunks: Int)
  /// A registered peer reported `gained` chunks that the tracker did not know it to have.
  case updated(peer: Address, id: Digest, have: Int, chunks: Int, gained: Int)
  /// A peer no longer serves a file.
  case deregistered(peer: Address, id: Digest)
  /// A registration ended after this many nanoseconds without REGISTER or UPDATE.
  case expired(peer: Address, id: Digest, silence: Nanoseconds)
  /// A registration ended because its host takes the most of a limited budget, and another needed some of it.
  case displaced(peer: Address, id: Digest)
  /// A request with a valid cookie was refused. Requests without one are only counted, so that nobody can flood the
  /// log.
  case refused(peer: Address, request: PacketType, error: TrackerError, message: String)
  /// This many events are omitted here: more happened than could be kept.
  case omitted(count: Int)
}
