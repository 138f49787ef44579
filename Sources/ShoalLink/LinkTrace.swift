import ShoalBase

/// When a recorded line could deliver: a trace in mahimahi's format (Netravali et al., USENIX ATC 2015).
///
/// Each line of the text is a time in milliseconds, at which 1,504 bytes of IP may leave; a time that occurs twice
/// means twice as much. The trace repeats with the period that its last line names.
package struct LinkTrace: Sendable, Equatable {
  /// The bytes that may leave at each time.
  package static let bytes = 1_504
  /// The most times in a trace: ten minutes at 3 Gbit/s.
  package static let most = 1 << 24

  /// What the specification of the link calls it.
  package let name: String
  /// The times in milliseconds, ascending; the last is the period.
  let times: [UInt32]

  /// Why a text is no trace.
  package enum Problem: Error, Sendable, Equatable {
    /// This line, counted from 1, is no whole number of milliseconds below 2^32.
    case notATime(line: Int)
    /// This line is earlier than the one before.
    case descending(line: Int)
    /// There is no line, or the last one is 0, so that it would never end.
    case noPeriod
    /// There are more lines than `most`.
    case tooLong
  }

  /// The trace in a text of this many bytes; empty lines and those that begin with `#` are skipped.
  package init(_ text: Span<UInt8>, name: String) throws(Problem) {
    var times: [UInt32] = []
    var line = 1
    var number: UInt64?
    var isComment = false
    func end() throws(Problem) {
      defer { (number, isComment, line) = (nil, false, line + 1) }
      guard let value = number else { return }
      guard value >= times.last ?? 0 else { throw .descending(line: line) }
      guard times.count < LinkTrace.most else { throw .tooLong }
      times.append(UInt32(value))
    }
    for place in text.indices {
      let byte = text[place]
      switch byte {
      case UInt8(ascii: "\n"): try end()
      case _ where isComment, UInt8(ascii: "\r"): break
      case UInt8(ascii: "#") where number == nil: isComment = true
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        let value = (number ?? 0) * 10 + UInt64(byte - UInt8(ascii: "0"))
        guard value <= UInt32.max else { throw .notATime(line: line) }
        number = value
      default: throw .notATime(line: line)
      }
    }
    try end()
    guard let last = times.last, last > 0 else { throw .noPeriod }
    (self.times, self.name) = (times, name)
  }

  /// The mean rate in bits a second.
  package var rate: Int64 { Int64(times.count * LinkTrace.bytes * 8) * 1_000 / Int64(times[times.count - 1]) }

  // MARK: Opportunities, counted from the start of the link through all repetitions

  /// The time of an opportunity.
  func time(_ number: Int64) -> Nanoseconds {
    let (round, place) = number.quotientAndRemainder(dividingBy: Int64(times.count))
    return (round * Int64(times[times.count - 1]) + Int64(times[Int(place)])) * .millisecond
  }

  /// The first opportunity that is not before a time.
  func first(from time: Nanoseconds) -> Int64 {
    let period = Int64(times[times.count - 1]) * .millisecond
    let time = max(time, 0)
    var (round, rest) = time.quotientAndRemainder(dividingBy: period)
    // The end of a period is its last opportunity, not the first of the next.
    if rest == 0, round > 0 { (round, rest) = (round - 1, period) }
    var (low, high) = (0, times.count)
    while low < high {
      let middle = (low + high) / 2
      if Int64(times[middle]) * .millisecond < rest { low = middle + 1 } else { high = middle }
    }
    return round * Int64(times.count) + Int64(low)
  }
}

/// A line that delivers at the times of a trace, behind a drop-tail queue that counts like that of `RateQueue`.
struct TraceQueue: Sendable {
  private let trace: LinkTrace
  private let limit: Int
  /// The opportunity that the last datagram accepted leaves with, and the bytes of it that are not taken yet.
  private var last: Int64 = -1
  private var rest = 0

  init(_ trace: LinkTrace, limit: Int) { (self.trace, self.limit) = (trace, limit) }

  /// How long a datagram that arrives at `now`, counted from the link's start, waits behind those accepted before.
  func wait(at now: Nanoseconds) -> Nanoseconds { last < 0 ? 0 : max(trace.time(last) - now, 0) }

  /// When the last byte of a datagram that arrives at `now` leaves; nil if it does not fit.
  mutating func depart(bytes: Int, at now: Nanoseconds) -> Nanoseconds? {
    let next = trace.first(from: now)
    if last < next {
      // The line was idle: what could have left before is gone.
      (last, rest) = (next, LinkTrace.bytes)
    } else {
      let backlog = Int(clamping: last - next) * LinkTrace.bytes + LinkTrace.bytes - rest
      guard backlog + bytes <= limit else { return nil }
    }
    var bytes = bytes
    while bytes > rest {
      bytes -= rest
      (last, rest) = (last + 1, LinkTrace.bytes)
    }
    rest -= bytes
    return trace.time(last)
  }
}

extension LinkSpecError.Problem {
  /// Why the text of a trace cannot be used.
  package init(_ problem: LinkTrace.Problem) {
    switch problem {
    case .notATime(let line): self = .trace("line \(line) is no time in milliseconds, as in mahimahi's format")
    case .descending(let line): self = .trace("line \(line) is earlier than the one before")
    case .noPeriod: self = .trace("it names no time after 0")
    case .tooLong: self = .trace("it has more than \(LinkTrace.most) lines")
    }
  }
}
