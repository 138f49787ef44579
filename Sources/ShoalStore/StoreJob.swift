import ShoalBase
import ShoalContent

/// Names a file of a store: a download or a share, by the number that its owner gave it.
package enum StoreKey: Hashable, Sendable {
  case download(Int)
  case share(Int)
}

/// Names one job of a store; completions carry it back.
package struct StoreJobID: Hashable, Sendable {
  /// What the job is for.
  package let key: StoreKey
  /// Counts all jobs of the store, so that what a job that was given up comes to is not mistaken for another's.
  package let number: UInt64
}

/// What a host is to do to a disk. The open file of a download or share is the host's, one for each key: a job that opens
/// makes it, the others use it.
package enum StoreJob: Sendable {
  /// Tell what lies at a path, symbolic links followed: `.status`.
  case examine(path: String)
  /// Open what lies at a path for reading: `.done`.
  case openTarget(path: String)
  /// Open the part for reading and writing, or make it; a symbolic link is not followed: `.opened`.
  case openPart(path: String)
  /// Mark the open file as the part of the file with this id, where the file system can: `.done`, also if it cannot.
  case mark(Digest)
  /// Take such a mark away: `.done`.
  case unmark
  /// Claim the open file against other processes, until it is closed: `.done`.
  case lock
  /// Hash these pieces, as far as the open file is long enough for them: `.verified` with those that are right.
  case verify(Manifest, BitSet)
  /// The same, without those to whose place nothing was ever written, as far as the file system knows.
  case verifyWritten(Manifest, BitSet)
  /// Read the journal of a part: `.journal`, with the stamp of the open file, or of what lies at the part's path.
  case readJournal(path: String, of: String)
  /// Hash what lies at a path, if it is a file of the cut's size: `.hashed`.
  case hashTarget(path: String, Cut)
  /// Make a new journal in place of the one that is there: `.noted`.
  case beginJournal(path: String, Manifest)
  /// Add to a journal, at its end, that these pieces of the open file are on the disk, and have that on the disk:
  /// `.noted`. `isProven`: what was noted before is known to be true.
  case note(path: String, BitSet, isProven: Bool, Journal.End)
  /// Remove a journal: `.done`, also if there is none.
  case removeJournal(path: String)
  /// Tell whether any byte of the open file is not zero: `.content`.
  case probe
  /// Make the open file exactly so long: `.done`.
  case resize(UInt64)
  /// Make the open file at least so long and claim the room for it, as far as the file system can: `.done`.
  case allocate(UInt64)
  /// Hash a gathered piece and write it to the open file, if it is right and there is such a file: `.piece`.
  case settle(piece: Int, Manifest)
  /// Find out which of these pieces are all zeros, by their hashes, and make them so in the open file, without room on
  /// the disk where the file system can: `.verified`.
  case findZeros(Manifest, BitSet)
  /// The same, in order, until one is not: `.zeros`.
  case followZeros(Manifest, ZeroSearch.Run)
  /// Return when the disk has what was written to the open file: `.done`.
  case sync
  /// Give a file another name in one step; unless `replacing`, only where nothing has that name: `.done`.
  case rename(from: String, to: String, replacing: Bool)
  /// Return when the disk has the names in the directory that a path is in: `.done`.
  case syncDirectory(of: String)
  /// Close the open file and remove what has this path: `.done`.
  case discard(path: String)
  /// Open what is to be shared for reading: `.status`, of the open file.
  case openSource(path: String)
  /// Hash the open file: `.hashed` or `.ended`.
  case hash(Cut)
  /// Hash the open file again until it is at rest meanwhile: `.unchanged`.
  case reexamine(Manifest)
  /// Have bytes of the open file at hand, so that to read them again takes no disk: `.done`.
  case read(offset: UInt64, length: Int)
}

/// What came of a job.
package enum StoreFinding: Sendable {
  /// It is done.
  case done
  /// What lies at the path; nil if nothing does.
  case status(DiskStatus?)
  /// Whether the part was there before, whether it is a regular file, its size in bytes, and the id that it is marked with.
  case opened(wasThere: Bool, isRegular: Bool, size: UInt64, mark: Digest?)
  /// The pieces that are right.
  case verified(BitSet)
  /// What is there of a journal, and how its part is; nil if there is no part.
  case journal(Journal.Reading, FileStamp?)
  /// The journal ends here now.
  case noted(Journal.End)
  /// Whether there is any content.
  case content(Bool)
  /// Whether the piece is right; it is written if it is. Whether it is all zeros, if it was written.
  case piece(isRight: Bool, isZeros: Bool = false)
  /// So many pieces are all zeros, and then one is not.
  case zeros(Int)
  /// The file's manifest; nil if it was changed meanwhile, or there is no such file.
  case hashed(Manifest?)
  /// There is less to read than the file is long, though nobody has touched it.
  case ended
  /// Whether the file fits its manifest still.
  case unchanged(Bool)
}

/// What lies at a path.
package enum DiskStatus: Hashable, Sendable {
  /// A regular file of so many bytes.
  case file(size: UInt64)
  /// A directory.
  case directory
  /// A pipe, a device, a socket.
  case other
  /// A symbolic link that leads nowhere.
  case danglingLink
}

/// Why a disk did not do what it was asked.
package struct DiskError: Error, Hashable, Sendable {
  /// What kind of failure it is, as far as that makes a difference here.
  package enum Kind: Hashable, Sendable {
    /// Something has that name.
    case exists
    /// There is a symbolic link where none is followed.
    case link
    /// Another process has claimed the file.
    case locked
    /// There is no room.
    case full
    /// Anything else.
    case other
  }

  /// What kind of failure it is.
  package var kind: Kind
  /// The system's own number for it.
  package var code: Int32
  /// What was being done, in the host's own words.
  package var action: String
  /// The path that it was done to.
  package var subject: String

  /// A failure with these properties.
  package init(_ kind: Kind, code: Int32, action: String, subject: String) {
    self.kind = kind
    self.code = code
    self.action = action
    self.subject = subject
  }
}
