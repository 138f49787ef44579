import ShoalBase
import ShoalWire

/// Go-back-N: the receiver keeps only the packet that it expects, the sender goes back to it and repeats all since.
///
/// Beside `SelectiveRepeat`, which has the same functions: what differs between the modes is all here.
enum GoBackN {
  // MARK: The receiver's rules

  /// The window is one packet; all others are discarded.
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

  /// Beyond a gap there is nothing for an ACK to describe.
  static func slice(
    _ window: borrowing ReceiveWindow, from first: UInt64, into bytes: inout MutableSpan<UInt8>
  ) -> ReceiveWindow.Slice? { nil }

  // MARK: The sender's rules

  /// When packets sent after the base have arrived, the base is lost and all that followed it was discarded. The base's
  /// last attempt must itself be overtaken, so it goes back once a round trip at most.
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

  /// Nothing was acknowledged for a probe timeout: what followed the base was discarded, if the base was lost.
  static func onProbeTimeout(_ window: inout SendWindow, _ result: inout AckResult) {
    goBack(&window, .probeTimeout, &result)
  }

  /// All goes out again as it is.
  static func goesOutTwice(_ packet: SentPacket, isTail: Bool, randomLoss: Double?) -> Bool { false }

  /// Declares the base lost, and all that follows it discarded, to be repeated in order.
  ///
  /// What was discarded before and has not been repeated since still waits, in order: only what was sent since is looked
  /// at, so that a peer that makes us go back over and over causes no more work than there are packets sent.
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
