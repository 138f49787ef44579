import Shoal

func read(_ tracker: String) async throws {
  var options = Peer.Options()
  options.trackers = [tracker]
  try await Peer.run(options) { peer in
    guard let file = try await peer.find(name: "greeting.txt").first else { return }
    for try await slice in try await peer.stream(Ticket(id: file.id)) {
      print(slice.count, "bytes")
    }
  }
}
