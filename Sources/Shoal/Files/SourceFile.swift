import ShoalContent
import ShoalSwarm

/// A file from which content is sent.
final class SourceFile: Sendable {
  let file: File
  /// Its status when it was hashed; nil for the part of a download, which no other program should change.
  private let expected: FileStatus?

  init(_ file: File, asHashed expected: FileStatus?) {
    self.file = file
    self.expected = expected
  }

  /// Whether the file has not been touched since it was hashed.
  func isUnchanged() -> Bool {
    guard let expected else { return true }
    return (try? file.status())?.isSame(as: expected) ?? false
  }

  /// Whether the file was touched but may still have the same content.
  func isDoubtful() -> Bool {
    guard let expected else { return false }
    return !isUnchanged() && (try? file.status())?.size == expected.size
  }

  /// Why the bytes at an offset cannot be sent.
  func fault(at offset: UInt64) -> ShoalError {
    if let changed = file.parts?.changed {
      return ShoalError(.changed, "\(changed) was changed since it was hashed; share its folder again")
    }
    do throws(SystemError) {
      _ = try file.readsByte(at: Int(offset))
      let remedy = expected != nil ? "since it was hashed; share it again" : "by another program; fetch it again"
      return ShoalError(.changed, "\(file.path) was changed \(remedy)")
    } catch { return ShoalError(error) }
  }
}
