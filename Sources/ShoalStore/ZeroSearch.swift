import ShoalBase
import ShoalContent

/// Searches for pieces that are all zeros, by their hashes alone: they need not be fetched, nor take space on the disk.
///
/// A try takes as long as hashing a piece, so not all pieces are tried. A few are, before anything is fetched: if one
/// of them is zeros, the file counts as sparse. And since holes are long, the pieces around each zero piece that is
/// found, or that comes from a peer, are tried until one is not zeros.
package struct ZeroSearch: Sendable {
  /// The pieces that are not here and have not been tried.
  private var untried: BitSet
  private let pieces: Int
  /// How many pieces one job tries.
  private let batch: Int
  /// The tries that are under way.
  private var running: [Run] = []
  /// The pieces reserved at the last call of `newlyReserved`.
  private var reservedBefore: BitSet
  /// Zero pieces whose surroundings are to be tried when other runs are done.
  private var waiting: [Int] = []

  /// Pieces to try in one direction, the nearest first.
  package struct Run: Hashable, Sendable {
    package var pieces: Range<Int>
    package var isDescending: Bool
  }

  /// How many pieces are tried before anything is fetched; each is 4 MiB at most, which takes some milliseconds.
  private static let samples = 16
  /// Zero pieces beyond this number are found again when a piece beside them arrives.
  private static let mostWaiting = 3 * samples
  /// The most runs at a time: others need the workers too.
  private static let mostRunning = 2
  private static let batchBytes = 64 << 20

  init(_ cut: Cut, have: BitSet) {
    pieces = cut.pieces
    untried = have.complement
    reservedBefore = BitSet(capacity: have.capacity)
    batch = max(ZeroSearch.batchBytes / cut.pieceSize, 1)
  }

  /// A search for nothing.
  static var none: ZeroSearch { ZeroSearch(Cut(), have: BitSet(capacity: 0)) }

  /// Some pieces from throughout the file, and the ends of the missing ranges, which an earlier search may have
  /// reached.
  mutating func sample() -> BitSet {
    var sample = BitSet(capacity: pieces)
    for i in 0..<ZeroSearch.samples {
      if let run = untried.run(from: i * pieces / ZeroSearch.samples) { sample.insert(run.lowerBound) }
    }
    for run in untried.runs(limit: ZeroSearch.samples) {
      sample.insert(Int(run.first))
      sample.insert(Int(run.end) - 1)
    }
    untried.subtract(sample)
    return sample
  }

  /// A piece is here.
  mutating func has(_ piece: Int) { untried.remove(piece) }

  /// A piece is zeros: its surroundings are worth a try.
  mutating func found(_ piece: Int) { if waiting.count < ZeroSearch.mostWaiting { waiting.append(piece) } }

  /// The next run to try.
  mutating func next() -> Run? {
    while running.count < ZeroSearch.mostRunning, let piece = waiting.first {
      if let run = above(piece) ?? below(piece) {
        for piece in run.pieces { untried.remove(piece) }
        running.append(run)
        return run
      }
      waiting.removeFirst()
    }
    return nil
  }

  /// The pieces that are better not requested yet, if they have changed since the last call; nil if they have not.
  /// Trying is faster than fetching, so pieces that follow zeros wait until they have been tried or the zeros have
  /// ended.
  mutating func newlyReserved() -> BitSet? {
    var reserved = BitSet(capacity: reservedBefore.capacity)
    for run in running {
      reserved.insert(run.pieces)
      reserve(run.isDescending ? run.pieces.lowerBound : run.pieces.upperBound - 1, &reserved)
    }
    for piece in waiting { reserve(piece, &reserved) }
    guard reserved != reservedBefore else { return nil }
    reservedBefore = reserved
    return reserved
  }

  private func reserve(_ piece: Int, _ reserved: inout BitSet) {
    if untried.contains(piece + 1), let run = untried.run(from: piece + 1) { reserved.insert(run) }
    var first = piece
    while untried.contains(first - 1), piece - first < ZeroSearch.reach { first -= 1 }
    reserved.insert(first..<piece)
  }

  /// How far the search goes downwards, piece by piece.
  private static let reach = 1 << 16

  private func above(_ piece: Int) -> Run? {
    guard untried.contains(piece + 1), let run = untried.run(from: piece + 1) else { return nil }
    return Run(pieces: run.lowerBound..<min(run.upperBound, run.lowerBound + batch), isDescending: false)
  }

  private func below(_ piece: Int) -> Run? {
    var first = piece
    while untried.contains(first - 1), piece - first < batch { first -= 1 }
    return first < piece ? Run(pieces: first..<piece, isDescending: true) : nil
  }

  /// The first `zeros` pieces of a run are zeros.
  mutating func tried(_ run: Run, zeros: Int) {
    running.removeAll { $0 == run }
    guard zeros < run.pieces.count else {
      waiting.insert(run.isDescending ? run.pieces.lowerBound : run.pieces.upperBound - 1, at: 0)
      return
    }
    // The piece that is not zeros has been tried; those beyond it have not.
    let rest =
      run.isDescending
      ? run.pieces.lowerBound..<run.pieces.upperBound - zeros - 1
      : run.pieces.lowerBound + zeros + 1..<run.pieces.upperBound
    untried.insert(rest)
  }
}

extension ZeroSearch.Run {
  /// The pieces of the run that come first.
  func prefix(_ count: Int) -> Range<Int> {
    isDescending
      ? pieces.upperBound - count..<pieces.upperBound : pieces.lowerBound..<pieces.lowerBound + count
  }
}
