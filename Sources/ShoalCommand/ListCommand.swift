import Shoal
import ShoalTerminal

/// `shoal list`.
struct ListCommand {
  private let session: Session
  private let tracker: String
  private let most: Int
  private let options: Peer.Options

  init(_ session: Session) throws {
    self.session = session
    let given = session.invocation.all("tracker")
    guard let first = given.first, given.count == 1 else {
      throw UsageError("name one tracker, with --tracker HOST:PORT")
    }
    tracker = try first.place(named: "tracker", defaultPort: Tracker.defaultPort)
    most = try session.invocation["most"].integer(from: 1, of: "files")
    options = try Peer.Options(access: session.invocation, listen: ":0")
  }

  func run() async throws {
    let peer = try Peer.start(options)
    session.ending.onSignal { [session] in session.tellInterrupted("interrupted") }
    session.ending.atEnd { await peer.close() }
    try await peer.add(tracker: tracker)
    var (after, total, shown) = (UInt64(0), 0, 0)
    repeat {
      let start = after
      guard let page = try await within(seconds: ListCommand.patience, { try await peer.list(after: start) }) else {
        if let obstacle = await peer.obstacle() { throw Failure(commandWords(obstacle), code: "no_answer") }
        let why = shown > 0 ? "no longer answers" : "does not answer; does it run, is its UDP port open, is it older?"
        throw Failure("tracker \(tracker) \(why)", code: "no_answer")
      }
      let files = page.files.prefix(most - shown)
      tell(Array(files))
      (total, shown, after) = (page.total, shown + files.count, page.next ?? 0)
    } while after != 0 && shown < most
    await session.ending.claim()
    session.emit(["event": "done", "files": .int(total), "told": .int(shown)])
    guard !session.isJSON else { return }
    if total == 0 { session.note("\(tracker) lists nothing: what is shared there is found by tickets alone") }
    if shown < total, after != 0 { session.note("and \(counted(total - shown, "more file")); see --most") }
  }

  private func tell(_ files: [ListedFiles.File]) {
    if session.isJSON {
      for file in files {
        session.emit([
          "event": "file", "id": .string(file.id.hex), "name": .string(file.name), "bytes": .uint(file.cut.size),
          "chunks": .int(Int(file.cut.chunks)), "peers": .int(file.peers),
        ])
      }
    } else {
      var table = Table([.init(isVital: true), .init("", .right), .init("", .right), .init()])
      for file in files {
        table.add([escaped(file.name), Units.total(file.cut.size), counted(file.peers, "peer"), file.id.hex])
      }
      let lines = table.lines(width: session.console.standardOutput.tableWidth)
      if !lines.isEmpty { session.ending.unlessOver { session.console.print(lines.joined(separator: "\n")) } }
    }
  }

  /// The seconds to wait for a page.
  private static let patience = 15.0
}
