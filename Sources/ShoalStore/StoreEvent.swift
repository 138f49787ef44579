import ShoalBase
import ShoalContent

/// What a store tells its owner.
package enum StoreEvent: Sendable {
  /// A place is prepared, and these verified pieces are there; `wasThere` if the whole file was there under its name.
  case prepared(file: Int, have: BitSet, wasThere: Bool)
  /// The manifest of the file, from what an earlier run left; nil if there was none.
  case recalled(file: Int, Manifest?)
  /// A journal is not relied on; the part is verified instead.
  case journalSetAside(file: Int, path: String, JournalFault)
  /// These pieces were believed to be there, and turned out wrong.
  case lost(file: Int, BitSet)
  /// These pieces are all zeros and so are here, although nobody has sent them.
  case found(file: Int, BitSet)
  /// These pieces, and no others, must not be requested now: it will soon be known whether they are zeros.
  case reserved(file: Int, BitSet)
  /// A gathered piece has been hashed and, if it is right, written.
  case settled(file: Int, piece: Int, isRight: Bool)
  /// The file is on the disk, under its name.
  case finished(file: Int)
  /// The file cannot be stored; nothing more is done for it.
  case failed(file: Int, StoreFailure)
  /// A file to be shared has this manifest and can be served.
  case hashed(share: Int, Manifest)
  /// A shared file that was touched has not changed: it can be served again.
  case unchanged(share: Int)
  /// It can no longer be shared, or cannot be shared at all.
  case unshared(share: Int, StoreFailure)
  /// Bytes are in memory, or cannot be read.
  case read(StoreJobID, DiskError?)
}

/// Why a file cannot be stored or shared.
package enum StoreFailure: Error, Hashable, Sendable {
  /// A different file has the file's name.
  case differs(path: String)
  /// A symbolic link that leads nowhere has the file's name.
  case linkToNothing(path: String)
  /// What has the file's name, or is to be shared, is not a regular file.
  case noFile(path: String, isDirectory: Bool)
  /// A symbolic link has the part's name.
  case partIsLink(path: String)
  /// What has the part's name is not a regular file.
  case partIsNoFile(path: String)
  /// The part has content, but no piece of the file.
  case partOfAnother(path: String)
  /// The file's name was taken meanwhile; the complete file is in its part.
  case nameTaken(path: String, part: String)
  /// Another program changed the part, and pieces believed to be there are wrong.
  case partTouched(path: String)
  /// The disk failed while a place was prepared.
  case preparing(DiskError)
  /// The disk failed when a piece was written or the file was finished.
  case writing(DiskError)
  /// The file to be shared does not have the size that the system reports, because its content is generated as it is
  /// read.
  case sizeless(path: String)
  /// It is larger than Shoal allows.
  case tooLarge(path: String)
  /// It was changed while it was hashed, or since.
  case changed(path: String)
  /// The disk failed when it was read.
  case reading(DiskError)
}
