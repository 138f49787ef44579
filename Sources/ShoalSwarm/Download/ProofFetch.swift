import ShoalBase
import ShoalContent
import ShoalWire

/// Bytes that prove themselves, but only together: a piece's tree, or a part of a manifest. They are asked of one peer,
/// of another one too if that takes long, and what two peers send is never mixed: so whoever sends what is wrong is
/// known.
struct ProofFetch {
  /// What one peer is asked for, and has sent of it.
  struct Attempt {
    let link: LinkKey
    let space: ContentSpace
    let range: RangeField
    let cut: Cut
    let askedAt: Instant
    fileprivate(set) var bytes: [UInt8]
    fileprivate var received = RangeSet<Int>(limit: mostFragments)
    /// How much had come when it was last seen to get on, and when that was.
    fileprivate var progress = 0
    fileprivate var progressAt: Instant
  }

  /// How many peers are asked at a time, and how long one has to itself before the next is asked too. One that sends less
  /// than so many bytes in the longest patience is given up; if as many are asked as may be, one that has not sent all.
  static let most = 8
  static let leastProgress = 4_096
  static let patience: Nanoseconds = 500 * .millisecond
  static let longestPatience: Nanoseconds = 5 * .second

  private(set) var attempts: [Attempt] = []
  /// The links that were asked in vain.
  private(set) var failed: [LinkKey] = []
  private var askedAt: Instant?

  func isAsking(_ link: LinkKey) -> Bool { attempts.contains { $0.link == link } }

  /// Whether a link was not asked yet.
  func mayAsk(_ link: LinkKey) -> Bool { !isAsking(link) && !failed.contains(link) }

  /// Whether one more peer is to be asked now.
  func wantsMore(at now: Instant) -> Bool {
    guard let askedAt, !attempts.isEmpty else { return true }
    return attempts.count < Self.most && now - askedAt >= Self.patience
  }

  /// Notes that a peer is asked for these bytes; returns the request.
  mutating func ask(
    _ source: Source, for range: RangeField, in space: ContentSpace, of cut: Cut, at now: Instant
  ) -> Request {
    let bytes = [UInt8](repeating: 0, count: Int(range.length))
    attempts.append(
      Attempt(link: source.link, space: space, range: range, cut: cut, askedAt: now, bytes: bytes, progressAt: now))
    askedAt = now
    var request = Request()
    (request.file, request.space, request.ranges) = (source.number, space.rawValue, [range])
    return request
  }

  /// Takes bytes from a peer; returns its attempt once all have come, which then is over.
  mutating func receive(_ block: Block, from link: LinkKey, _ datagram: Span<UInt8>, at now: Instant) -> Attempt? {
    guard let i = attempts.firstIndex(where: { $0.link == link && $0.space.rawValue == block.space }) else {
      return nil
    }
    let range = attempts[i].range
    // What was not asked for is left out, before and after.
    let skipped = range.offset > block.offset ? range.offset - block.offset : 0
    guard skipped < UInt64(block.content.count), block.offset < range.offset + UInt64(range.length) else { return nil }
    let start = Int(block.offset + skipped - range.offset)
    let count = min(block.content.count - Int(skipped), Int(range.length) - start)
    guard attempts[i].received.insert(start..<start + count) != nil else {
      fail(link)
      return nil
    }
    if attempts[i].received.count - attempts[i].progress >= Self.leastProgress {
      (attempts[i].progress, attempts[i].progressAt) = (attempts[i].received.count, now)
    }
    let first = block.content.offset + Int(skipped)
    var bytes = attempts[i].bytes.mutableSpan
    bytes.copy(datagram.extracting(first..<first + count), to: start)
    return attempts[i].received.count == Int(range.length) ? attempts.remove(at: i) : nil
  }

  /// A peer is asked for them no longer; it may be asked again.
  mutating func drop(_ link: LinkKey) { attempts.removeAll { $0.link == link } }

  /// A peer does not send them, or has sent what is wrong.
  mutating func fail(_ link: LinkKey) {
    attempts.removeAll { $0.link == link }
    if !failed.contains(link) { failed.append(link) }
  }

  /// The peer that sent least of those that have had too long.
  func slowest(at now: Instant) -> LinkKey? {
    let isFull = attempts.count >= Self.most
    return attempts.filter { now - (isFull ? $0.askedAt : $0.progressAt) >= Self.longestPatience }.min {
      $0.received.count < $1.received.count
    }?.link
  }
}
