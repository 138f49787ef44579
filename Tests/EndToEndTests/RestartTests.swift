import Foundation
import ShoalContent
import TestSupport
import Testing

/// Processes that are killed and started again.
@Suite(.serialized) struct RestartTests {
  private static let pieceSize = 65_536

  /// The pieces of a file that are in the file at a path.
  private func pieces(_ content: Data, at path: String) -> Set<Int> {
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    return Set(
      (0..<(content.count + Self.pieceSize - 1) / Self.pieceSize).filter { piece in
        let range = piece * Self.pieceSize..<min((piece + 1) * Self.pieceSize, content.count)
        return range.upperBound <= data.count && data[range] == content[range]
      })
  }

  private func get(_ ticket: String, _ out: String, _ tracker: String, _ link: String) throws -> RunningProgram {
    try RunningProgram("shoal", ["get", ticket, "--tracker", tracker, "--output", out, "--link", link, "--stay"])
  }

  /// The origin is gone for good, and the receivers are killed when together they have all bytes: they finish from what
  /// they have.
  @Test func killedReceiversFinishWithoutTheOrigin() throws {
    let scratch = try Scratch()
    let source = try scratch.file("in", 2_000_000)
    let content = try Data(contentsOf: URL(filePath: source))
    let tracker = try RunningProgram("shoal", ["tracker", "--listen", "127.0.0.1:0", "--json"])
    let line = try #require(try tracker.nextLine())
    let address = try #require(line.firstMatch(of: /"address":"([^"]*)"/)?.1).description
    let origin = try RunningProgram(
      "shoal",
      ["share", source, "--tracker", address, "--listen", "127.0.0.1:0", "--link", "rate=8mbit,delay=5ms"])
    let ticket = try #require(try origin.nextLine())
    let outs = (0..<3).map { scratch.at("out\($0)") }
    let receivers = try outs.map { try get(ticket, $0, address, "rate=500kbit/6mbit,delay=5ms") }
    let deadline = ContinuousClock.now + .seconds(30)
    let all = (content.count + Self.pieceSize - 1) / Self.pieceSize
    var written: [Set<Int>] = []
    repeat {
      usleep(20_000)
      written = outs.map { pieces(content, at: $0 + ".part").union(pieces(content, at: $0)) }
    } while written.reduce(Set(), { $0.union($1) }).count < all && .now < deadline
    origin.send(SIGKILL)
    for receiver in receivers { receiver.send(SIGKILL) }
    for receiver in receivers { _ = try receiver.finish() }
    let again = try outs.map { try get(ticket, $0, address, "rate=20mbit") }
    for (receiver, out) in zip(again, outs) {
      #expect(try receiver.nextLine() == out)
      #expect(same(source, out))
      let isClean = !FileManager.default.fileExists(atPath: out + ".part.journal")
      #expect(isClean)
    }
  }
}
