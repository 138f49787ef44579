import Shoal

func greet() async throws {
  try await Tracker.run(Tracker.Options(listen: "127.0.0.1:0")) { tracker in
    var options = Peer.Options()
    options.trackers = ["\(tracker.address)"]
    try await Peer.run(options) { peer in
      let share = try await peer.share("Hello".utf8, name: "greeting.txt")
      print(share.id)
    }
  }
}
