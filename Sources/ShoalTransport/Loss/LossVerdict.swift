/// A packet that was declared lost, for logs.
package struct LossVerdict: Sendable {
  /// What showed it (qlog's names).
  package enum Trigger: String, Sendable {
    /// Enough packets that left later had arrived.
    case reorderingThreshold = "reordering_threshold"
    /// It should have been acknowledged by then.
    case timeThreshold = "time_threshold"
    /// Under go-back-N: nothing was acknowledged for a probe timeout.
    case probeTimeout = "pto_expired"
  }

  /// The packet's number, as it is on the wire.
  package var sequence: UInt32
  /// Which attempt was lost, from 0.
  package var attempt: UInt32
  /// What showed it.
  package var trigger: Trigger
}
