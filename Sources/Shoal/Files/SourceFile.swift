import ShoalContent
import ShoalSwarm

/// A file from which content is sent.
final class SourceFile: Sendable {
  let file: File
  private let expected: FileStatus
  private let checksForChange: Bool

  /// `checksForChange`: the file is somebody else's, and may be changed while it is served.
  init(_ file: File, checksForChange: Bool) throws(SystemError) {
    self.file = file
    self.checksForChange = checksForChange
    expected = try file.status()
  }

  /// Whether nobody has touched the file since it was hashed.
  func isUnchanged() -> Bool {
    guard checksForChange else { return true }
    guard let status = try? file.status() else { return false }
    return status.size == expected.size && status.modified == expected.modified && status.changed == expected.changed
  }

  /// Whether the file was touched and may have the same content still.
  func isDoubtful() -> Bool {
    checksForChange && !isUnchanged() && (try? file.status())?.size == expected.size
  }

  /// The file as it is now, once all of it was hashed again and is the same; nil if it is not. Takes long.
  func examined(_ manifest: Manifest) -> SourceFile? {
    while let now = try? SourceFile(file, checksForChange: true), now.expected.size == expected.size {
      let cut = manifest.cut
      let isRight = try? PieceScan.map(file, cut, count: cut.pieces) { _ in
      } _: {
        manifest.verify($0, $1)
      }
      guard let isRight, isRight.allSatisfy(\.self) else { return nil }
      if now.isUnchanged() { return now }
    }
    return nil
  }

  /// Why what is at an offset cannot be sent.
  func fault(at offset: UInt64) -> ShoalError {
    do throws(SystemError) {
      _ = try file.readsByte(at: Int(offset))
      let remedy = checksForChange ? "since it was hashed; share it again" : "by another program; fetch it again"
      return ShoalError(.changed, "\(file.path) was changed \(remedy)")
    } catch { return ShoalError(error) }
  }
}
