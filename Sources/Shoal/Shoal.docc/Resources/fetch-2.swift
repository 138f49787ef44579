import Shoal

func fetch(_ text: String) async throws {
  let ticket = try Ticket(text)
  try await Peer.run { peer in
    let download = try await peer.download(ticket, to: .directory("Downloads"))
    for try await progress in download.progress {
      let percent = Int((progress.fraction ?? 0) * 100)
      print(progress.phase, "\(percent) %, \(Int(progress.rate)) bytes a second")
    }
  }
}
