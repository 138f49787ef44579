import Glibc
import ShoalBase
import ShoalCapture
import ShoalContent
import ShoalSwarm
import ShoalTerminal
import ShoalWire

/// A file that a capture carries: what of its content and its manifest was seen.
struct FollowedFile {
  /// The largest manifest that is reassembled: a larger one belongs to a file with more than half a million pieces.
  private static let mostManifest = 1 << 24
  /// The most ranges that are told apart: bounds what a hostile capture makes us remember.
  static let mostRanges = 1 << 18

  let id: Digest
  private(set) var name = ""
  /// The bytes of content that were seen, in the file to which they were written.
  private(set) var seen = RangeSet<UInt64>(limit: mostRanges)
  /// The content, sparse; -1 before the first block.
  private(set) var descriptor: Int32 = -1
  /// The manifests, each with what was seen of it: peers may cut a file in different ways.
  private var manifests: [Cut: (bytes: [UInt8], seen: RangeSet<UInt64>)] = [:]
  private(set) var failure: String?

  init(id: Digest) { self.id = id }

  /// The cuts that were offered.
  var cuts: [Cut] { manifests.keys.sorted { $0.pieceExponent < $1.pieceExponent } }

  mutating func note(_ cut: Cut, name: String) {
    if self.name.isEmpty { self.name = name }
    guard manifests[cut] == nil, manifests.count < 16 else { return }
    manifests[cut] = ([], RangeSet<UInt64>(limit: Self.mostRanges))
  }

  /// Adds a block of the file or of its manifest.
  mutating func add(_ block: Block, _ datagram: Bytes, _ cut: Cut, spool: () -> Int32) {
    let content = datagram.slice(block.content.offset..<block.content.end)
    let isContent = block.space == ContentSpace.content.rawValue
    let size = isContent ? cut.size : UInt64(cut.manifestLength)
    guard block.offset < size, UInt64(content.count) <= size - block.offset, !content.isEmpty else { return }
    let range = block.offset..<block.offset + UInt64(content.count)
    if isContent {
      if descriptor < 0 { descriptor = spool() }
      guard descriptor >= 0, failure == nil else { return }
      guard Descriptor.write(content.span, to: descriptor, at: Int(block.offset)) == content.count else {
        failure = systemError()
        return
      }
      seen.insert(range)
    } else if block.space == ContentSpace.manifest.rawValue, Int(size) <= Self.mostManifest {
      guard var manifest = manifests[cut] else { return }
      manifests[cut] = nil
      if manifest.bytes.isEmpty { manifest.bytes = [UInt8](repeating: 0, count: Int(size)) }
      manifest.bytes.replaceSubrange(Int(range.lowerBound)..<Int(range.upperBound), with: content)
      manifest.seen.insert(range)
      manifests[cut] = manifest
    }
  }

  /// The outcome for a file.
  struct Result {
    var cut: Cut
    /// Whether its pieces can be checked at all.
    var hasManifest: Bool
    var wholeChunks: [ChunkRun] = []
    var wholeCount = 0
    /// Pieces whose bytes are all there, but wrong.
    var badPieces = 0
    var wholeBytes: UInt64 = 0
    /// Why what is not whole could not be cleared from the file.
    var problem: String?
    var isComplete: Bool { hasManifest && wholeCount == Int(cut.chunks) }
  }

  /// Checks every piece, and clears what is not whole from the file; nil if no cut was offered.
  func check() -> Result? {
    let proven = cuts.compactMap { cut in manifest(cut).map { (cut, $0) } }
    guard let (cut, manifest) = proven.first else { return cuts.first.map { Result(cut: $0, hasManifest: false) } }
    var result = Result(cut: cut, hasManifest: true)
    var piece = [UInt8](repeating: 0, count: cut.pieceSize)
    for chunk in 0..<Int(cut.chunks) {
      let pieces = cut.pieces(ofChunks: chunk, chunk + 1)
      let whole = pieces.count { index in
        let state = check(index, manifest, &piece)
        if state == .wrong { result.badPieces += 1 }
        if state == .whole {
          result.wholeBytes += UInt64(cut.pieceLength(index))
        } else if !clear(index, cut), result.problem == nil {
          result.problem = systemError()
        }
        return state == .whole
      }
      guard whole == pieces.count else { continue }
      result.wholeCount += 1
      if let last = result.wholeChunks.last, Int(last.end) == chunk {
        result.wholeChunks[result.wholeChunks.count - 1].count += 1
      } else {
        result.wholeChunks.append(ChunkRun(first: UInt32(chunk), count: 1))
      }
    }
    return result
  }

  private enum PieceState { case whole, missing, wrong }

  private func check(_ index: Int, _ manifest: Manifest, _ piece: inout [UInt8]) -> PieceState {
    let length = manifest.cut.pieceLength(index)
    let offset = manifest.cut.pieceOffset(index)
    guard descriptor >= 0, seen.contains(offset..<offset + UInt64(length)) else { return .missing }
    var span = piece.mutableSpan
    var room = span._mutatingExtracting(..<length)
    guard Descriptor.read(from: descriptor, into: &room, at: Int(offset)) == length else { return .missing }
    return manifest.verify(index, room.span) ? .whole : .wrong
  }

  /// Clears a piece; returns whether nothing of it is left in the file.
  private func clear(_ index: Int, _ cut: Cut) -> Bool {
    guard descriptor >= 0 else { return true }
    let zeros = [UInt8](repeating: 0, count: cut.pieceLength(index))
    let offset = cut.pieceOffset(index)
    // A piece of which nothing was seen is a hole already.
    guard seen.intersects(offset..<offset + UInt64(zeros.count)) else { return true }
    return Descriptor.write(zeros.span, to: descriptor, at: Int(offset)) == zeros.count
  }

  private func manifest(_ cut: Cut) -> Manifest? {
    if cut.size == 0, id != Blake3.hash(Span()) { return nil }
    guard cut.pieces > 1 else { return Manifest(id: id, cut: cut, verifying: []) }
    guard let found = manifests[cut], found.seen.contains(0..<UInt64(cut.manifestLength)) else { return nil }
    return Manifest(id: id, cut: cut, verifying: found.bytes)
  }
}
