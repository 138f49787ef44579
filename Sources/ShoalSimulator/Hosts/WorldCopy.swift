import ShoalBase
import ShoalContent
import ShoalStore
import ShoalSwarm

/// What a peer has of a file.
package struct WorldCopy: Sendable {
  /// The file, cut as the peer knows it.
  package internal(set) var file: WorldFile
  /// The key by which the peer's swarm knows it.
  package let key: FileKey
  /// The pieces that are written, including those that were there when the peer began.
  package internal(set) var written: BitSet
  /// How often pieces were verified.
  package internal(set) var verified = 0
  /// How often they turned out wrong.
  package internal(set) var wrong = 0
  /// When all of it was here.
  package internal(set) var completedAt: Instant?
  /// How often a piece was dropped.
  package internal(set) var dropped = 0

  /// When it was on the disk under its name.
  package internal(set) var storedAt: Instant?
  /// Why the journal of its part was not believed.
  package internal(set) var journalFault: JournalFault?
  /// Why it could not be stored.
  package internal(set) var failure: StoreFailure?

  var gathering: [Int: [UInt8]] = [:]
  var had: Int
  let isKept: Bool

  init(_ file: WorldFile, _ key: FileKey, had: BitSet, isKept: Bool = true) {
    self.file = file
    self.key = key
    self.had = had.count
    self.isKept = isKept
    written = had
  }

  /// Where a peer keeps a file.
  package static func path(_ id: Digest) -> String { "files/\(id.short)" }
}
