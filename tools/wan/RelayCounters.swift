import ShoalLink

/// What happened in one direction.
struct RelayCounters: Sendable {
  /// What the link did.
  var link = LinkCounters()
  /// Packets handed on, copies included.
  var delivered = 0
  /// IP bytes handed on, copies included.
  var deliveredBytes = 0
  /// Packets dropped because we hold too many.
  var overflow = 0
  /// Packets that the receiving device refused.
  var refused = 0
  /// Packets that the sending device dropped because we did not read them in time.
  var ringDropped = 0
  /// How long those that passed waited for the rate.
  var queueDelay = TimeHistogram()
  /// How much later than they were due packets were handed on.
  var lateness = TimeHistogram()
}
