import ShoalTerminal

/// How a line shows when its datagram was captured.
enum TimeStyle: String, CaseIterable {
  case relative, delta, utc
}

/// Writes the times of packets, in nanoseconds since 1970, in the requested style.
struct Clock {
  private let style: TimeStyle
  /// The time that relative times count from.
  private var origin: UInt64?
  private var previous: UInt64?

  init(style: TimeStyle) { self.style = style }

  /// Takes the time of a packet. It must be called for every packet, shown or not, because times count from the first.
  mutating func begin(_ time: UInt64?) { if origin == nil { origin = time } }

  /// Nanoseconds from the first packet to this one, negative if the clock was set back; nil if either has no time.
  func elapsed(_ time: UInt64?) -> Int64? {
    guard let time, let origin else { return nil }
    return Int64(clamping: time) - Int64(clamping: origin)
  }

  /// Writes the time of a packet that is shown; `wall` is its time by the capture's clock, if somebody set that clock.
  mutating func write(_ time: UInt64?, wall: UInt64? = nil, to out: inout TextBuffer) {
    guard let time, let origin else { return out.append("        -") }
    defer { previous = time }
    switch style {
    case .relative: write(from: origin, to: time, &out)
    case .delta: write(from: previous ?? time, to: time, &out)
    case .utc:
      let (whole, part) = (wall ?? time).quotientAndRemainder(dividingBy: 1_000_000_000)
      let text = Timestamp(seconds: Int64(whole), nanoseconds: Int64(part)).rfc3339
      out.append(String(text.dropLast()))
      out.append(part / 1_000 % 1_000, width: 3, fill: UInt8(ascii: "0"))
      out.append("Z")
    }
  }

  /// Writes seconds with microseconds, right-aligned in nine columns.
  private func write(from: UInt64, to: UInt64, _ out: inout TextBuffer) {
    let span = (to > from ? to - from : from - to) / 1_000
    if to < from {
      out.append(span / 1_000_000 < 10 ? "-" : " -")
      out.append(span / 1_000_000)
    } else {
      out.append(span / 1_000_000, width: 2)
    }
    out.append(".")
    out.append(span % 1_000_000, width: 6, fill: UInt8(ascii: "0"))
  }
}
