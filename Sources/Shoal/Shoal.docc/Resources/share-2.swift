import Shoal

func serve() async throws {
  try await Peer.run(Peer.Options(listen: ":7401", runsTracker: true)) { peer in
    let share = try await peer.share("film.mkv")
    print(share.ticket)
  }
}
