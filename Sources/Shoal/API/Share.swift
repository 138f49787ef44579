import ShoalContent
import ShoalSwarm

/// A file or folder that is served until `stop` or until its peer is closed, whether or not the share is held.
public final class Share: Sendable {
  /// The file's BLAKE3 hash; for a folder, that of its listing.
  public let id: Digest
  /// Its name, without the path.
  public let name: String
  /// How it is cut; for a folder, how its content, the bytes of all its files, is cut.
  public let cut: Cut
  /// What a receiver needs: the id, and the peer's addresses and trackers as they were when the file was shared.
  public let ticket: Ticket

  /// How many files are in it, if it is a folder.
  public let files: Int?
  /// Entries of a folder that are not shared, being neither file nor folder, or a link that leads out; at most a
  /// hundred are listed.
  public let omissions: [Omission]

  private let node: Node<PeerLoop>
  let key: FileKey

  /// An entry that is not shared.
  public struct Omission: Sendable, Hashable {
    /// Where it is.
    public var path: String
    /// Why it is not shared.
    public var reason: String
  }

  /// What the share of a folder, which is the share of its listing, knows of the content.
  struct Content: Sendable {
    var key: FileKey
    var cut: Cut
    var files: Int
    var omissions: [Omission]
  }

  init(_ manifest: Manifest, ticket: Ticket, content: Content? = nil, _ node: Node<PeerLoop>, _ key: FileKey) {
    id = manifest.id
    cut = content?.cut ?? manifest.cut
    (name, files, omissions) = (ticket.plainName ?? "", content?.files, content?.omissions ?? [])
    (self.ticket, self.node, self.key) = (ticket, node, key)
  }

  /// The size in bytes of the file, or of all files together.
  public var size: UInt64 { cut.size }

  /// Stops serving the file and tells trackers and peers so. If the file is shared twice, the other share continues.
  /// Stopping a stopped share has no effect.
  public func stop() async { await node.ask { [key] loop in loop.stopServing(key) } }
}
