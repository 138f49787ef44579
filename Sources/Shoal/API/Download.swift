import ShoalContent
import Synchronization

/// Where a download is written.
public enum Destination: Hashable, Sendable {
  /// To this file.
  case file(String)
  /// Into this directory, under the name that the ticket or a peer gives.
  case directory(String)
  /// Nowhere: the file is fetched and verified, but not kept or served.
  case nowhere
}

/// A file that is being fetched, and is then served to others.
///
/// A download continues until it finishes, fails or is cancelled, whether or not a reference to it is held. Cancelling
/// a task that is awaiting `value` or reading `progress` cancels the download; reading `latest` has no such effect.
public final class Download: Sendable {
  /// The file's id.
  public let id: Digest
  /// Where it is written.
  public let destination: Destination

  let board: ProgressBoard
  /// The path of the part that it would leave behind; nil before there is one, and once it has become the whole file.
  let part = Mutex<String?>(nil)
  private let node: Node<PeerLoop>

  init(_ node: Node<PeerLoop>, _ ticket: Ticket, _ destination: Destination) {
    self.node = node
    self.destination = destination
    id = ticket.id
    board = ProgressBoard(DownloadProgress(id: ticket.id))
  }

  /// The current progress.
  public var latest: DownloadProgress { board.latest }

  /// The progress, about twenty times a second; a slower reader skips intermediate values. The last has the phase
  /// `finished`; a failure is thrown. There may be several readers; each begins with the current progress.
  public var progress: Updates { Updates(download: self) }

  /// Waits until the file is complete, and returns the final progress.
  public var value: DownloadProgress {
    get async throws(ShoalError) {
      var updates = progress.makeAsyncIterator()
      while let progress = try await updates.next(isolation: nil) {
        if progress.phase == .finished { return progress }
      }
      return latest
    }
  }

  /// Stops fetching. What has been fetched stays in `NAME.part`, from which another download can continue. `value` and
  /// `progress` then throw `stopped`. A download that has finished or failed is not affected.
  public func cancel() {
    node.post { loop in loop.cancel(self) }
  }

  /// Cancels the download and deletes its `NAME.part`. A finished download is no longer served, but its file stays.
  public func remove() async {
    await withCheckedContinuation { continuation in
      let isRunning = node.post { loop in loop.remove(self) { continuation.resume() } }
      if !isRunning { discardPart(nil) { continuation.resume() } }
    }
  }

  /// The successive states of a download.
  public struct Updates: AsyncSequence, Sendable {
    let download: Download

    /// Begins reading.
    public func makeAsyncIterator() -> Iterator { Iterator(download: download) }

    /// One reader.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
      let download: Download
      private var version = 0
      private var isOver = false

      init(download: Download) { self.download = download }

      /// The next state that this reader has not seen; nil after the last.
      public mutating func next(
        isolation: isolated (any Actor)? = #isolation
      ) async throws(ShoalError) -> DownloadProgress? {
        guard !isOver else { return nil }
        let (download, version) = (download, version)
        let result = await withTaskCancellationHandler {
          await download.board.next(after: version)
        } onCancel: {
          download.cancel()
        }
        switch result {
        case .success(let update):
          self.version = update.version
          isOver = update.progress.phase == .finished
          return update.progress
        case .failure(let error):
          isOver = true
          throw error
        }
      }
    }
  }
}
