import ShoalBase
import ShoalContent

/// Which chunks of a complete file nobody has asked for yet.
///
/// While there are such chunks, a peer that passes on what it gets is shown only a few of them, and others than those
/// that its like are shown: so each chunk leaves its origin once before any leaves it twice, which is the fastest way to
/// give a file to many (super-seeding: BEP 16). Otherwise peers that cannot know what others are just being sent would
/// ask for much of it again.
struct SuperSeeding {
  private var unseen: BitSet

  init(chunks: Int) { unseen = .full(capacity: chunks) }

  /// Whether every chunk has been asked for, or shown to somebody.
  var isOver: Bool { unseen.isEmpty }

  /// Notes that a peer asks for chunks.
  mutating func asked(_ chunks: ClosedRange<Int>) {
    // A request may be for millions of chunks: each is looked at once.
    var next = chunks.lowerBound
    while let run = unseen.run(from: next), run.lowerBound <= chunks.upperBound {
      next = min(run.upperBound, chunks.upperBound + 1)
      for chunk in run.lowerBound..<next { unseen.remove(chunk) }
    }
  }

  /// A chunk to show next, any of those that nobody has seen.
  mutating func next(_ random: inout SeededGenerator) -> Int? {
    guard !unseen.isEmpty else { return nil }
    let chunk = unseen.first(from: Int(random.next() % UInt64(unseen.capacity)), in: unseen)
    if let chunk { unseen.remove(chunk) }
    return chunk
  }

  /// Whoever was shown these has not asked for them, and never will.
  mutating func takeBack(_ chunks: [Int]) { for chunk in chunks { unseen.insert(chunk) } }

  /// How many chunks that it has not asked for a peer is shown at first, and at most.
  static let firstShown = 4
  static let mostShown = 64
  /// How long a peer may ask for none of these, besides two round trips, before it is shown everything: it may have them
  /// already, or read in order.
  static let patience: Nanoseconds = 250 * .millisecond
  /// The same before it has asked for anything: it has to get the manifest, and to make a place.
  static let firstPatience: Nanoseconds = 3 * .second
}
