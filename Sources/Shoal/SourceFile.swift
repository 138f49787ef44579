import ShoalWire

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

  /// Whether the file is as it was when it was hashed.
  func isUnchanged() -> Bool {
    guard checksForChange else { return true }
    guard let status = try? file.status() else { return false }
    return status.size == expected.size && status.modified == expected.modified
  }

  /// Why what is at an offset cannot be sent.
  func fault(at offset: UInt64) -> ShoalError {
    do throws(SystemError) {
      let buffer = PieceBuffer(1)
      _ = try file.read(into: buffer.bytes, at: Int(offset))
      let remedy = checksForChange ? "since it was hashed; share it again" : "by another program; fetch it again"
      return ShoalError(.changed, "\(file.path) was changed \(remedy)")
    } catch { return ShoalError(error) }
  }
}
