import ShoalContent
import ShoalWire

/// The state of a download.
public struct DownloadProgress: Sendable {
  /// What is being done.
  public enum Phase: String, Sendable {
    /// Looking for peers that have the file.
    case finding
    /// Fetching the list of hashes.
    case manifest
    /// Verifying what an earlier download or another program left at the destination.
    case checking
    /// Fetching pieces.
    case downloading
    /// Done: verified, and, if it is kept, synced and under its final name.
    case finished
  }
  /// What is being done.
  public var phase = Phase.finding
  /// The file's id.
  public var id: Digest
  /// The file's name, once it is known; not to be trusted.
  public var name: String?
  /// The path where the file is or will be; nil while it is unknown, or if the file is not kept.
  public var path: String?
  /// Bytes verified, including those of earlier runs.
  public var bytes: UInt64 = 0
  /// The size in bytes of the file, or of everything wanted of a folder; nil while it is unknown.
  public var total: UInt64?
  /// Bytes read so far in the phase `checking`.
  public var checked: UInt64 = 0
  /// Bytes that were already here when the run began.
  public var resumed: UInt64 = 0
  /// Bytes accepted from peers in this run, whether or not they are verified yet.
  public var accepted: UInt64 = 0
  /// The number of wanted files in a folder; nil for a single file, and while it is unknown.
  public var files: Int?
  /// Chunks that are complete.
  public var chunks = 0
  /// The number of chunks in all; nil while it is unknown.
  public var totalChunks: Int?
  /// Missing chunks that no connected peer has; determined when nothing has arrived for some seconds.
  public var absent = Swift.RangeSet<Int>()
  /// Peers that serve the file.
  public var peers = 0
  /// The fraction of datagrams lost on the way here, from 0 to 1, estimated from the retransmissions received; nil if a
  /// connection is go-back-N, which retransmits much that was not lost.
  public var loss: Double? = 0
  /// Verified bytes by peer.
  public var from: [Address: UInt64] = [:]
  /// Bytes accepted per second, averaged over about three seconds; 0 while nothing arrives.
  public var rate = 0.0
  /// The remaining time at the rate of the last fifteen seconds; nil while there is no such rate.
  public var eta: Duration?
  /// The time since the download began.
  public var elapsed = Duration.zero
  /// Whether the file was already there, with the right content.
  public var wasThere = false

  /// A download that has just begun.
  package init(id: Digest) { self.id = id }

  /// The verified fraction, from 0 to 1; nil while the size is unknown. It is 1 only when the download is finished.
  public var fraction: Double? {
    if phase == .finished { return 1 }
    return total.map { $0 > 0 ? min(Double(bytes) / Double($0), 0.999) : 0 }
  }

  /// Whether an earlier run left a part of the file.
  package var hasPart: Bool {
    path.flatMap { try? FileSystem.status(partPath(of: $0)) }.map { $0.allocated > 0 } ?? false
  }

  /// `chunks 17, 20-23`: the `absent` chunks, as far as they fit in a line; nil if there are none.
  package var absentWords: String? {
    guard !absent.isEmpty else { return nil }
    let ranges = absent.ranges.prefix(DownloadProgress.shownRanges).map { range in
      range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound - 1)"
    }
    let more = absent.ranges.count - ranges.count
    let isOne = absent.ranges.count == 1 && absent.ranges[0].count == 1
    return (isOne ? "chunk " : "chunks ") + ranges.joined(separator: ", ") + (more > 0 ? " and \(more) other runs" : "")
  }

  private static let shownRanges = 6
}
