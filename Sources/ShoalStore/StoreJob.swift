import ShoalBase
import ShoalContent

/// Identifies a file of a store: a download or a share, by the number that its owner gave it.
package enum StoreKey: Hashable, Sendable {
  case download(Int)
  case share(Int)
}

/// Identifies one job of a store; its completion carries this.
package struct StoreJobID: Hashable, Sendable {
  /// What the job is for.
  package let key: StoreKey
  /// A number unique in the store, so that the result of a job that was given up is not mistaken for another's.
  package let number: UInt64
}

/// What a host is to do on a disk. The host keeps one open file for each key: a job that opens sets it, the others use
/// it.
package enum StoreJob: Sendable {
  /// Determine what is at a path, following symbolic links: `.status`.
  case examine(path: String)
  /// Open the file at a path for reading: `.done`.
  case openTarget(path: String)
  /// Open the part for reading and writing, or make it; a symbolic link is not followed: `.opened`.
  case openPart(path: String)
  /// Mark the open file as the part of the file with this id, if the file system can: `.done` in either case.
  case mark(Digest)
  /// Remove such a mark: `.done`.
  case unmark
  /// Claim the open file against other processes, until it is closed: `.done`.
  case lock
  /// Hash these pieces, as far as the open file is long enough: `.verified` with those that are right.
  case verify(Manifest, BitSet)
  /// The same, leaving out those in holes, as far as the file system knows them.
  case verifyWritten(Manifest, BitSet)
  /// Read the journal of a part: `.journal`, with the stamp of the open file or, without one, of the file at the part's
  /// path.
  case readJournal(path: String, of: String)
  /// Hash the file at a path, if it has the cut's size: `.hashed`.
  case hashTarget(path: String, Cut)
  /// Create a journal, replacing any that is there: `.noted`.
  case beginJournal(path: String, Manifest)
  /// Append to a journal that these pieces of the open file are on the disk, and sync it: `.noted`. `isProven` if what
  /// was noted before is known to be true.
  case note(path: String, BitSet, isProven: Bool, Journal.End)
  /// Remove a journal, if there is one: `.done`.
  case removeJournal(path: String)
  /// Determine whether any byte of the open file is not zero: `.content`.
  case probe
  /// Set the length of the open file, in bytes: `.done`.
  case resize(UInt64)
  /// Make the open file at least this many bytes long, and allocate the space if the file system can: `.done`.
  case allocate(UInt64)
  /// Hash a gathered piece and write it to the open file, if it is right and there is such a file: `.piece`.
  case settle(piece: Int, Manifest)
  /// Determine by their hashes which of these pieces are all zeros, and make them so in the open file, as holes where
  /// the file system can: `.verified`.
  case findZeros(Manifest, BitSet)
  /// The same in order, up to the first that is not: `.zeros`.
  case followZeros(Manifest, ZeroSearch.Run)
  /// Sync the open file to the disk: `.done`.
  case sync
  /// Rename a file atomically, and unless `replacing`, only if the new name is free: `.done`.
  case rename(from: String, to: String, replacing: Bool)
  /// Sync the directory that a path is in: `.done`.
  case syncDirectory(of: String)
  /// Close the open file and remove the file at this path: `.done`.
  case discard(path: String)
  /// Open a file to be shared for reading: `.status` of the open file.
  case openSource(path: String)
  /// Hash the open file: `.hashed` or `.ended`.
  case hash(Cut)
  /// Hash the open file again, until it is not touched during that: `.unchanged`.
  case reexamine(Manifest)
  /// Read bytes of the open file into memory, so that reading them again needs no disk: `.done`.
  case read(offset: UInt64, length: Int)
}

/// The result of a job.
package enum StoreFinding: Sendable {
  /// The job is done.
  case done
  /// What is at the path; nil if nothing is.
  case status(DiskStatus?)
  /// Whether the part was there before, whether it is a regular file, its size in bytes, and the id that it is marked
  /// with.
  case opened(wasThere: Bool, isRegular: Bool, size: UInt64, mark: Digest?)
  /// The pieces that are right.
  case verified(BitSet)
  /// The journal, and the stamp of its part; nil if there is no part.
  case journal(Journal.Reading, FileStamp?)
  /// A journal whose part is more than one file: the pieces that are believed, and those of them that were touched
  /// after it was written and must be verified.
  case believed(Journal, BitSet, touched: BitSet)
  /// The new end of the journal.
  case noted(Journal.End)
  /// Whether there is any content.
  case content(Bool)
  /// Whether the piece was right, and so written; and if it was written, whether it is all zeros.
  case piece(isRight: Bool, isZeros: Bool = false)
  /// The number of pieces that are all zeros, before one that is not.
  case zeros(Int)
  /// The file's manifest; nil if it was changed meanwhile, or there is no such file.
  case hashed(Manifest?)
  /// The file ended before its length, although nobody has touched it.
  case ended
  /// Whether the file still matches its manifest.
  case unchanged(Bool)
}

/// What is at a path.
package enum DiskStatus: Hashable, Sendable {
  /// A regular file of this many bytes.
  case file(size: UInt64)
  /// A directory.
  case directory
  /// A pipe, a device, a socket.
  case other
  /// A symbolic link that leads nowhere.
  case danglingLink
}

/// Why a disk job failed.
package struct DiskError: Error, Hashable, Sendable {
  /// The kinds of failure that are treated differently.
  package enum Kind: Hashable, Sendable {
    /// The name is taken.
    case exists
    /// There is a symbolic link where none is followed.
    case link
    /// Another process has claimed the file.
    case locked
    /// The disk is full.
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
  /// The path concerned.
  package var subject: String

  /// A failure with these properties.
  package init(_ kind: Kind, code: Int32, action: String, subject: String) {
    self.kind = kind
    self.code = code
    self.action = action
    self.subject = subject
  }
}
