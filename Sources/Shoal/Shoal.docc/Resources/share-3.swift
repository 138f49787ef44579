import Shoal

func serve() async throws {
  try await Peer.run(Peer.Options(listen: ":7401", runsTracker: true)) { peer in
    let share = try await peer.share("film.mkv")
    print(share.ticket)
    for await event in peer.events {
      if case .served(let address, _, let name, let bytes) = event {
        print("\(address) has \(name), \(bytes) bytes of it from here")
      }
    }
  }
}
