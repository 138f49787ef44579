import Shoal

func fetch(_ text: String) async throws {
  let ticket = try Ticket(text)
  try await Peer.run { peer in
    let download = try await peer.download(ticket, to: .directory("Downloads"), wait: .seconds(30))
    do throws(ShoalError) {
      _ = try await download.value
    } catch {
      switch error.code {
      case .unavailable: print("nobody has it now; what came of it is kept")
      case .exists: print("another file has that name")
      default: throw error
      }
    }
  }
}
