// Fetches a file, shows how far it is, and gives up after some seconds: swift run example-progress TICKET FILE SECONDS
import Glibc
import Shoal

guard CommandLine.arguments.count == 4, let patience = Int(CommandLine.arguments[3]) else {
  print("usage: example-progress TICKET FILE SECONDS")
  exit(2)
}
let (text, file) = (CommandLine.arguments[1], CommandLine.arguments[2])

func line(_ progress: DownloadProgress) -> String {
  let percent = progress.fraction.map { "\(Int($0 * 100)) %" } ?? "-"
  let rest = progress.eta.map { "\($0.components.seconds) s to go" } ?? ""
  return "\(progress.phase) \(percent), \(Int(progress.rate / 1_000)) kB/s from \(progress.peers) peers \(rest)"
}

do {
  let ticket = try Ticket(text)
  try await Peer.run { peer in
    let download = try await peer.download(ticket, to: .file(file))
    let alarm = Task {
      try await Task.sleep(for: .seconds(patience))
      download.cancel()
    }
    defer { alarm.cancel() }
    for try await progress in download.progress { print("\u{1B}[2K\r\(line(progress))", terminator: "") }
    print("\n\(file) is here")
  }
} catch let error as ShoalError where error.code == .stopped {
  print("\ngiven up; what came of it stays in \(file).part")
} catch {
  print("\n\(error)")
  exit(1)
}
