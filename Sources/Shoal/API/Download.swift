import ShoalContent
import ShoalWire

/// Where a download is written.
public enum Destination: Sendable {
  /// To this file.
  case file(String)
  /// Into this directory, under the name that the ticket or a peer gives.
  case directory(String)
  /// Nowhere: the file is fetched and verified, and none of it is kept or served.
  case nowhere
}

/// How a download stands.
public struct DownloadProgress: Sendable {
  /// What is being done.
  public enum Phase: String, Sendable {
    /// Looking for peers that have the file.
    case finding
    /// Fetching the list of hashes.
    case manifest
    /// Verifying what is there already.
    case checking
    /// Fetching pieces.
    case downloading
    /// Done: verified, synced and under its final name.
    case finished
  }
  /// What is being done.
  public var phase = Phase.finding
  /// The file's id.
  public var id: Digest
  /// The file's name; empty while not known.
  public var name = ""
  /// Where it is or will be; empty while not known, and if that is nowhere.
  public var path = ""
  /// Bytes verified, in whatever run they came.
  public var bytes: UInt64 = 0
  /// The file's size in bytes; 0 while not known.
  public var total: UInt64 = 0
  /// In the phase `checking`: bytes looked at.
  public var checked: UInt64 = 0
  /// Bytes that were here when the run began.
  public var resumed: UInt64 = 0
  /// Bytes accepted from peers in this run, verified or not yet.
  public var accepted: UInt64 = 0
  /// Chunks complete.
  public var chunks = 0
  /// How many chunks there are; 0 while not known.
  public var totalChunks = 0
  /// Peers that serve the file.
  public var peers = 0
  /// The share of datagrams that the way here loses, as repeats that were needed tell, from 0 to 1; nil where a connection
  /// is go-back-N, which repeats much that was not lost.
  public var loss: Double? = 0
  /// Verified bytes by peer.
  public var from: [Address: UInt64] = [:]
  /// Seconds since the download began.
  public var seconds = 0.0
  /// The file was there already, with the right content.
  public var wasThere = false
}

/// A file on its way. Its progress is a sequence; it ends when the file is whole, or throws a `ShoalError`.
public final class Download: Sendable {
  /// How the download stands, some twenty times a second; the last is `finished`.
  public let progress: AsyncThrowingStream<DownloadProgress, any Error>
  let output: AsyncThrowingStream<DownloadProgress, any Error>.Continuation

  private let node: Node<PeerLoop>

  init(_ node: Node<PeerLoop>) {
    self.node = node
    (progress, output) = AsyncThrowingStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Stops fetching; what is here stays in `NAME.part`, from which another download goes on. `progress` throws.
  public func cancel() {
    node.post { loop in
      let task = loop.downloads.values.first { $0.download === self }
      task?.fail(ShoalError(.stopped, "the download was stopped"), loop)
    }
  }

  /// Waits until the file is whole.
  @discardableResult
  public func finish() async throws -> DownloadProgress {
    var last: DownloadProgress?
    for try await progress in progress { last = progress }
    guard let last, last.phase == .finished else { throw ShoalError(.stopped, "the download was stopped") }
    return last
  }
}
