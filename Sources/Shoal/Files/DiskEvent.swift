import ShoalContent
import ShoalStore
import ShoalSwarm

/// What the files of a loop report to it.
enum DiskEvent {
  /// Something happened to a download.
  case stored(StoreEvent)
  /// Bytes that were wanted are at hand, or cannot be had.
  case read(ReadKey, isReadable: Bool)
  /// The values of blocks that were wanted; nil if they cannot be had.
  case hashed(ReadKey, [Digest]?)
  /// This many bytes of what was there for a download have been looked at.
  case checked(FileKey, bytes: UInt64)
  /// A file can no longer be sent.
  case unreadable(FileKey, path: String, ShoalError)
}
