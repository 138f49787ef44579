/// The content of a file, verified and in order, while it is fetched: slices of at most 4 MiB.
///
/// Nothing of it is kept or served to others. Fetching runs ahead of the reader by at most a quarter of
/// `Peer.Options.memory`, or two pieces if that is more. A stream has one reader; when that reader is cancelled, or the
/// last copy of the stream is released, the download is cancelled too.
public struct DownloadStream: AsyncSequence, Sendable {
  /// The underlying download, for its progress or to cancel it.
  public var download: Download { source.download }
  let source: Source

  /// Cancels the download when nobody can read it any more.
  final class Source: Sendable {
    let download: Download
    let pieces: PieceFlow

    init(_ download: Download, _ pieces: PieceFlow) { (self.download, self.pieces) = (download, pieces) }
    deinit { download.cancel() }
  }

  init(_ download: Download, _ pieces: PieceFlow) { source = Source(download, pieces) }

  /// Begins reading, or continues where an earlier iterator stopped.
  public func makeAsyncIterator() -> Iterator { Iterator(source: source) }

  /// The reader.
  public struct Iterator: AsyncIteratorProtocol, Sendable {
    let source: Source

    /// The next bytes; nil at the end of the file.
    public mutating func next(
      isolation: isolated (any Actor)? = #isolation
    ) async throws(ShoalError) -> ArraySlice<UInt8>? {
      let source = source
      let result = await withTaskCancellationHandler {
        await source.pieces.next()
      } onCancel: {
        source.download.cancel()
      }
      return try result.get()
    }
  }

  /// The whole content; throws `tooLarge` if it is more than `limit` bytes.
  func collect(upTo limit: Int) async throws(ShoalError) -> [UInt8] {
    var content: [UInt8] = []
    var slices = makeAsyncIterator()
    while let slice = try await slices.next(isolation: nil) {
      guard content.count + slice.count <= limit else {
        download.cancel()
        throw source.pieces.tooLarge(download.latest.name ?? download.id.short)
      }
      content += slice
    }
    return content
  }
}
