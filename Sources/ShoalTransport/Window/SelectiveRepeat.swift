import ShoalBase
import ShoalWire

/// Selective repeat: the receiver keeps whatever is in its window, the sender repeats what is missing.
///
/// Beside `GoBackN`, which has the same functions: what differs between the modes is all here.
enum SelectiveRepeat {
  // MARK: The receiver's rules

  /// Any number in the window is kept, in whatever order.
  static func keep(_ number: UInt64, _ window: inout ReceiveWindow) -> Arrival {
    if window.contains(number) { return .duplicate }
    guard number < window.next + window.limit else { return .outside }
    window.insert(number)
    return .new
  }

  /// An ACK describes what has arrived beyond a gap.
  static func slice(
    _ window: borrowing ReceiveWindow, from first: UInt64, into bytes: inout MutableSpan<UInt8>
  ) -> ReceiveWindow.Slice? {
    window.hasGap ? window.slice(from: first, into: &bytes) : nil
  }

  // MARK: The sender's rules

  /// A transmission is lost when later ones have arrived, by the reordering threshold or by time (RFC 8985 §6.2, RFC 9002
  /// §6.1). Only the packets that are lost are repeated.
  ///
  /// Returns when to look again if nothing more is heard.
  static func detectLosses(
    _ window: inout SendWindow, _ reordering: Reordering, _ roundTrip: RoundTrip, at now: Instant,
    _ result: inout AckResult
  ) -> Instant? {
    let tolerance = reordering.window(roundTrip)
    let newest = window.evidence.newest
    let suspectBefore = window.evidence.suspectBefore
    while let number = window.oldestInFlight() {
      let packet = window.packets[number]
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

  /// Nothing was acknowledged for a probe timeout: the probes will show what is missing (RFC 9002 §6.2.4).
  static func onProbeTimeout(_ window: inout SendWindow, _ result: inout AckResult) {}

  /// At the tail, where nothing else is to be sent, each further loss of a packet costs all a round trip: on a path
  /// that loses much, what was lost twice goes out twice.
  static func goesOutTwice(_ packet: SentPacket, isTail: Bool, randomLoss: Double?) -> Bool {
    isTail && packet.attempt > 0 && randomLoss ?? 0 > Constants.duplicationLoss
  }
}
