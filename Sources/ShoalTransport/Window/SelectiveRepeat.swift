import ShoalBase

/// Selective repeat: the receiver keeps whatever is in its window, the sender repeats what is missing.
///
/// Beside `GoBackN`, which has the same two functions: what differs between the modes is all here.
enum SelectiveRepeat {
  /// The receiver's rule: any number in the window is kept, in whatever order.
  static func receive(_ number: UInt64, _ window: inout ReceiveWindow) -> Arrival {
    if window.contains(number) { return .duplicate }
    guard number < window.next + window.limit else { return .outside }
    window.insert(number)
    return .new
  }

  /// The sender's rule: a transmission is lost when later ones have arrived, by the reordering threshold or by
  /// time (RFC 8985 §6.2, RFC 9002 §6.1). Only the packets that are lost are repeated.
  ///
  /// Returns when to look again if nothing more is heard.
  static func detectLosses(
    _ window: inout SendWindow, _ reordering: Reordering, _ roundTrip: RoundTrip, at now: Instant,
    _ result: inout AckResult
  ) -> Instant? {
    let tolerance = reordering.window(roundTrip)
    let newest = window.newest
    let suspectBefore = window.suspectBefore
    while let number = window.oldestInFlight() {
      let packet = window.packet(number)
      let isOvertaken = newest.map { packet.order < $0.order } ?? false
      guard isOvertaken || suspectBefore.map({ packet.sentAt < $0 }) ?? false else { return nil }
      let due = packet.sentAt + roundTrip.expected + tolerance
      let byCount = isOvertaken && newest!.order - packet.order >= reordering.packetThreshold ?? .max
      let byTime = now >= due || newest.map { $0.sentAt - packet.sentAt > tolerance } ?? false
      guard byCount || byTime else { return due }
      window.declareLost(number, byCount ? .reorderingThreshold : .timeThreshold, &result)
    }
    return nil
  }
}
