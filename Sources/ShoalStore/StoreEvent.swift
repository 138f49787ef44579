import ShoalBase

/// What a store tells its owner.
package enum StoreEvent: Sendable {
  /// A place is prepared, and these pieces are there and right; `wasThere` if the whole file was there under its name.
  case prepared(file: Int, have: BitSet, wasThere: Bool)
  /// A gathered piece has been hashed and, if it is right, written.
  case settled(file: Int, piece: Int, isRight: Bool)
  /// The file is on the disk, under its name.
  case finished(file: Int)
  /// It cannot be had; nothing more is done for it.
  case failed(file: Int, StoreFailure)
}

/// Why a file cannot be stored.
package enum StoreFailure: Error, Hashable, Sendable {
  /// Something else has the file's name.
  case differs(path: String)
  /// A symbolic link that leads nowhere has the file's name.
  case linkToNothing(path: String)
  /// What has the file's name is a directory, or no file at all.
  case noFile(path: String, isDirectory: Bool)
  /// A symbolic link has the part's name.
  case partIsLink(path: String)
  /// What has the part's name is no file.
  case partIsNoFile(path: String)
  /// The part holds something, and no piece of the file.
  case partOfAnother(path: String)
  /// Something came to have the file's name meanwhile; the file is whole in its part.
  case nameTaken(path: String, part: String)
  /// The disk failed while a place was prepared.
  case preparing(DiskError)
  /// The disk failed when a piece was written or the file was finished.
  case writing(DiskError)
}
