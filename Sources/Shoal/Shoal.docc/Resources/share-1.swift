import Shoal

func serve() async throws {
  try await Peer.run(Peer.Options(listen: ":7401", runsTracker: true)) { peer in
    print("listening at", peer.address)
  }
}
