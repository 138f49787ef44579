import ShoalBase

/// Go-back-N: the receiver keeps only the packet that it expects, the sender goes back to it and repeats all since.
///
/// Beside `SelectiveRepeat`, which has the same two functions: what differs between the modes is all here.
enum GoBackN {
  /// The receiver's rule: its window is one packet; all others are discarded.
  static func receive(_ number: UInt64, _ window: inout ReceiveWindow) -> Arrival {
    if number < window.next { return .duplicate }
    guard number < window.next + window.limit else { return .outside }
    guard number == window.next else {
      window.saw(number)
      return .discarded
    }
    window.insertNext()
    return .new
  }

  /// The sender's rule: when packets sent after the base have arrived, the base is lost and all that followed it
  /// was discarded. The base's last attempt must itself be overtaken, so it goes back once a round trip at most.
  ///
  /// Returns when to look again if nothing more is heard.
  static func detectLosses(
    _ window: inout SendWindow, _ reordering: Reordering, _ roundTrip: RoundTrip, at now: Instant,
    _ result: inout AckResult
  ) -> Instant? {
    guard window.oldestInFlight() != nil else { return nil }
    let base = window.packet(window.base)
    let isOvertaken = window.newestBeyondGap.map { $0 >= base.sentAt } ?? false
    guard base.inFlight, isOvertaken || window.suspectBefore.map({ $0 >= base.sentAt }) ?? false else { return nil }
    let tolerance = reordering.window(roundTrip)
    let due = base.sentAt + roundTrip.expected + tolerance
    guard now >= due || window.newestBeyondGap.map({ $0 - base.sentAt > tolerance }) ?? false else { return due }
    goBack(&window, .timeThreshold, &result)
    return nil
  }

  /// Repeats everything from the base on, in order.
  static func goBack(_ window: inout SendWindow, _ trigger: LossVerdict.Trigger, _ result: inout AckResult) {
    window.goBack(trigger, &result)
  }
}
