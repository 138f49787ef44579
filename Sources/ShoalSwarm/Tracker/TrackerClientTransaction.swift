import ShoalBase
import ShoalContent
import ShoalWire

/// A request on its way.
///
/// All tries share one transaction id, so that a late answer to an earlier one counts; requests are idempotent, and
/// every try reports the same about a file.
struct TrackerTransaction: Sendable {
  let id: UInt64
  /// The request; nil for CONNECT.
  let request: TrackerRequest?
  /// The chunks that a REGISTER or UPDATE reports, and whether they were all that there were to report.
  var runs: [ChunkRun] = []
  var isWhole = true
  /// What it asks for besides: peers of the file.
  var query: PeerQuery?
  /// The result of MAP so far, the number of answers, and the chunk from which it asks on.
  var map = BitSet(capacity: 0)
  var pages = 0
  var first = 0
  /// How often it was sent.
  var tries = 0
  /// When the latest try was sent.
  var sent = Instant.zero
  /// When it is to be sent again; nil: as soon as possible.
  var retry: Instant?
  /// Whether its cookie was refused before: after a second refusal it waits, so that the two ends cannot loop.
  var wasStale = false
}
