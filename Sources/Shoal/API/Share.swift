import ShoalContent
import ShoalSwarm

/// A file that is served until `stop`, or until its peer is closed; nobody needs to hold the share.
public final class Share: Sendable {
  /// The file's BLAKE3 hash.
  public let id: Digest
  /// Its name, without the path.
  public let name: String
  /// How it is cut.
  public let cut: Cut
  /// What a receiver needs: the id, and the peer's addresses and trackers as they were when the file was shared.
  public let ticket: Ticket

  private let node: Node<PeerLoop>
  private let key: FileKey

  init(_ manifest: Manifest, name: String, ticket: Ticket, _ node: Node<PeerLoop>, _ key: FileKey) {
    id = manifest.id
    cut = manifest.cut
    (self.name, self.ticket, self.node, self.key) = (name, ticket, node, key)
  }

  /// The file's size in bytes.
  public var size: UInt64 { cut.size }

  /// Stops serving the file, and tells trackers and peers; if the file is shared twice, the other share continues.
  /// Stopping a share that is already stopped has no effect.
  public func stop() async { await node.ask { [key] loop in loop.stopServing(key) } }
}
