import ShoalWire
import TestSupport
import Testing

@testable import Shoal

@Suite(.inRealTime) struct TrackerStateTests {
  /// A restarted tracker knows its peers before any of them has sent anything.
  @Test func aRestartedTrackerKnowsItsPeers() async throws {
    let scratch = try Scratch()
    var options = NodeOptions(listen: "127.0.0.1:0")
    options.trackerState = scratch.at("state")
    let first = try Tracker.start(options)
    let origin = try peer()
    try await origin.add(tracker: "\(first.address)")
    let share = try await origin.share(try scratch.file("in", 100_000))
    try await within(60) {
      for await event in origin.events { if case .registered = event { return } }
    }
    await first.close()
    let second = try Tracker.start(options)
    let asker = try peer()
    try await asker.add(tracker: "\(second.address)")
    let found = try await within(60) { try await asker.lookup(id: share.id) }
    #expect(found.peers.map(\.address) == [origin.address])
    for peer in [asker, origin] { await peer.close() }
    await second.close()
  }

  /// Workers share a port and a state file; another program's tracker does not share the port with them.
  @Test func workersAnswerAsOne() async throws {
    let scratch = try Scratch()
    var options = NodeOptions(listen: "127.0.0.1:0")
    (options.trackerState, options.trackerWorkers) = (scratch.at("state"), 2)
    let first = try Tracker.start(options)
    var shares: [(peer: Peer, id: Digest)] = []
    for number in 0..<6 {
      let peer = try peer()
      try await peer.add(tracker: "\(first.address)")
      shares.append((peer, try await peer.share(try scratch.file("\(number)", 1_000 + number)).id))
    }
    try await within(60) {
      while await first.standing()?.registrations != 6 { try await Task.sleep(for: .milliseconds(20)) }
    }
    options.listen = "\(first.address)"
    #expect(throws: ShoalError.self) { try Tracker.start(options) }
    await first.close()
    // The system may need a moment to free the port.
    (options.listen, options.trackerWorkers) = ("127.0.0.1:0", 3)
    let second = try Tracker.start(options)
    let asker = try peer()
    try await asker.add(tracker: "\(second.address)")
    for share in shares {
      let found = try await within(60) { try await asker.lookup(id: share.id) }
      #expect(found.peers.map(\.address) == [share.peer.address])
    }
    // Each waits a while for the tracker that is gone.
    await withTaskGroup(of: Void.self) { group in
      for peer in [asker] + shares.map(\.peer) { group.addTask(priority: .high) { await peer.close() } }
    }
    await second.close()
  }

  /// What only one thread can have is refused with more of them.
  @Test func workersCannotShareACapture() throws {
    let scratch = try Scratch()
    var options = Tracker.Options(listen: "127.0.0.1:0")
    (options.workers, options.capture) = (2, scratch.at("capture.pcapng"))
    let error = #expect(throws: ShoalError.self) { try Tracker.start(options) }
    #expect(error?.option == .workers && !scratch.has("capture.pcapng"))
  }

  /// Only what is a tracker's state is ever moved or replaced.
  @Test func aFileThatIsNoStateIsLeftAlone() async throws {
    let scratch = try Scratch()
    let path = try scratch.file("letter", 5_000)
    let before = try scratch.read("letter")
    var options = NodeOptions(listen: "127.0.0.1:0")
    options.trackerState = path
    #expect(throws: ShoalError.self) { try Tracker.start(options) }
    let after = try scratch.read("letter")
    #expect(after == before && !scratch.has("letter.damaged"))
  }
}
