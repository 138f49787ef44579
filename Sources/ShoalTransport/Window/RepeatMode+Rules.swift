import ShoalBase
import ShoalWire

// Where the two repeat modes differ: each rule is in both `SelectiveRepeat` and `GoBackN`.
extension RepeatMode {
  /// How a numbered packet that has arrived is treated.
  func keep(_ number: UInt64, _ window: inout ReceiveWindow) -> Arrival {
    switch self {
    case .selectiveRepeat: SelectiveRepeat.keep(number, &window)
    case .goBackN: GoBackN.keep(number, &window)
    }
  }

  /// Describes to the sender what has arrived from a number on; nil if there is nothing to describe.
  func slice(
    _ window: borrowing ReceiveWindow, from first: UInt64, into bytes: inout MutableSpan<UInt8>
  ) -> ReceiveWindow.Slice? {
    switch self {
    case .selectiveRepeat: SelectiveRepeat.slice(window, from: first, into: &bytes)
    case .goBackN: GoBackN.slice(window, from: first, into: &bytes)
    }
  }

  /// Declares lost what the ACKs so far show to be lost; returns when to look again if nothing more is heard.
  func detectLosses(
    _ window: inout SendWindow, _ reordering: Reordering, _ roundTrip: RoundTrip, at now: Instant,
    _ result: inout AckResult
  ) -> Instant? {
    switch self {
    case .selectiveRepeat: SelectiveRepeat.detectLosses(&window, reordering, roundTrip, at: now, &result)
    case .goBackN: GoBackN.detectLosses(&window, reordering, roundTrip, at: now, &result)
    }
  }

  /// Deals with a probe timeout in which nothing was acknowledged.
  func onProbeTimeout(_ window: inout SendWindow, _ result: inout AckResult) {
    switch self {
    case .selectiveRepeat: SelectiveRepeat.onProbeTimeout(&window, &result)
    case .goBackN: GoBackN.onProbeTimeout(&window, &result)
    }
  }

  /// Whether a lost packet that is retransmitted now is sent once more right after; `isTail` if there is nothing else
  /// to send.
  func goesOutTwice(_ packet: SentPacket, isTail: Bool, randomLoss: Double?) -> Bool {
    switch self {
    case .selectiveRepeat: SelectiveRepeat.goesOutTwice(packet, isTail: isTail, randomLoss: randomLoss)
    case .goBackN: GoBackN.goesOutTwice(packet, isTail: isTail, randomLoss: randomLoss)
    }
  }
}
