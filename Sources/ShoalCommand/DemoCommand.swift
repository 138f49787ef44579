import Shoal
import ShoalLink
import ShoalTerminal

/// `shoal demo`: a tracker, an origin and downloading peers in one process, each with a UDP socket of its own.
struct DemoCommand {
  private let session: Session
  private let plan: DemoPlan

  init(_ session: Session) throws(UsageError) {
    self.session = session
    plan = try DemoPlan(session.invocation)
  }

  func run() async throws {
    // This comes before anything is created that would be left behind.
    if let file = plan.file { _ = try File.open(file) }
    let files = try DemoFiles(plan)
    session.ending.onSignal { [session] in session.tellInterrupted("interrupted\(files.remainder)") }
    session.ending.atEnd { files.clean() }
    let path = try plan.file ?? files.make(session, size: plan.size)
    let swarm = try await DemoSwarm(plan, files, session)
    session.ending.atEnd {
      await swarm.close()
      files.clean()
    }
    let (share, ticket) = try await swarm.share(path)
    session.note(
      "\(escaped(share.name)): \(share.cut.words), id \(share.id.short), in \(escaped(files.directory)); "
        + "\(counted(plan.peers, "peer")), link \(plan.link)")
    let results = try await swarm.download(share, ticket, files)
    await session.ending.claim()
    let table = DemoResult(share: share, origin: await swarm.originStatistics(), peers: results, files: files)
    session.console.endProgress()
    tell(table, files)
    guard table.isEqual else {
      throw Failure("a copy differs from the origin's file; please report this, with its captures", code: "different")
    }
  }

  private func tell(_ result: DemoResult, _ files: DemoFiles) {
    // A difference is an error, and the error must be the last object.
    if result.isEqual { session.emit(result.json) }
    guard !session.isJSON else { return }
    session.console.print(result.lines(width: session.console.standardOutput.tableWidth).joined(separator: "\n"))
    if files.captures {
      session.console.print("Look: \(DemoFiles.dumpCommand) \(shellWord(files.capture(of: result.peers[0].name)))")
    }
    if let rest = files.leftOver { session.console.print(rest) }
  }
}

/// The options of a demo.
struct DemoPlan {
  let file: String?
  let size: UInt64
  let peers: Int
  let link: LinkSpec
  let directory: String?
  let keeps: Bool
  let captures: Bool
  let options: Peer.Options

  init(_ invocation: Invocation) throws(UsageError) {
    file = invocation.first("file")?.text
    if let file, let status = try? FileSystem.status(file), status.kind == .directory {
      throw UsageError("--file \(escaped(file)): is a directory")
    }
    if file != nil, invocation.has("size") { throw UsageError("--size is for random data: leave out --size or --file") }
    size = try invocation.first("size")?.bytes(from: 0, to: 1 << 40) ?? 20_000_000
    // Each peer has a letter for a name, and a socket, a thread and buffers of its own.
    peers = try invocation["peers"].integer(from: 1, to: 20, of: "peers")
    directory = invocation.first("directory")?.text
    keeps = invocation.has("keep")
    captures = !invocation.has("no-capture")
    link = try DemoPlan.link(invocation)
    var options = Peer.Options(listen: "127.0.0.1:0")
    try options.setTransport(invocation)
    self.options = options
  }

  /// The link given by --link, or else by --loss, --corrupt and --delay.
  private static func link(_ invocation: Invocation) throws(UsageError) -> LinkSpec {
    let defaults = [("loss", "5%"), ("corrupt", "1%"), ("delay", "10ms")]
    if let whole = invocation.first("link") {
      for (key, _) in defaults where invocation.has(key) {
        throw UsageError("--link and --\(key): write \(key)=... in the link")
      }
      return try whole.link(named: "link")
    }
    var items: [String] = []
    for (key, value) in defaults {
      let item = "\(key)=\(invocation.first(key)?.text ?? value)"
      do { _ = try LinkSpec(parsing: item) } catch {
        throw UsageError(harmless("--\(key) \("\(error)".dropFirst(key.count + 1))"))
      }
      items.append(item)
    }
    do { return try LinkSpec(parsing: items.joined(separator: ",")) } catch { throw UsageError(harmless("\(error)")) }
  }

  /// The name of a downloading peer.
  func name(_ index: Int) -> String { String(UnicodeScalar(UInt8(ascii: "a") + UInt8(index))) }

  /// The link of a peer. Each has its own random numbers, or all would lose the same datagrams.
  func link(_ index: Int) -> LinkSpec {
    var link = link
    if let seed = link.seed { link.seed = seed &+ UInt64(index) &* 0x9e37_79b9_7f4a_7c15 }
    return link
  }
}
