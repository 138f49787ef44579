// A tracker, a peer that serves a text, and one that finds it by its name and prints it as it comes:
// swift run example-stream WORDS
import Shoal

let words = CommandLine.arguments.dropFirst().joined(separator: " ")

try await Tracker.run(Tracker.Options(listen: "127.0.0.1:0")) { tracker in
  var options = Peer.Options(listen: "127.0.0.1:0")
  options.trackers = ["\(tracker.address)"]
  let settings = options

  try await Peer.run(settings) { origin in
    _ = try await origin.share(words.utf8, name: "words.txt")
    for await event in tracker.events {
      if case .registered = event { break }
    }

    try await Peer.run(settings) { reader in
      guard let file = try await reader.find(name: "words.txt").first else { return }
      for holder in try await reader.lookup(id: file.id).peers {
        print("\(holder.have) of \(holder.cut.chunks) chunks are at a peer")
      }
      for try await slice in try await reader.stream(Ticket(id: file.id)) {
        print(String(decoding: slice, as: UTF8.self))
      }
    }
  }
}
