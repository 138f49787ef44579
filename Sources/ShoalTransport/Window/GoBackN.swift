import ShoalBase
import ShoalWire

/// Go-back-N: the receiver keeps only the packet that it expects, and the sender goes back to that one and retransmits
/// everything from there on.
///
/// `SelectiveRepeat` has the same functions: everything that differs between the modes is in these two.
enum GoBackN {
  // MARK: The receiver's rules

  /// Keeps only the expected packet, as the window is one packet; all others are discarded.
  static func keep(_ number: UInt64, _ window: inout ReceiveWindow) -> Arrival {
    if number < window.next { return .duplicate }
    guard number < window.next + window.limit else { return .outside }
    guard number == window.next else {
      window.saw(number)
      return .discarded
    }
    window.insertNext()
    return .new
  }

  /// Describes nothing: beyond a gap there is nothing for an ACK to describe.
  static func slice(
    _ window: borrowing ReceiveWindow, from first: UInt64, into bytes: inout MutableSpan<UInt8>
  ) -> ReceiveWindow.Slice? { nil }

  // MARK: The sender's rules

  /// Declares the base lost, and everything that followed it discarded, when packets sent after the base have arrived.
  /// The base's last attempt must itself be overtaken, so this goes back at most once per round trip.
  ///
  /// Returns when to look again if nothing more is heard.
  static func detectLosses(
    _ window: inout SendWindow, _ reordering: Reordering, _ roundTrip: RoundTrip, at now: Instant,
    _ result: inout AckResult
  ) -> Instant? {
    guard window.oldestInFlight() != nil else { return nil }
    let base = window.packets[window.base]
    let newestBeyondGap = window.evidence.newestBeyondGap
    let isOvertaken = newestBeyondGap.map { $0 >= base.sentAt } ?? false
    guard base.inFlight, isOvertaken || window.evidence.suspectBefore.map({ $0 >= base.sentAt }) ?? false else {
      return nil
    }
    let tolerance = reordering.window(roundTrip)
    let due = base.sentAt + roundTrip.expected + tolerance
    guard now >= due || newestBeyondGap.map({ $0 - base.sentAt > tolerance }) ?? false else { return due }
    goBack(&window, .timeThreshold, &result)
    return nil
  }

  /// Goes back to the base after a probe timeout without an acknowledgement: if the base was lost, what followed it was
  /// discarded.
  static func onProbeTimeout(_ window: inout SendWindow, _ result: inout AckResult) {
    goBack(&window, .probeTimeout, &result)
  }

  /// Whether a lost packet goes out twice; never, as everything goes out again anyway.
  static func goesOutTwice(_ packet: SentPacket, isTail: Bool, randomLoss: Double?) -> Bool { false }

  /// Declares the base lost and everything that follows it discarded, to be retransmitted in order.
  ///
  /// What was discarded before and has not been retransmitted since is still waiting, in order: only what was sent
  /// since is examined, so that a peer that makes us go back over and over causes no more work than there are packets
  /// sent.
  static func goBack(_ window: inout SendWindow, _ trigger: LossVerdict.Trigger, _ result: inout AckResult) {
    let base = window.base
    var end = base
    while end < window.next, !window.packets[end].isLost { end += 1 }
    var discarded = AckResult()
    for number in (base..<end).reversed() {
      if number == base {
        window.declareLost(number, trigger, first: true, &result)
      } else {
        window.declareLost(number, nil, first: true, &discarded)
      }
    }
  }
}
