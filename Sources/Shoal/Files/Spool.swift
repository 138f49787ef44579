import Glibc

/// Shared bytes and streams, kept in unnamed files that vanish when the last reference is released.
enum Spool {
  /// In memory.
  static func inMemory(_ name: String, _ content: some Sequence<UInt8>) throws(ShoalError) -> File {
    do throws(SystemError) {
      let file = try File.inMemory(name)
      try write(content, to: file, at: 0)
      return file
    } catch { throw ShoalError(error) }
  }

  /// On the disk, in the directory for large temporary files.
  static func onDisk<Stream: AsyncSequence & Sendable>(
    _ name: String, _ stream: Stream
  ) async throws(ShoalError) -> File where Stream.Element: Sequence<UInt8> {
    do {
      let directory = FileSystem.environment("TMPDIR")
      let file = try File.unnamed(name, in: directory.isEmpty ? "/var/tmp" : directory)
      var size = 0
      for try await part in stream {
        guard !Task.isCancelled else { break }
        size += try write(part, to: file, at: size)
      }
      guard !Task.isCancelled else { throw ShoalError.closed("the task was cancelled") }
      return file
    } catch let error as ShoalError {
      throw error
    } catch let error as SystemError {
      throw ShoalError(error)
    } catch { throw ShoalError(.file, "\(name): the stream failed: \(error)") }
  }

  @discardableResult
  private static func write(_ content: some Sequence<UInt8>, to file: File, at offset: Int) throws(SystemError) -> Int {
    let bytes = Array(content)
    try file.write(bytes.span, at: offset)
    return bytes.count
  }
}
