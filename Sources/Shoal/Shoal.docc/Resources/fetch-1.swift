import Shoal

func fetch(_ text: String) async throws {
  let ticket = try Ticket(text)
  try await Peer.run { peer in
    let download = try await peer.download(ticket, to: .directory("Downloads"))
    let done = try await download.value
    print(done.path ?? "", done.bytes, "bytes")
  }
}
