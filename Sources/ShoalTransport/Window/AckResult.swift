import ShoalBase

/// The results of an ACK, collected as it is read.
struct AckResult {
  /// The bytes that it newly acknowledged.
  var bytes = 0
  /// Whether content was among them.
  var hasContent = false
  /// Packets that had been declared lost although they, or an earlier attempt, had arrived.
  var spurious = 0
  /// How late the latest of those was, compared with the packets sent after it; nil if that is not known for any.
  var lateness: Nanoseconds?
  /// The packets newly acknowledged, by how they had left.
  var acked = PhaseCounts()
  /// When the latest-sent of those that were sent only once left.
  var newestOnceSentAt: Instant?
  /// The packets that were declared lost.
  var losses = Losses()
  /// What the delivery rate is computed from: the latest-sent packet newly acknowledged.
  var sample = DeliveryRate.Sample()
}
