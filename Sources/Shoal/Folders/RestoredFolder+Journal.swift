import Glibc
import ShoalBase
import ShoalContent
import ShoalStore
import Synchronization

// What is known of a folder's part from an earlier run. The content has a journal like a file's (Protocol.md, Appendix
// C), but whether it is believed is decided for each file of the folder separately.
extension RestoredFolder {
  /// Where the journal begins in its file.
  private var base: Int { FolderMark.headLength + listing.bytes.count }

  /// What the journal says of pieces that are still as it left them: see `StoreFinding.believed`.
  func recall() -> StoreFinding {
    guard case .journal(let journal) = JournalFile.read(self.journal), let noted = journal.stamp,
      journal.manifest.id == listing.contentID, journal.manifest.cut == listing.cut, isWhole || journal.isProven
    else { return .journal(.none, nil) }
    var (gone, touched) = (BitSet(capacity: listing.cut.pieces), BitSet(capacity: listing.cut.pieces))
    for index in wantedEntries where listing.entries[index].kind.isFile && listing.entries[index].size > 0 {
      let pieces = listing.pieces(index)
      guard let (status, isInTarget) = status(index) else {
        gone.insert(pieces)
        continue
      }
      let entry = listing.entries[index]
      // Bytes beyond its end are not there yet.
      let size = min(UInt64(max(status.size, 0)), entry.size)
      if size < entry.size { gone.insert(listing.cut.piece(at: entry.offset + size)..<pieces.upperBound) }
      let age = noted.time - status.changed
      if age >= FileStamp.tick {
        if isInTarget, size == entry.size { state.withLock { _ = $0.known.insert(index) } }
        continue
      }
      // If only part of a folder is wanted, not all pieces are kept whole, and such pieces cannot be verified.
      if !isInTarget, isWhole, age > -FileStamp.longestPause { touched.insert(pieces) } else { gone.insert(pieces) }
    }
    return .believed(journal, journal.pieces.subtracting(gone), touched: touched)
  }

  /// What is in the place of a file of the folder: in the part or, if nothing is there, in the target.
  private func status(_ index: Int) -> (FileStatus, isInTarget: Bool)? {
    let parent = listing.entries[index].parent
    return state.withLock { state in
      for isInTarget in [false, true] {
        let directory =
          isInTarget
          ? try? state.targetTree?.directory(parent, of: listing) : try? state.partTree?.directory(parent, of: listing)
        if let status = try? directory?.status(listing.name(index)), status.kind == .regular {
          return (status, isInTarget)
        }
      }
      return nil
    }
  }

  func beginJournal(_ manifest: Manifest) throws(SystemError) -> Journal.End {
    let (bytes, end) = Journal.beginning(manifest)
    try JournalFile.append(journal, bytes, at: base)
    return end
  }

  /// Notes that these pieces are on the disk.
  func note(_ pieces: BitSet, isProven: Bool, at end: Journal.End) throws(SystemError) -> Journal.End {
    var end = end
    let offset = base + Int(end.offset)
    let now = SystemClock.wall()
    let stamp = FileStamp(device: 0, inode: 0, size: listing.cut.size, modified: now, changed: now, time: now)
    let bytes = Journal.note(pieces, stamp, isProven: isProven, at: &end)
    try JournalFile.append(journal, bytes, at: offset)
    return end
  }

  /// Verifies pieces that were believed, and returns those that are right. Wrong ones will be written again.
  func prove(
    _ manifest: Manifest, _ file: File, _ pieces: BitSet, _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> BitSet {
    let right = try scan(manifest, file, pieces, threads: 1, progress)
    let wrong = pieces.subtracting(right)
    guard !wrong.isEmpty else { return right }
    state.withLock { state in
      for index in wantedEntries
      where listing.entries[index].size > 0 && listing.pieces(index).contains(where: { wrong.contains($0) }) {
        switch state.places[index] {
        case .done: state.places[index] = .part
        case .target: state.places[index] = .absent
        default: continue
        }
        state.open[index] = nil
      }
    }
    // Nothing in it is believed again.
    try JournalFile.append(journal, [], at: base)
    return right
  }
}
