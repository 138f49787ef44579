import Shoal

func read(_ tracker: String) async throws -> String {
  var options = Peer.Options()
  options.trackers = [tracker]
  return try await Peer.run(options) { peer in
    guard let file = try await peer.find(name: "greeting.txt").first else { return "" }
    let bytes = try await peer.fetch(Ticket(id: file.id), upTo: 1 << 20)
    return String(decoding: bytes, as: UTF8.self)
  }
}
