import ShoalBase

/// The state of a file at some time, from the file system; comparing two stamps shows whether the file was touched in
/// between.
package struct FileStamp: Hashable, Sendable {
  /// The file system that it is on.
  package var device: UInt64
  /// Together with `device`, identifies the file.
  package var inode: UInt64
  /// Bytes.
  package var size: UInt64
  /// When its content last changed, in nanoseconds since 1970.
  package var modified: Int64
  /// When its content, names or permissions last changed, in the same unit; nobody can set it back.
  package var changed: Int64
  /// When the stamp was taken, in the same unit and by the same clock.
  package var time: Int64

  /// A stamp with these values.
  package init(device: UInt64, inode: UInt64, size: UInt64, modified: Int64, changed: Int64, time: Int64) {
    (self.device, self.inode, self.size) = (device, inode, size)
    (self.modified, self.changed, self.time) = (modified, changed, time)
  }

  /// Whether both are stamps of the same file, with the same size.
  private func isSameFile(as other: FileStamp) -> Bool {
    device == other.device && inode == other.inode && size == other.size
  }

  /// Whether the file was not touched between this stamp and a later one.
  package func isUntouched(in later: FileStamp) -> Bool {
    isSameFile(as: later) && modified == later.modified && changed == later.changed && isSettled
  }

  /// Whether a change after this stamp would show in the file's times. These advance in ticks, of two seconds on some
  /// file systems, and a change within the same tick might not show.
  private var isSettled: Bool {
    let tick = modified % FileStamp.second == 0 ? 2 * FileStamp.second : FileStamp.tick
    let (age, isOverflow) = time.subtractingReportingOverflow(max(modified, changed))
    return !isOverflow && age >= tick
  }

  /// Whether the difference between this stamp and a later one may be due to the download itself, which went on writing
  /// until its next note was due. Other programs may have touched the file as well.
  package func mayLead(to later: FileStamp) -> Bool {
    guard isSameFile(as: later), later.modified >= modified else { return false }
    let (age, isOverflow) = later.modified.subtractingReportingOverflow(time)
    return !isOverflow && age <= FileStamp.longestPause
  }

  private static let second: Int64 = 1_000_000_000
  /// Twenty times a second is slow enough: the times of files advance at least a hundred times a second.
  package static let tick = second / 20
  /// Stamps are taken every few seconds, each after a sync, which may take long on a slow disk.
  package static let longestPause = 60 * second
}
