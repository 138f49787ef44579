import ShoalBase
import ShoalContent

/// What a store tells its owner.
package enum StoreEvent: Sendable {
  /// A place is prepared, and these pieces are there and right; `wasThere` if the whole file was there under its name.
  case prepared(file: Int, have: BitSet, wasThere: Bool)
  /// What an earlier run left tells this of the file; nil if nothing.
  case recalled(file: Int, Manifest?)
  /// A journal is not believed; the part is verified.
  case journalSetAside(file: Int, path: String, JournalFault)
  /// These pieces were believed to be there, and are not.
  case lost(file: Int, BitSet)
  /// These pieces are here, as they are all zeros, though nobody has sent them.
  case found(file: Int, BitSet)
  /// These pieces, and no others, are not to be asked for now: it will soon be known whether they are zeros.
  case reserved(file: Int, BitSet)
  /// A gathered piece has been hashed and, if it is right, written.
  case settled(file: Int, piece: Int, isRight: Bool)
  /// The file is on the disk, under its name.
  case finished(file: Int)
  /// It cannot be had; nothing more is done for it.
  case failed(file: Int, StoreFailure)
  /// A file that is shared has this manifest: it can be served.
  case hashed(share: Int, Manifest)
  /// A shared file that was touched is as it was: it can be served again.
  case unchanged(share: Int)
  /// It can be shared no more, or not at all.
  case unshared(share: Int, StoreFailure)
  /// Bytes are at hand, or cannot be had.
  case read(StoreJobID, DiskError?)
}

/// Why a file cannot be stored or shared.
package enum StoreFailure: Error, Hashable, Sendable {
  /// Something else has the file's name.
  case differs(path: String)
  /// A symbolic link that leads nowhere has the file's name.
  case linkToNothing(path: String)
  /// What has the file's name, or is to be shared, is a directory or another thing that is no file.
  case noFile(path: String, isDirectory: Bool)
  /// A symbolic link has the part's name.
  case partIsLink(path: String)
  /// What has the part's name is no file.
  case partIsNoFile(path: String)
  /// The part holds something, and no piece of the file.
  case partOfAnother(path: String)
  /// Something came to have the file's name meanwhile; the file is whole in its part.
  case nameTaken(path: String, part: String)
  /// The part was touched by somebody else, and what was believed of it is wrong.
  case partTouched(path: String)
  /// The disk failed while a place was prepared.
  case preparing(DiskError)
  /// The disk failed when a piece was written or the file was finished.
  case writing(DiskError)
  /// The file to be shared does not have the size that it shows: the system makes it up as it is read.
  case sizeless(path: String)
  /// It is larger than a file can be here.
  case tooLarge(path: String)
  /// It was changed while it was hashed, or since.
  case changed(path: String)
  /// The disk failed when it was read.
  case reading(DiskError)
}
