import ShoalBase

extension Duration {
  /// The duration in nanoseconds, clamped to what the type holds; zero if it is negative.
  package var nanoseconds: Nanoseconds {
    let (seconds, attoseconds) = components
    let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: .second)
    guard seconds >= 0 else { return 0 }
    return isTooLong ? .max : whole.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
  }

  /// The duration in seconds.
  package var inSeconds: Double { Double(nanoseconds) / 1e9 }
}
