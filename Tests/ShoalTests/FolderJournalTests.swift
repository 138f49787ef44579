import Foundation
import ShoalBase
import ShoalContent
import ShoalStore
import TestSupport
import Testing

@testable import Shoal

/// What an earlier run left of a folder is believed as far as nobody has touched it.
@Suite struct FolderJournalTests {
  private let scratch: Scratch
  private let listing: Listing
  private let manifest: Manifest
  private static let bytes = (0..<600_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
  private var content: [UInt8] { Self.bytes }

  init() throws {
    scratch = try Scratch()
    var writer = ListingWriter()
    writer.add(.file, "large", depth: 0, modified: 7, size: 400_000)
    writer.add(.file, "other", depth: 0, modified: 7, size: 200_000)
    let draft = try writer.draft(.size(65_536))
    let file = try File.inMemory("content")
    let content = Self.bytes
    try file.write(content.span, at: 0)
    let outcome = StoreWork.perform(.hash(draft.cut), on: file, until: nil, nil) { _ in }
    guard case .success(.hashed(let manifest?)) = outcome.result else { throw ShoalError(.file, "not hashed") }
    self.manifest = manifest
    listing = try draft.with(
      manifest.id,
      ids: [Blake3.hash(content.span.extracting(..<400_000)), Blake3.hash(content.span.extracting(400_000...))])
  }

  private func folder() -> RestoredFolder {
    RestoredFolder(
      listing, Blake3.hash(listing.bytes.span), target: scratch.at("album"), followsTarget: true,
      wanted: .full(capacity: 2), replacing: false)
  }

  private func perform(_ job: StoreJob, _ folder: RestoredFolder, _ file: File? = nil) throws -> StoreWork.Outcome {
    let outcome = FolderWork.perform(job, folder, on: file) { _ in }
    if case .failure(let error) = outcome.result { throw ShoalError(error.systemError) }
    return outcome
  }

  /// Writes these pieces, and has the journal say so.
  private func fetch(_ pieces: BitSet) throws {
    let folder = folder()
    let file = try #require(try perform(.openPart(path: folder.part), folder).opened)
    _ = try perform(.verifyWritten(manifest, .full(capacity: manifest.cut.pieces)), folder, file)
    _ = try perform(.allocate(0), folder, file)
    guard case .success(.noted(let end)) = try perform(.beginJournal(path: "", manifest), folder).result else { return }
    for piece in 0..<manifest.cut.pieces where pieces.contains(piece) {
      let range = manifest.cut.bytes(of: piece)
      try file.write(content.span.extracting(range), at: range.lowerBound)
    }
    usleep(60_000)
    _ = try perform(.note(path: "", pieces, isProven: true, end), folder)
  }

  private func recalled() throws -> (have: BitSet, touched: BitSet) {
    let folder = folder()
    _ = try perform(.openPart(path: folder.part), folder)
    guard
      case .success(.believed(_, let have, let touched)) = try perform(.readJournal(path: "", of: ""), folder).result
    else { return (BitSet(capacity: manifest.cut.pieces), BitSet(capacity: manifest.cut.pieces)) }
    return (have, touched)
  }

  /// Verifies what was touched: the first of its pieces is wrong.
  private func prove(_ touched: BitSet) throws {
    let folder = folder()
    let file = try #require(try perform(.openPart(path: folder.part), folder).opened)
    _ = try perform(.readJournal(path: "", of: ""), folder)
    _ = try perform(.verifyWritten(manifest, BitSet(capacity: manifest.cut.pieces)), folder, file)
    let proof = try perform(.verify(manifest, touched), folder, file)
    guard case .success(.verified(let right)) = proof.result else { throw ShoalError(.file, "not verified") }
    #expect(right.runs() == [ChunkRun(first: 7, count: 3)] && folder.place(1) == .part)
  }

  @Test func whatNobodyTouchedIsBelieved() throws {
    var pieces = BitSet(capacity: manifest.cut.pieces)
    for piece in [0, 1, 2, 8, 9] { pieces.insert(piece) }
    try fetch(pieces)
    let found = try recalled()
    #expect(found.have == pieces && found.touched.isEmpty)
    // Nothing of it is read again.
    let folder = folder()
    let file = try #require(try perform(.openPart(path: folder.part), folder).opened)
    _ = try perform(.readJournal(path: "", of: ""), folder)
    let verified = try perform(.verifyWritten(manifest, pieces.complement), folder, file)
    guard case .success(.verified(let right)) = verified.result else { throw ShoalError(.file, "not verified") }
    #expect(right == pieces)
    #expect(FolderMark.listing(folder.journal) == listing.bytes)
    let known = JournalFile.read(folder.journal)
    guard case .journal(let journal) = known else { throw ShoalError(.file, "no journal") }
    #expect(journal.manifest.id == manifest.id)
  }

  /// A file that was written to after the note is verified, one that is gone or cut short is not believed; others are.
  @Test func whatWasTouchedIsVerified() throws {
    try fetch(.full(capacity: manifest.cut.pieces))
    let handle = try FileHandle(forUpdating: URL(filePath: scratch.at("album.part/other")))
    try handle.write(contentsOf: Data([1, 2, 3]))
    try handle.close()
    var found = try recalled()
    #expect(found.have.isComplete && found.touched.runs() == [ChunkRun(first: 6, count: 4)])
    try prove(found.touched)
    // It says nothing more, as it was wrong.
    found = try recalled()
    #expect(found.have.isEmpty)
    try FileManager.default.removeItem(atPath: scratch.at("album.part"))
    try FileManager.default.removeItem(atPath: scratch.at("album.part.journal"))
    try fetch(.full(capacity: manifest.cut.pieces))
    try FileManager.default.removeItem(atPath: scratch.at("album.part/other"))
    #expect(try recalled().have.runs() == [ChunkRun(first: 0, count: 6)])
  }
}
