import Foundation
import Shoal
import ShoalBase
import ShoalWire
import TestSupport
import Testing

/// Strangers that take as much as they can from a peer, over real sockets, beside an honest receiver.
@Suite(.inRealTime, .serialized) struct CrowdedTests {
  private func fetch(_ ticket: Ticket, _ file: String, _ scratch: Scratch) async throws {
    let other = try peer()
    let download = try await other.download(ticket, to: .file(scratch.at("out")))
    try await within(60) { try await download.finish() }
    #expect(same(file, scratch.at("out")))
    await other.close()
  }

  @Test func opensInGreatNumberKeepNoOneOut() async throws {
    let shared = try await SharedFile(300_000)
    let target = shared.origin.address
    let flood = Task.detached(priority: .high) { () throws -> [PacketType: Int] in
      let strangers = (1...200).map { Stranger($0, to: target) }
      var random = SeededGenerator(seed: 1)
      var answers: [PacketType: Int] = [:]
      for _ in 0..<100 {
        for stranger in strangers.shuffled(using: &random).prefix(50) { try stranger.open(random.next()) }
        for stranger in strangers {
          while let bytes = stranger.receive() {
            answers[try Header.decode(bytes.span).type, default: 0] += 1
            #expect(bytes.count < 1_200)
          }
        }
        guard !Task.isCancelled else { break }
        try? await Task.sleep(for: .milliseconds(10))
      }
      return answers
    }
    try await Task.sleep(for: .milliseconds(200))
    try await fetch(shared.ticket, shared.path, shared.scratch)
    flood.cancel()
    let answers = try await flood.value
    #expect(answers[.retry] ?? 0 > 0 && answers[.close] == nil)
    await shared.close()
  }

  @Test func oneHostDoesNotFillTheTable() async throws {
    let shared = try await SharedFile(300_000)
    let greedy = Stranger(1, to: shared.origin.address)
    var connected = 0
    for id in 1...400 as ClosedRange<UInt64> where try greedy.connect(id, wanting: shared.id) { connected += 1 }
    #expect(connected == 256)
    try await fetch(shared.ticket, shared.path, shared.scratch)
    await shared.close()
  }
}
