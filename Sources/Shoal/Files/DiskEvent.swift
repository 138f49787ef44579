import ShoalContent
import ShoalStore
import ShoalSwarm

/// What a loop's files report to the loop.
enum DiskEvent {
  /// Something happened to a download.
  case stored(StoreEvent)
  /// Bytes that were asked for are in memory, or cannot be read.
  case read(ReadKey, isReadable: Bool)
  /// The values of blocks that were asked for; nil if they cannot be computed.
  case hashed(ReadKey, [Digest]?)
  /// This many bytes of what was already there for a download have been checked.
  case checked(FileKey, bytes: UInt64)
  /// Part of a folder has changed and can no longer be sent.
  case changed(FileKey, PackedFolder.Loss)
  /// A file can no longer be sent.
  case unreadable(FileKey, path: String, ShoalError)
}
