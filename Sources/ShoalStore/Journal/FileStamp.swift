import ShoalBase

/// How a file was at some time, as the file system tells it: what shows whether anybody has touched it since.
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
  /// When this was found out, in the same unit and by the same clock.
  package var time: Int64

  /// A stamp with these values.
  package init(device: UInt64, inode: UInt64, size: UInt64, modified: Int64, changed: Int64, time: Int64) {
    (self.device, self.inode, self.size) = (device, inode, size)
    (self.modified, self.changed, self.time) = (modified, changed, time)
  }

  /// Whether both are of the same file, with the same size.
  private func isSameFile(as other: FileStamp) -> Bool {
    device == other.device && inode == other.inode && size == other.size
  }

  /// Whether nobody has touched the file between this stamp and a later one.
  package func isUntouched(in later: FileStamp) -> Bool {
    isSameFile(as: later) && modified == later.modified && changed == later.changed && isSettled
  }

  /// Whether a change after it would show in the file's times. They advance in ticks, on some file systems of two
  /// seconds: within the same tick, it might not.
  private var isSettled: Bool {
    let tick = modified % FileStamp.second == 0 ? 2 * FileStamp.second : FileStamp.tick
    let (age, isOverflow) = time.subtractingReportingOverflow(max(modified, changed))
    return !isOverflow && age >= tick
  }

  /// Whether all that has happened to the file between this stamp and a later one may be what its owner did in the time
  /// that passes until the owner makes the next: others may have touched it then as well.
  package func mayLead(to later: FileStamp) -> Bool {
    guard isSameFile(as: later), later.modified >= modified else { return false }
    let (age, isOverflow) = later.modified.subtractingReportingOverflow(time)
    return !isOverflow && age <= FileStamp.longestPause
  }

  private static let second: Int64 = 1_000_000_000
  /// The times of files advance at least a hundred times a second.
  package static let tick = second / 20
  /// Stamps are made every few seconds, each after a sync, which a slow disk may take long for.
  static let longestPause = 60 * second
}
