import ShoalBase

/// A link that works for `up`, is down for `down`, and so on; while it is down everything is lost.
package struct Outage: Sendable, Equatable {
  /// How long it works at a time, 1 ms … 86,400 s; this comes first.
  package var up: Nanoseconds
  /// How long it is down at a time, 1 ms … 86,400 s.
  package var down: Nanoseconds

  /// An outage of `down` after every `up`.
  package init(up: Nanoseconds, down: Nanoseconds) {
    self.up = up
    self.down = down
  }

  /// Whether the link is down `elapsed` after its start.
  package func isDown(after elapsed: Nanoseconds) -> Bool {
    let (up, down) = (max(0, up), max(0, down))
    let (period, overflow) = up.addingReportingOverflow(down)
    guard period > 0, !overflow else { return false }
    let phase = elapsed % period
    return (phase < 0 ? phase + period : phase) >= up
  }
}
