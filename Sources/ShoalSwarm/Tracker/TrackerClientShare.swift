import ShoalBase
import ShoalContent

/// A file that is kept registered.
struct TrackerShare: Sendable {
  let cut: Cut
  let name: String
  /// The order in which shares were made, so that ties are broken the same way in every run.
  let number: Int
  /// The chunks that are here.
  var have: BitSet
  /// The chunks that the tracker has confirmed.
  var reported: BitSet
  /// Whether the tracker has confirmed the file, and has not forgotten it since.
  var isRegistered = false
  /// Whether a REGISTER was ever sent, so that there may be a registration to end.
  var isKnown = false
  /// Whether the tracker must forget the file first: it credits us with chunks that are not here.
  var mustReset = false
  /// When the tracker was last made to forget it.
  var resetAt: Instant?
  /// Whether a request about it is waiting for its answer.
  var isBusy = false
  /// When to register.
  var registerAt = Instant.zero
  /// The time before which no UPDATE is sent.
  var updateAt = Instant.zero
  /// Whether peers of the file are wanted, and the cursor of the page to ask for.
  var isSeeking = false
  var cursor: UInt32 = 0

  /// When there is next something to report.
  var due: Instant {
    if isBusy { return .distantFuture }
    if isRegistered && isSeeking { return .zero }
    return isRegistered && reported.count < have.count ? min(registerAt, updateAt) : registerAt
  }

  /// The request that is due for the file `id`.
  func request(_ id: Digest, at now: Instant) -> TrackerRequest {
    mustReset ? .deregister(id: id) : registerAt <= now ? .register(id: id) : .update(id: id)
  }
}
