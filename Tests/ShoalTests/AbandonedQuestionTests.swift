import TestSupport
import Testing

@testable import Shoal

/// A question to trackers that do not answer costs nothing once nobody waits for the answer.
@Suite(.inRealTime) struct AbandonedQuestionTests {
  @Test func itIsForgotten() async throws {
    let peer = try Peer.start(NodeOptions(listen: "127.0.0.1:0"))
    try await peer.add(tracker: "127.0.0.1:9")
    let patient = Task(priority: .high) { try await peer.find(name: "patient") }
    let tasks = (0..<20).map { number in Task(priority: .high) { try await peer.find(name: "\(number)") } }
    try await wait(for: 21, peer)
    for task in tasks { task.cancel() }
    for task in tasks {
      await #expect { _ = try await task.value } throws: { ($0 as? ShoalError)?.code == .stopped }
    }
    try await wait(for: 1, peer)
    await peer.close()
    await #expect { _ = try await patient.value } throws: { "\($0)" == "the peer was closed" }
  }

  private func wait(for count: Int, _ peer: Peer) async throws {
    for _ in 0..<3_000 where await peer.node.ask({ $0.questions.count }) != count {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(await peer.node.ask { $0.questions.count } == count)
  }
}
