// Shares a file, and fetches it by its ticket: swift run example-fetch FILE COPY
import Glibc
import Shoal

guard CommandLine.arguments.count == 3 else {
  print("usage: example-fetch FILE COPY")
  exit(2)
}
let (file, copy) = (CommandLine.arguments[1], CommandLine.arguments[2])

try await Peer.run(Peer.Options(listen: "127.0.0.1:0")) { origin in
  let share = try await origin.share(file)
  print("\(share.name): \(share.size) bytes, \(share.ticket)")

  try await Peer.run { peer in
    let download = try await peer.download(share.ticket, to: .file(copy))
    let done = try await download.value
    print("\(copy): \(done.bytes) bytes, verified, in \(done.elapsed)")
  }
  await share.stop()
}
