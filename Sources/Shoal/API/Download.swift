import ShoalContent
import Synchronization

/// Where a download is written.
public enum Destination: Hashable, Sendable {
  /// To this file.
  case file(String)
  /// Into this directory, under the name that the ticket or a peer gives.
  case directory(String)
  /// Nowhere: the file is fetched and verified, and none of it is kept or served.
  case nowhere
}

/// A file that is being fetched, and is then served to others.
///
/// A download continues until it is finished, fails or is cancelled, whether anybody holds it or not. Cancelling a task
/// that waits for it, by awaiting `value` or by reading `progress`, cancels the download. `latest` only looks.
public final class Download: Sendable {
  /// The file's id.
  public let id: Digest
  /// Where it is written.
  public let destination: Destination

  let board: ProgressBoard
  /// The part that it leaves behind, from when there is one until it becomes the whole file.
  let part = Mutex<String?>(nil)
  private let node: Node<PeerLoop>

  init(_ node: Node<PeerLoop>, _ ticket: Ticket, _ destination: Destination) {
    self.node = node
    self.destination = destination
    id = ticket.id
    board = ProgressBoard(DownloadProgress(id: ticket.id))
  }

  /// How it stands now.
  public var latest: DownloadProgress { board.latest }

  /// How it stands, some twenty times a second; a slower reader misses what lies between. The last is `finished`; a
  /// failure is thrown. There may be several readers; each begins with how the download stands at that time.
  public var progress: Updates { Updates(download: self) }

  /// Waits until the file is whole; returns how the download stands then.
  public var value: DownloadProgress {
    get async throws(ShoalError) {
      var updates = progress.makeAsyncIterator()
      while let progress = try await updates.next(isolation: nil) {
        if progress.phase == .finished { return progress }
      }
      return latest
    }
  }

  /// Stops fetching; what is here stays in `NAME.part`, from which another download can continue. `value` and
  /// `progress` throw `stopped`. A download that has finished or failed is not affected.
  public func cancel() {
    node.post { loop in loop.cancel(self) }
  }

  /// Cancels the download and deletes what it left in `NAME.part`. A finished download is no longer served, and its
  /// file stays.
  public func remove() async {
    await withCheckedContinuation { continuation in
      let isRunning = node.post { loop in loop.remove(self) { continuation.resume() } }
      if !isRunning { discardPart(nil) { continuation.resume() } }
    }
  }

  /// How a download stands, over and over again.
  public struct Updates: AsyncSequence, Sendable {
    let download: Download

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator { Iterator(download: download) }

    /// One reader.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
      let download: Download
      private var version = 0
      private var isOver = false

      init(download: Download) { self.download = download }

      /// The next state that is new to this reader; nil after the last.
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
