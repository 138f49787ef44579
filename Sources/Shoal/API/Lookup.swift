import ShoalBase
import ShoalContent
import ShoalWire

/// A file that a tracker knows by name, and a peer that claims to have it. It need not be the file that was meant.
public struct FoundFile: Sendable, Hashable {
  /// The file's id.
  public var id: Digest
  /// How the claimant cuts it.
  public var cut: Cut
  /// How many peers are registered for it.
  public var peers: Int
  /// The peer that has been registered longest.
  public var claimant: Address
  /// The tracker that says so.
  public var tracker: Address
}

/// Who has a file, according to a tracker.
public struct LookupResult: Sendable {
  /// One peer that has some of it.
  public struct Holder: Sendable {
    /// Where it is reached.
    public var address: Address
    /// How it cuts the file.
    public var cut: Cut
    /// How many chunks it has.
    public var have: Int
    /// Which chunks it has; nil if the tracker did not say.
    public var chunks: Swift.RangeSet<Int>?
    /// The time since the tracker last heard from it, in whole seconds.
    public var age: Duration
    /// Whether it has all chunks.
    public var isComplete: Bool { have == Int(cut.chunks) }
  }
  /// The file's id.
  public var id: Digest
  /// The name by which the tracker knows it, if it has one; not to be trusted.
  public var name: String?
  /// How many peers have some of it; `peers` may list fewer.
  public var total: Int
  /// The peers that have some of it.
  public var peers: [Holder]
}

/// A page of the files that a tracker lists by name.
package struct ListedFiles: Sendable {
  /// A file. Its name is not to be trusted.
  package struct File: Sendable {
    package var id: Digest
    package var cut: Cut
    package var peers: Int
    package var name: String
  }
  /// How many there are on all pages.
  package var total: Int
  /// Where the next page begins; nil if this is the last.
  package var next: UInt64?
  package var files: [File]

  init(_ packet: ListedPacket) {
    total = Int(packet.total)
    // A tracker that points back to an earlier page would be asked for ever.
    next = packet.next > packet.after ? packet.next : nil
    files = packet.files.map { File(id: $0.id, cut: $0.cut, peers: Int($0.peers), name: $0.name) }
  }
}

extension Swift.RangeSet<Int> {
  init(_ set: BitSet) { self.init(set.runs().lazy.map { Int($0.first)..<Int($0.end) }) }
}
