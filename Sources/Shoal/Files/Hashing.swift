import Glibc
import ShoalContent
import ShoalSwarm

/// Hashing of whole files, away from event loops and from Swift's cooperative threads.
enum Hashing {
  /// A file and the manifest that was made of it.
  struct Hashed: Sendable {
    let manifest: Manifest
    let source: SourceFile
  }

  /// Cuts a file into pieces and chunks and hashes it (the original's `create_chunks`).
  static func manifest(
    _ path: String, _ chunking: Chunking, _ progress: @escaping @Sendable (UInt64, UInt64) -> Void
  ) async throws(ShoalError) -> Hashed {
    try await onThread {
      do throws(SystemError) {
        let file = try openRegular(path)
        let source = try SourceFile(file, checksForChange: true)
        let size = UInt64(try file.size())
        if size == 0, try hasContent(file) { return .failure(sizeless(path)) }
        guard size <= Limits.fileSize else { return .failure(ShoalError(.file, "\(path): larger than 16 TiB")) }
        let cut = Cut(size: size, chunking: chunking)
        let values = try PieceScan.map(file, cut, count: cut.pieces > 1 ? cut.pieces : 0) {
          progress($0, size)
        } _: {
          Blake3.chainingValue(of: $1, firstLeaf: cut.pieceOffset($0) / UInt64(Blake3.leafBytes))
        }
        guard source.isUnchanged() else { return .failure(changed(path)) }
        guard let values, let last = try lastPiece(file, cut) else { return .failure(sizeless(path)) }
        let manifest = Manifest(cut: cut, values: values, lastPiece: UnsafeRawBufferPointer(last.bytes))
        return .success(Hashed(manifest: manifest, source: source))
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

  private static func hasContent(_ file: File) throws(SystemError) -> Bool {
    try file.readsByte(at: 0)
  }

  /// As files of /proc and /sys are, which the system writes when they are read.
  private static func sizeless(_ path: String) -> ShoalError {
    ShoalError(
      .file, "\(path): does not have the size that the system gives; copy it to a regular file, and share that")
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

  /// Runs `body` on a thread of its own.
  private static func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () -> Result<Value, ShoalError>
  ) async throws(ShoalError) -> Value {
    try await withCheckedContinuation { continuation in
      SystemThread.run("shoal-hash") { continuation.resume(returning: body()) }
    }
    .get()
  }
}
