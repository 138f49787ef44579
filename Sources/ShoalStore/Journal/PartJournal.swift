import ShoalBase
import ShoalContent

/// The journal of one part, as it is believed and kept.
///
/// Every few seconds in which pieces were written, the part is synced, and then the journal says so. If the part looks
/// as it did then, what the journal says is true. If it was written to since, but not long after, as when the process
/// was killed or the power failed, that is believed too, and verified while the download continues: the file does not
/// get its name before.
struct PartJournal {
  /// Where it is.
  let path: String
  private let manifest: Manifest
  /// Its end; nil if none is kept, or not yet.
  private(set) var end: Journal.End?
  private var isKept: Bool
  /// The pieces that are believed to be there.
  private(set) var believed: BitSet
  /// Those of them that are verified now or later; nil if there is no need.
  private(set) var unproven: BitSet?
  /// The pieces that are right and that the journal does not tell.
  private var unnoted: BitSet
  /// What the note that is under way tells.
  private var noting: BitSet?
  /// When the next note is due, if there is anything to note, and the earliest time of the one after it.
  private var dueAt: Instant?
  private var nextAt = Instant.zero

  /// So much of what was written may be unknown after the power failed; so often the disk is made to write.
  static let interval = 5 * Nanoseconds.second

  init(of part: String, _ manifest: Manifest) {
    self.manifest = manifest
    path = part.isEmpty ? "" : journalPath(of: part)
    // A file of one piece has no manifest worth keeping, and is there as a whole or not at all.
    isKept = !part.isEmpty && manifest.cut.pieces > 1
    believed = BitSet(capacity: manifest.cut.pieces)
    unnoted = believed
  }

  // MARK: What was there

  /// Takes what was found of a journal beside a part that is now as `stamp` says; returns why it is not believed, if
  /// there is a reason to tell.
  mutating func take(_ reading: Journal.Reading, _ stamp: FileStamp?) -> JournalFault? {
    switch reading {
    case .none: return nil
    case .damaged: return .damaged
    case .foreign: return .foreign
    case .otherVersion(let version): return .otherVersion(version)
    case .journal(let journal):
      guard isKept, journal.manifest.id == manifest.id, journal.manifest.cut == manifest.cut, let stamp,
        let noted = journal.stamp
      else { return nil }
      let isUntouched = journal.isProven && noted.isUntouched(in: stamp)
      guard isUntouched || noted.mayLead(to: stamp) else { return journal.pieces.isEmpty ? nil : .disagrees }
      (end, believed) = (journal.end, journal.pieces)
      if !isUntouched, !believed.isEmpty { unproven = believed }
      return nil
    }
  }

  /// Notes the pieces that were found to be there besides.
  mutating func found(_ right: BitSet) {
    unnoted.formUnion(right)
    if isKept, !right.isEmpty { dueAt = dueAt ?? nextAt }
  }

  /// The job that makes a new journal, unless the one that is there is continued.
  func beginning() -> StoreJob? { isKept && end == nil ? .beginJournal(path: path, manifest) : nil }

  mutating func begun(_ end: Journal.End) { self.end = end }

  /// Keeps no journal any longer, as it cannot be written.
  mutating func giveUp() { (isKept, end, noting, dueAt) = (false, nil, nil, nil) }

  // MARK: What is only believed

  /// Whether what was believed is still to be verified.
  var isBeingProven: Bool { unproven != nil }

  /// The believed pieces are verified, and these are right; returns the others. A journal that was wrong is to be
  /// removed.
  mutating func proven(_ right: BitSet) -> BitSet {
    let wrong = unproven?.subtracting(right) ?? BitSet(capacity: believed.capacity)
    unproven = nil
    if !wrong.isEmpty { giveUp() }
    return wrong
  }

  // MARK: Notes

  /// A piece is about to be written: the job that notes that there is something to note, if the journal did not say so
  /// lately.
  mutating func willWrite(at now: Instant) -> StoreJob? {
    guard isKept, let end, dueAt == nil, noting == nil else { return nil }
    (dueAt, nextAt) = (now + PartJournal.interval, now + PartJournal.interval)
    // The part's times will differ from those in the journal, and that is to be expected from now on.
    let nothing = BitSet(capacity: believed.capacity)
    noting = nothing
    return .note(path: path, nothing, isProven: !isBeingProven, end)
  }

  /// When `isDue` is worth asking again.
  var deadline: Instant { isKept && end != nil && noting == nil ? dueAt ?? .distantFuture : .distantFuture }

  /// A piece is written.
  mutating func wrote(_ piece: Int) {
    guard isKept else { return }
    unnoted.insert(piece)
    dueAt = dueAt ?? nextAt
  }

  /// Whether a note is due: then the part is to be synced, and `note` called.
  mutating func isDue(at now: Instant) -> Bool {
    guard isKept, end != nil, noting == nil, let dueAt, dueAt <= now else { return false }
    (noting, unnoted) = (unnoted, BitSet(capacity: believed.capacity))
    self.dueAt = nil
    nextAt = now + PartJournal.interval
    return true
  }

  /// The part is synced: the job that says so.
  func note() -> StoreJob? {
    guard isKept, let noting, let end else { return nil }
    return .note(path: path, noting, isProven: !isBeingProven, end)
  }

  /// A note is on the disk.
  mutating func noted(_ end: Journal.End) {
    guard isKept else { return }
    (self.end, noting) = (end, nil)
    if !unnoted.isEmpty { dueAt = dueAt ?? nextAt }
  }
}

/// Why a journal is not believed.
package enum JournalFault: Hashable, Sendable {
  /// It is not what was written.
  case damaged
  /// It belongs to another user, or others may write to it.
  case foreign
  /// Another version of this program wrote it.
  case otherVersion(UInt32)
  /// The part was touched since.
  case disagrees
}
