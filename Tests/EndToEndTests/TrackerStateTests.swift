import ShoalWire
import TestSupport
import Testing

@testable import Shoal

struct TrackerStateTests {
  /// A restarted tracker knows its peers before any of them has sent anything.
  @Test func aRestartedTrackerKnowsItsPeers() async throws {
    let scratch = try Scratch()
    var options = NodeOptions(listen: "127.0.0.1:0")
    options.trackerState = scratch.at("state")
    let first = try Tracker.start(options)
    let origin = try peer()
    try await origin.add(tracker: "\(first.address)")
    let share = try await origin.share(try scratch.file("in", 100_000))
    try await within(20) {
      for await event in origin.events { if case .registered = event { return } }
    }
    await first.close()
    let second = try Tracker.start(options)
    let asker = try peer()
    try await asker.add(tracker: "\(second.address)")
    let found = try await within(20) { try await asker.lookup(id: share.id) }
    #expect(found.peers.map(\.address) == [origin.address])
    for peer in [asker, origin] { await peer.close() }
    await second.close()
  }
}
