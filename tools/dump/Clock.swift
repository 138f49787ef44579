import ShoalTerminal

/// Tells the times of packets, in nanoseconds since 1970, in the style that was asked for.
struct Clock {
  private let style: TimeStyle
  private var origin: UInt64?
  private var previous: UInt64?

  init(style: TimeStyle) { self.style = style }

  /// Must be told every packet: times count from the first.
  mutating func begin(_ time: UInt64?) { origin = origin ?? time }

  /// The time of a packet that is shown.
  mutating func text(of time: UInt64?) -> String {
    guard let time, let origin else { return padded("-", 9) }
    defer { previous = time }
    switch style {
    case .relative: return padded(seconds(from: origin, to: time), 9)
    case .delta: return padded(seconds(from: previous ?? time, to: time), 9)
    case .utc:
      let (whole, part) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
      let text = Timestamp(seconds: Int64(whole), nanoseconds: Int64(part)).rfc3339
      return text.dropLast() + digits(part / 1_000 % 1_000, 3) + "Z"
    }
  }
}

/// The time between two, in seconds with microseconds.
private func seconds(from: UInt64, to: UInt64) -> String {
  let span = (to > from ? to - from : from - to) / 1_000
  return "\(to < from ? "-" : "")\(span / 1_000_000).\(digits(span % 1_000_000, 6))"
}

/// The time between two, `48.200 ms`; nil if one is not known.
func milliseconds(from: UInt64?, to: UInt64?) -> String? {
  guard let from, let to else { return nil }
  let span = (to > from ? to - from : from - to) / 1_000
  return "\(to < from ? "-" : "")\(span / 1_000).\(digits(span % 1_000, 3)) ms"
}
