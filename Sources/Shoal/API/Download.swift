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

/// A file on its way, and then a file that is served to others.
///
/// It goes on until it is finished, fails or is cancelled, whether it is held on to or not. Whoever waits for it has it
/// cancelled by being cancelled: a task that waits for `value`, or that reads `progress`. `latest` only looks.
public final class Download: Sendable {
  /// The file's id.
  public let id: Digest
  /// Where it is written.
  public let destination: Destination

  let board: ProgressBoard
  /// The part that it leaves, once there is one and as long as it is no whole file.
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

  /// How it stands, some twenty times a second; a reader that is slower misses what lies between. The last is `finished`;
  /// a failure is thrown. There may be several readers, each of which begins with how it stands then.
  public var progress: Updates { Updates(download: self) }

  /// Waits until the file is whole: how it stands then.
  public var value: DownloadProgress {
    get async throws(ShoalError) {
      var updates = progress.makeAsyncIterator()
      while let progress = try await updates.next(isolation: nil) {
        if progress.phase == .finished { return progress }
      }
      return latest
    }
  }

  /// Stops fetching; what is here stays in `NAME.part`, from which another download goes on. `value` and `progress` throw
  /// `stopped`. What is finished or has failed stays so.
  public func cancel() {
    node.post { loop in loop.cancel(self) }
  }

  /// Cancels the download and deletes what it left in `NAME.part`. A download that is finished is served no longer, and
  /// its file stays.
  public func remove() async {
    await withCheckedContinuation { continuation in
      let isRunning = node.post { loop in loop.remove(self) { continuation.resume() } }
      if !isRunning { discardPart(nil) { continuation.resume() } }
    }
  }

  /// How a download stands, again and again.
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

      /// The next that is new to this reader; nil after the last.
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
