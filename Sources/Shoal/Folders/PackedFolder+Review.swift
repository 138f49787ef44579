import Glibc
import ShoalBase
import ShoalContent
import Synchronization

// What happens to a shared folder if somebody touches a file in it.
extension PackedFolder {
  /// What is no longer served.
  struct Loss {
    /// The pieces in which a file that changed has bytes.
    var pieces: BitSet
    /// The first such file, and how many others there are.
    var path: String
    var others: Int
    /// How many unchanged files have bytes in the same pieces.
    var beside: Int
  }

  /// Takes the hashes of the files, which are served from now on.
  func serve(_ ids: [Digest]) { state.withLock { $0.ids = ids } }

  /// Whether a review is to begin: only one at a time, and not again and again if a disk fails.
  func beginReview(at now: Nanoseconds) -> Bool {
    state.withLock { state in
      guard !state.isReviewing, now - (state.reviewedAt ?? -.second) >= .second else { return false }
      (state.isReviewing, state.reviewedAt) = (true, now)
      return true
    }
  }

  /// Looks at all files, and hashes those that were touched: one with the same content is still served. Returns what
  /// has changed since the last review; nil if nothing has. It takes as long as reading the files that were touched.
  func review() -> Loss? {
    let (ids, gone, doubtful) = state.withLock { state in
      defer { state.doubtful = [] }
      return (state.ids, state.gone, state.doubtful)
    }
    var lost: [Int] = []
    for index in listing.entries.indices where listing.entries[index].kind.isFile && !gone.contains(index) {
      let number = Int(stampOf[index])
      let isDoubtful = doubtful.contains(index)
      let stamp = state.withLock { $0.stamps[number] }
      if !isDoubtful, let status = try? FileSystem.status(path(index)), stamp.fits(status) { continue }
      switch examine(index, ids[number]) {
      case .same(let stamp): state.withLock { $0.stamps[number] = stamp }
      case .changed: lost.append(index)
      case .unknown: break
      }
    }
    state.withLock { state in
      state.isReviewing = false
      state.gone.formUnion(lost)
      for index in lost { state.open[index] = nil }
    }
    return lost.isEmpty ? nil : loss(lost)
  }

  private enum Verdict {
    case same(FolderScan.Stamp), changed, unknown
  }

  /// Whether a file still has the same bytes.
  private func examine(_ index: Int, _ id: Digest) -> Verdict {
    do throws(SystemError) {
      let file = try File.open(path(index))
      let before = try file.status()
      guard before.kind == .regular, before.size == Int(listing.entries[index].size) else { return .changed }
      guard try file.hash(before.size, { _ in }) == id, try file.status().isSame(as: before) else { return .changed }
      return .same(FolderScan.Stamp(before))
    } catch {
      // If the process has too many files open, that says nothing about this file.
      return [EMFILE, ENFILE, ENOMEM, EINTR].contains(error.code) ? .unknown : .changed
    }
  }

  private func loss(_ lost: [Int]) -> Loss {
    let all = Set(lost)
    let pieces = listing.pieces { all.contains($0) }
    let beside = listing.entries.indices.count { index in
      listing.entries[index].size > 0 && !all.contains(index) && listing.pieces(index).contains { pieces.contains($0) }
    }
    return Loss(pieces: pieces, path: path(lost[0]), others: lost.count - 1, beside: beside)
  }
}
