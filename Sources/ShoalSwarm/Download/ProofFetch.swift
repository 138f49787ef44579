import ShoalBase
import ShoalContent
import ShoalWire

/// Bytes that prove themselves, but only as a whole: a piece's tree, or a part of a manifest. They are requested from
/// one peer, and from another too if that takes long; what two peers send is never mixed, so whoever sends something
/// wrong is known.
struct ProofFetch {
  /// One peer's attempt: what was requested, and what has arrived.
  struct Attempt {
    let link: LinkKey
    let space: ContentSpace
    let range: RangeField
    let cut: Cut
    let askedAt: Instant
    fileprivate(set) var bytes: [UInt8]
    fileprivate var received = RangeSet<Int>(limit: mostFragments)
    /// How much had arrived when progress was last noted, and when that was.
    fileprivate var progress = 0
    fileprivate var progressAt: Instant
  }

  /// The most peers at a time, and how long one has before the next is tried too. A peer that sends fewer than
  /// `leastProgress` bytes within the longest patience is given up; if the most are being tried, so is one that has not
  /// sent everything.
  static let most = 8
  static let leastProgress = 4_096
  static let patience: Nanoseconds = 500 * .millisecond
  /// How long the first has while nothing comes of any: where a whole swarm asks one peer, others have it before that
  /// peer's turn comes.
  static let quietPatience: Nanoseconds = 150 * .millisecond
  static let longestPatience: Nanoseconds = 5 * .second

  private(set) var attempts: [Attempt] = []
  /// The links that failed to send them.
  private(set) var failed: [LinkKey] = []
  private var askedAt: Instant?

  func isAsking(_ link: LinkKey) -> Bool { attempts.contains { $0.link == link } }

  /// Whether a link has not been tried yet.
  func mayAsk(_ link: LinkKey) -> Bool { !isAsking(link) && !failed.contains(link) }

  /// Whether one more peer is to be tried now.
  func wantsMore(at now: Instant) -> Bool {
    guard let askedAt, !attempts.isEmpty else { return true }
    let isQuiet = attempts.allSatisfy { $0.received.isEmpty }
    return attempts.count < Self.most && now - askedAt >= (isQuiet ? Self.quietPatience : Self.patience)
  }

  /// Notes that these bytes are requested from a peer; returns the request.
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

  /// Takes bytes from a peer; once all have arrived, ends its attempt and returns it.
  mutating func accept(_ block: Block, from link: LinkKey, _ datagram: Span<UInt8>, at now: Instant) -> Attempt? {
    guard let i = attempts.firstIndex(where: { $0.link == link && $0.space.rawValue == block.space }) else {
      return nil
    }
    let range = attempts[i].range
    // Bytes before and after the requested ones are left out.
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

  /// Ends a peer's attempt; the peer may be tried again.
  mutating func drop(_ link: LinkKey) { attempts.removeAll { $0.link == link } }

  /// A peer refuses to send them, or has sent something wrong.
  mutating func fail(_ link: LinkKey) {
    attempts.removeAll { $0.link == link }
    if !failed.contains(link) { failed.append(link) }
  }

  /// Of the peers that have taken too long, the one that has sent the least.
  func slowest(at now: Instant) -> LinkKey? {
    let isFull = attempts.count >= Self.most
    return attempts.filter { now - (isFull ? $0.askedAt : $0.progressAt) >= Self.longestPatience }.min {
      $0.received.count < $1.received.count
    }?.link
  }
}
