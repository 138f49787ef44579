import ShoalContent
import TestSupport
import Testing

@testable import Shoal

/// The messages about a download that lacks chunks that nobody has.
@Suite struct AbsentTests {
  private func progress(_ absent: [Range<Int>]) -> DownloadProgress {
    var progress = DownloadProgress(id: .zero)
    progress.phase = .downloading
    progress.absent = Swift.RangeSet(absent)
    return progress
  }

  @Test func theChunksAreNamedAsFarAsTheyFit() {
    #expect(progress([]).absentWords == nil)
    #expect(progress([17..<18]).absentWords == "chunk 17")
    #expect(progress([17..<18, 20..<24]).absentWords == "chunks 17, 20-23")
    let many = (0..<9).map { $0 * 10..<$0 * 10 + 2 }
    #expect(progress(many).absentWords == "chunks 0-1, 10-11, 20-21, 30-31, 40-41, 50-51 and 3 other runs")
  }

  /// If part of the file is already here, a missing sharer is no reason to doubt the ticket.
  @Test func theTicketIsNotDoubtedOverAPart() throws {
    let scratch = try Scratch()
    let patience = Patience(.seconds(1))
    var progress = DownloadProgress(id: .zero)
    (progress.name, progress.path) = ("film", scratch.at("film"))
    #expect(patience.complaint(progress, nil).hasSuffix("is it still shared, and the ticket right?"))
    try scratch.write("film.part", [UInt8](repeating: 1, count: 100_000))
    #expect(patience.complaint(progress, nil).hasSuffix("was found in 1 s; try again: what is here is kept"))
    var stuck = self.progress([3..<4])
    (stuck.name, stuck.peers) = ("film", 2)
    #expect(patience.complaint(stuck, nil) == "nothing of film arrived for 1 s: nobody has chunk 3; try again")
  }
}
