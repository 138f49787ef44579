import ShoalBase

/// Outages of a link, which works for `up`, is down for `down`, and so on; while it is down, everything is lost.
package struct Outage: Sendable, Equatable {
  /// How long it works at a time, 1 ms … 86,400 s; it starts working.
  package var up: Nanoseconds
  /// How long it is down at a time, 1 ms … 86,400 s.
  package var down: Nanoseconds

  /// Outages of `down`, each after `up`.
  package init(up: Nanoseconds, down: Nanoseconds) {
    self.up = up
    self.down = down
  }

  /// Whether the link is down when `elapsed` has passed since its start.
  package func isDown(after elapsed: Nanoseconds) -> Bool {
    let (up, down) = (max(0, up), max(0, down))
    let (period, overflow) = up.addingReportingOverflow(down)
    guard period > 0, !overflow else { return false }
    let phase = elapsed % period
    return (phase < 0 ? phase + period : phase) >= up
  }
}
