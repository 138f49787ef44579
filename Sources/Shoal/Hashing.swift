import Glibc
import ShoalSwarm
import ShoalWire

/// Hashing of whole files, away from event loops and from Swift's cooperative threads.
enum Hashing {
  /// A file and the manifest that was made of it.
  struct Hashed: Sendable {
    let manifest: Manifest
    let source: SourceBox
  }

  /// Cuts a file into pieces and chunks and hashes it (the original's `create_chunks`).
  static func manifest(
    _ path: String, _ chunking: Chunking, _ progress: @escaping @Sendable (UInt64, UInt64) -> Void
  ) async throws -> Hashed {
    try await onThread { () throws(ShoalError) in
      do throws(SystemError) {
        let file = try openRegular(path)
        let source = try SourceFile(file, checksForChange: true)
        let size = UInt64(try file.size())
        guard size <= Limits.fileSize else { return .failure(ShoalError(.file, "\(path): larger than 16 TiB")) }
        let cut = Cut(size: size, chunking: chunking)
        let values = try PieceScan.map(file, cut, count: cut.pieces > 1 ? cut.pieces : 0) {
          progress($0, size)
        } _: {
          Blake3.chainingValue(of: $1, firstLeaf: cut.pieceOffset($0) / UInt64(Blake3.leafBytes))
        }
        guard let values, let last = try lastPiece(file, cut), source.isUnchanged() else {
          return .failure(changed(path))
        }
        let manifest = Manifest(cut: cut, values: values, lastPiece: UnsafeRawBufferPointer(last.bytes))
        return .success(Hashed(manifest: manifest, source: SourceBox(source)))
      } catch { return .failure(ShoalError(error)) }
    }
  }

  /// The last piece, or none of an empty file; nil if it is not there any more.
  private static func lastPiece(_ file: File, _ cut: Cut) throws(SystemError) -> PieceBuffer? {
    let piece = cut.pieces - 1
    guard piece >= 0 else { return PieceBuffer(0) }
    let buffer = PieceBuffer(cut.pieceLength(piece))
    return try file.read(into: buffer.bytes, at: Int(cut.pieceOffset(piece))) == buffer.bytes.count ? buffer : nil
  }

  private static func changed(_ path: String) -> ShoalError {
    ShoalError(.changed, "\(path) was changed while it was read; try again when it is at rest")
  }

  private static func openRegular(_ path: String) throws(SystemError) -> File {
    let file = try File.open(path)
    let kind = try file.status().kind
    guard kind == .regular else { throw SystemError(kind == .directory ? EISDIR : ESPIPE, .open, path) }
    return file
  }

  /// The BLAKE3 hash of a file, as `b3sum` prints it.
  static func id(of file: File) throws(SystemError) -> Digest {
    var hasher = Blake3.Hasher()
    let buffer = PieceBuffer(1 << 20)
    var offset = 0
    while true {
      let count = try file.read(into: buffer.bytes, at: offset)
      guard count > 0 else { return hasher.finalize() }
      hasher.update(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]))
      offset += count
    }
  }

  /// Runs `body` on a thread of its own.
  private static func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws(ShoalError) -> Result<Value, ShoalError>
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      SystemThread.start("shoal-hash") {
        do throws(ShoalError) {
          continuation.resume(with: try body().mapError { $0 })
        } catch { continuation.resume(throwing: error) }
      }
    }
  }
}
