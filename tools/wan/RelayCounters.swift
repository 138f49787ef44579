import ShoalLink

/// Counts what happened in one direction.
struct RelayCounters: Sendable {
  /// What the link did.
  var link = LinkCounters()
  /// Packets handed on, copies included.
  var delivered = 0
  /// IP bytes handed on, copies included.
  var deliveredBytes = 0
  /// Packets dropped because too many were held.
  var overflow = 0
  /// Packets that the receiving device refused.
  var refused = 0
  /// Packets that the sending device dropped because they were not read in time.
  var ringDropped = 0
  /// How long delivered packets waited for the rate.
  var queueDelay = TimeHistogram()
  /// How late packets were handed on.
  var lateness = TimeHistogram()
}
