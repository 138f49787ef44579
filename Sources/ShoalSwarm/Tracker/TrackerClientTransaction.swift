import ShoalBase
import ShoalContent

/// A request on its way.
///
/// All tries share one transaction id, so that a late answer to an earlier one counts; requests are idempotent, and
/// what a try tells about a file does not change.
struct TrackerTransaction: Sendable {
  let id: UInt64
  /// The request; nil for CONNECT.
  let request: TrackerRequest?
  /// The chunks that a REGISTER or UPDATE tells, and whether they are all that there were to tell.
  var runs: [ChunkRun] = []
  var isWhole = true
  /// What MAP has told so far, in how many answers, and from which chunk on it asks.
  var map = BitSet(capacity: 0)
  var pages = 0
  var first = 0
  /// How often it was sent.
  var tries = 0
  /// When the latest try was sent.
  var sent = Instant.zero
  /// When it is to be sent again; nil: as soon as possible.
  var retry: Instant?
  /// Whether its cookie was refused before: after a second refusal it waits, lest the two ends chase each other.
  var wasStale = false
}
