import ShoalBase
import ShoalContent

/// The chunks of a complete file that nobody has requested yet.
///
/// While there are such chunks, a peer that passes on what it gets is shown only a few of them, and each such peer is
/// shown different ones. So each chunk leaves its origin once before any leaves it twice, which is the fastest way to
/// give a file to many (super-seeding: BEP 16). Otherwise peers, which cannot know what is being sent to others, would
/// request much of that again.
struct SuperSeeding {
  private var unseen: BitSet

  init(chunks: Int) { unseen = .full(capacity: chunks) }

  /// Whether every chunk has been requested by, or shown to, some peer.
  var isOver: Bool { unseen.isEmpty }

  /// Notes that a peer requests chunks.
  mutating func asked(_ chunks: ClosedRange<Int>) {
    // A request may be for millions of chunks: each is looked at once.
    var next = chunks.lowerBound
    while let run = unseen.run(from: next), run.lowerBound <= chunks.upperBound {
      next = min(run.upperBound, chunks.upperBound + 1)
      for chunk in run.lowerBound..<next { unseen.remove(chunk) }
    }
  }

  /// A random chunk to show next, of those that nobody has seen.
  mutating func next(_ random: inout SeededGenerator) -> Int? {
    guard !unseen.isEmpty else { return nil }
    let chunk = unseen.first(from: Int(random.next() % UInt64(unseen.capacity)), in: unseen)
    if let chunk { unseen.remove(chunk) }
    return chunk
  }

  /// Counts chunks as unseen again that were shown to a peer that will never request them.
  mutating func takeBack(_ chunks: [Int]) { for chunk in chunks { unseen.insert(chunk) } }

  /// How many chunks that it has not requested a peer is shown at first, and at most.
  static let firstShown = 4
  static let mostShown = 64
  /// How long, in addition to two round trips, a peer whose requests have all been served may request none of the
  /// chunks that it is shown. Then it is shown the most, and after as long again everything: it may have them already,
  /// or be reading in order.
  static let patience: Nanoseconds = 250 * .millisecond
  /// The same before its first request: it has to fetch the manifest and prepare a place.
  static let firstPatience: Nanoseconds = 3 * .second
}
