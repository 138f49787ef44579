import ShoalBase
import ShoalWire

/// Selective repeat: the receiver keeps whatever is in its window, and the sender retransmits what is missing.
///
/// `GoBackN` has the same functions: everything that differs between the modes is in these two.
enum SelectiveRepeat {
  // MARK: The receiver's rules

  /// Keeps any number in the window, in whatever order.
  static func keep(_ number: UInt64, _ window: inout ReceiveWindow) -> Arrival {
    if window.contains(number) { return .duplicate }
    guard number < window.next + window.limit else { return .outside }
    window.insert(number)
    return .new
  }

  /// Describes what has arrived beyond a gap.
  static func slice(
    _ window: borrowing ReceiveWindow, from first: UInt64, into bytes: inout MutableSpan<UInt8>
  ) -> ReceiveWindow.Slice? {
    window.hasGap ? window.slice(from: first, into: &bytes) : nil
  }

  // MARK: The sender's rules

  /// Declares a transmission lost when later ones have arrived, by the reordering threshold or by time (RFC 8985 §6.2,
  /// RFC 9002 §6.1). Only the packets that are lost are retransmitted.
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

  /// Does nothing after a probe timeout without an acknowledgement: the probes will show what is missing (RFC 9002
  /// §6.2.4).
  static func onProbeTimeout(_ window: inout SendWindow, _ result: inout AckResult) {}

  /// Whether a lost packet goes out twice. At the tail, where there is nothing else to send, each further loss of a
  /// packet costs a whole round trip; so on a lossy path, a packet that was lost twice is sent twice.
  static func goesOutTwice(_ packet: SentPacket, isTail: Bool, randomLoss: Double?) -> Bool {
    isTail && packet.attempt > 0 && randomLoss ?? 0 > Constants.duplicationLoss
  }
}
