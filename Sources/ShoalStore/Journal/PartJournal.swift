import ShoalBase
import ShoalContent

/// The journal of one part: what it is believed to say, and how it is kept.
///
/// Every few seconds while pieces are written, the part is synced, and then a note in the journal lists them. If the
/// part still looks as it did at the last note, the journal is right. If it was written to soon after that, as when the
/// process was killed or the power failed, the journal is believed too, but the pieces are verified while the download
/// continues, and the file does not get its name before that is done.
struct PartJournal {
  /// Where it is.
  let path: String
  private let manifest: Manifest
  /// Its end; nil if no journal is kept, or none has been begun.
  private(set) var end: Journal.End?
  private var isKept: Bool
  /// The pieces that the journal is believed to list rightly.
  private(set) var believed: BitSet
  /// The believed pieces that are still to be verified; nil if there is no need.
  private(set) var unproven: BitSet?
  /// Verified pieces that the journal does not list yet.
  private var unnoted: BitSet
  /// The pieces in the note being written.
  private var noting: BitSet?
  /// When the next note is due, if there is anything to note, and the earliest time of the one after it.
  private var dueAt: Instant?
  private var nextAt = Instant.zero

  /// How much written work a power failure may cost, and how often the disk is made to sync.
  static let interval = 5 * Nanoseconds.second

  init(of part: String, _ manifest: Manifest) {
    self.manifest = manifest
    path = part.isEmpty ? "" : journalPath(of: part)
    // A file of one piece has no manifest worth keeping, and is either complete or not there at all.
    isKept = !part.isEmpty && manifest.cut.pieces > 1
    believed = BitSet(capacity: manifest.cut.pieces)
    unnoted = believed
  }

  // MARK: The existing journal

  /// Takes the journal beside a part that is now in the state `stamp`; returns why it is not relied on, if that is
  /// worth reporting.
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

  /// Believes these pieces of a journal, and has those verified that were touched since.
  mutating func believe(_ journal: Journal, _ pieces: BitSet, touched: BitSet) {
    guard isKept, journal.manifest.id == manifest.id, journal.manifest.cut == manifest.cut else { return }
    (end, believed) = (journal.end, pieces)
    let doubtful = journal.isProven ? pieces.subtracting(touched.complement) : pieces
    if !doubtful.isEmpty { unproven = doubtful }
  }

  /// Notes further pieces that were verified in the part.
  mutating func found(_ right: BitSet) {
    unnoted.formUnion(right)
    if isKept, !right.isEmpty { dueAt = dueAt ?? nextAt }
  }

  /// The job that creates a new journal, unless the existing one is continued.
  func beginning() -> StoreJob? { isKept && end == nil ? .beginJournal(path: path, manifest) : nil }

  mutating func begun(_ end: Journal.End) { self.end = end }

  /// Stops keeping a journal, because it cannot be written.
  mutating func giveUp() { (isKept, end, noting, dueAt) = (false, nil, nil, nil) }

  // MARK: Believed pieces

  /// Whether believed pieces are still to be verified.
  var isBeingProven: Bool { unproven != nil }

  /// The believed pieces have been verified, and these are right; returns the others. A journal that was wrong must be
  /// removed.
  mutating func proven(_ right: BitSet) -> BitSet {
    let wrong = unproven?.subtracting(right) ?? BitSet(capacity: believed.capacity)
    unproven = nil
    if !wrong.isEmpty { giveUp() }
    return wrong
  }

  // MARK: Notes

  /// A piece is about to be written: returns the job that notes a change of the part, if none is due or under way.
  mutating func willWrite(at now: Instant) -> StoreJob? {
    guard isKept, let end, dueAt == nil, noting == nil else { return nil }
    (dueAt, nextAt) = (now + PartJournal.interval, now + PartJournal.interval)
    // From now on, the part's times will differ from those in the journal; this note says since when.
    let nothing = BitSet(capacity: believed.capacity)
    noting = nothing
    return .note(path: path, nothing, isProven: !isBeingProven, end)
  }

  /// When `isDue` should be called again.
  var deadline: Instant { isKept && end != nil && noting == nil ? dueAt ?? .distantFuture : .distantFuture }

  /// A piece is written.
  mutating func wrote(_ piece: Int) {
    guard isKept else { return }
    unnoted.insert(piece)
    dueAt = dueAt ?? nextAt
  }

  /// Whether a note is due; if so, the part must be synced and then `note` called.
  mutating func isDue(at now: Instant) -> Bool {
    guard isKept, end != nil, noting == nil, let dueAt, dueAt <= now else { return false }
    (noting, unnoted) = (unnoted, BitSet(capacity: believed.capacity))
    self.dueAt = nil
    nextAt = now + PartJournal.interval
    return true
  }

  /// The part is synced: returns the job that notes it.
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

/// Why a journal is not relied on.
package enum JournalFault: Hashable, Sendable {
  /// It is not what was written.
  case damaged
  /// It belongs to another user, or others may write to it.
  case foreign
  /// Another version of this program wrote it.
  case otherVersion(UInt32)
  /// The part has been touched since.
  case disagrees
}
