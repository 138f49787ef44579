import Shoal
import ShoalContent
import ShoalTerminal
import Synchronization

/// `shoal get`.
struct GetCommand {
  private let session: Session
  private let request: GetRequest
  private let destination: Destination
  /// Whether the file goes to standard output, in order, and is not kept.
  private let isStream: Bool
  private let patience: Double?
  /// Patterns for the entries of a folder to fetch; all if there are none.
  private let patterns: [String]
  private let options: Peer.Options

  init(_ session: Session) throws {
    self.session = session
    let invocation = session.invocation
    request = try GetRequest(invocation["ticket"].text, invocation, allowsPeers: true)
    destination = try GetCommand.destination(invocation)
    isStream = invocation.first("output")?.text == "-"
    if isStream, session.console.standardOutput.isTTY {
      throw UsageError("--output -: standard output is a terminal; redirect it, or name a file")
    }
    let paths = destination.paths(of: request.subject)
    try invocation.checkRecords(against: paths)
    if !invocation.has("force"), let path = paths.first, FileSystem.isDanglingLink(path) {
      throw ShoalError.linkToNothing(path)
    }
    patterns = invocation.all("include").map(\.text)
    guard !patterns.contains("") else { throw UsageError("--include: needs a pattern, such as '*.jpg'") }
    if invocation.has("list") {
      for option in ["output", "stay", "discard", "include", "force"] where invocation.has(option) {
        throw UsageError("--list fetches no file: leave out --\(option)")
      }
    }
    if isStream, !patterns.isEmpty { throw UsageError("--include is for folders, which cannot go to standard output") }
    patience = try invocation.first("wait")?.seconds(from: 0.1)
    let listen = try invocation.first("listen")?.listen(defaultPort: 0)
    var options = try Peer.Options(access: invocation, listen: listen ?? ":0")
    try options.setTransport(invocation)
    options.limits = try Peer.Limits(invocation)
    options.qlog = invocation.first("qlog")?.text
    options.passFile = FileSystem.cacheFolder.map { $0 + "/passes" }
    if invocation.has("forget"), let path = options.passFile { try? FileSystem.remove(path) }
    self.options = options
  }

  static func destination(_ invocation: Invocation) throws -> Destination {
    if invocation.has("discard") {
      let records = ["capture", "qlog"].contains(where: invocation.has)
      for option in ["output", "stay"] + (records ? [] : ["force"]) where invocation.has(option) {
        throw UsageError("--discard keeps nothing: leave out --\(option), or --discard")
      }
      return .nowhere
    }
    guard let output = invocation.first("output") else { return .directory(".") }
    var path = output.text
    if path == "-" {
      for option in ["stay", "json"] where invocation.has(option) {
        throw UsageError("--output - writes the file to standard output and keeps nothing: leave out --\(option)")
      }
      return .nowhere
    }
    guard !path.isEmpty else { throw output.error("needs a path") }
    let isDirectory = try FileSystem.status(path)?.kind == .directory
    guard isDirectory || path.hasSuffix("/") else {
      if try FileSystem.status(path)?.kind == .other {
        throw output.error("is not a regular file; to keep nothing, use --discard")
      }
      // A missing directory is better reported now than once peers have been found.
      let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/"
      guard try parent == "/" || FileSystem.status(parent)?.kind == .directory else {
        throw Failure("\(escaped(parent)): no such directory", code: "file")
      }
      return .file(path)
    }
    guard isDirectory else { throw Failure("\(escaped(path)): no such directory", code: "file") }
    while path.hasSuffix("/"), path.count > 1 { path.removeLast() }
    return .directory(path)
  }

  func run() async throws {
    let peer = try Peer.start(options)
    session.tellReceiveBuffer(peer)
    let latest = SharedProgress()
    session.ending.onSignal { [session] in
      session.tellInterrupted(latest.interruption(resume: session.resumeCommand))
    }
    let observer = try session.observe(peer)
    let news = Task { [session, request] in
      var news = PeerNews(.getting(trackers: request.trackerCount))
      for await event in peer.events {
        event.object.map { object in session.emit(object) }
        session.tell(news.line(for: event, sources: latest.sources))
      }
    }
    defer { news.cancel() }
    for tracker in request.trackers { try await peer.add(tracker: tracker) }
    guard !invocationLists else { return try await list(peer) }
    let progress = isStream ? try await write(peer, observer, latest) : try await fetch(peer, observer, latest)
    let summary = GetSummary(progress, await peer.statistics(), isStream: isStream)
    await session.ending.claim()
    session.console.endProgress()
    tell(summary)
    await stay(peer)
  }

  private var invocationLists: Bool { session.invocation.has("list") }

  /// Shows what is in a folder.
  private func list(_ peer: Peer) async throws {
    let listing = try await peer.listing(of: try await ticket(peer), wait: patience.map { .seconds($0) })
    await session.ending.claim()
    session.console.endProgress()
    let text = ListingText(listing)
    if session.isJSON {
      for entry in listing.entries { session.emit(ListingText.object(of: entry)) }
      session.emit(text.done)
    } else {
      for entry in listing.entries { session.console.print(ListingText.line(of: entry)) }
      session.note(text.summary)
    }
  }

  private func fetch(_ peer: Peer, _ observer: Observer, _ latest: SharedProgress) async throws -> DownloadProgress {
    let download = try await peer.download(
      try await ticket(peer), to: destination, including: patterns,
      force: session.invocation.has("force"), wait: patience.map { .seconds($0) })
    try await watch(download, observer, latest)
    return download.latest
  }

  /// Writes the file to standard output as it arrives, no faster than it is read there.
  private func write(_ peer: Peer, _ observer: Observer, _ latest: SharedProgress) async throws -> DownloadProgress {
    let ticket = try await ticket(peer)
    guard !ticket.isFolder else {
      throw Failure("\(escaped(ticket.name ?? "")) is a folder: name a directory instead of -", code: "file")
    }
    let stream = try await peer.stream(ticket, wait: patience.map { .seconds($0) })
    let watching = Task { try await watch(stream.download, observer, latest) }
    for try await slice in stream { try await StandardOutput.write(slice) }
    try await watching.value
    return stream.download.latest
  }

  private func watch(_ download: Download, _ observer: Observer, _ latest: SharedProgress) async throws {
    let seen = SeenPeers()
    let looking = session.isJSON || session.console.isLive ? Task { await seen.watch(observer, session) } : nil
    defer { looking?.cancel() }
    var view = GetView(session, seen)
    for try await progress in download.progress {
      latest.set(progress)
      view.show(progress)
    }
  }

  /// What to fetch; if it is a name, it is looked up first.
  private func ticket(_ peer: Peer) async throws -> Ticket {
    switch request.subject {
    case .ticket(var ticket):
      ticket.peers = request.peers + ticket.peers.filter { !request.peers.contains($0) }
      return ticket
    case .name(let name):
      let clock = Task { [session] in
        var state = ProgressState(name: name)
        while !Task.isCancelled {
          state.show(phase: "asking the tracker", at: Session.now)
          session.progress(state)
          try await Task.sleep(for: .milliseconds(100))
        }
      }
      defer { clock.cancel() }
      guard let found = try await within(seconds: patience ?? 3e9, { try await peer.files(named: name) }) else {
        if let obstacle = await peer.obstacle() { throw Failure(commandWords(obstacle), code: "unavailable") }
        let who = request.trackers.count == 1 ? "tracker \(request.trackers[0]) does" : "the trackers do"
        throw Failure("\(who) not answer; does it run, is its UDP port open?", code: "unavailable")
      }
      let file = try session.file(named: name, among: found.files)
      // A user who gave the beginning of an id does not know the name yet.
      let isID = GetRequest.isShortID(name) && file.id.hex.hasPrefix(name.lowercased())
      return Ticket(id: file.id, peers: request.peers, name: isID ? nil : found.name, cut: isID ? nil : file.cut)
    }
  }

  private func tell(_ summary: GetSummary) {
    session.emit(summary.json)
    guard !session.isJSON else { return }
    for line in summary.lines { session.note(line) }
    session.detail(summary.exactCounts)
    if !summary.isDiscarded { session.console.print(summary.pathLine) }
  }

  /// Continues to serve the file, if asked to.
  private func stay(_ peer: Peer) async {
    guard session.invocation.has("stay") else { return }
    session.note("Serving on UDP \(peer.address.port). Ctrl-C stops.")
    session.ending.onSignal {}
    session.ending.release()
    await waitForEnd()
  }
}

extension Destination {
  /// The files that a download to a path writes: the file itself, its part and the part's journal.
  static func files(at path: String) -> [String] { [path, partPath(of: path), journalPath(of: partPath(of: path))] }

  /// The files that a download will write, as far as they are known before it begins.
  func paths(of subject: GetRequest.Subject) -> [String] {
    switch (self, subject) {
    case (.file(let path), _): Destination.files(at: path)
    case (.directory(let directory), .ticket(let ticket)):
      ticket.plainName.flatMap(safeFileName).map { Destination.files(at: "\(directory)/\($0)") } ?? []
    case (.directory, .name), (.nowhere, _): []
    }
  }
}

/// The latest progress, for the code that ends the process.
final class SharedProgress: Sendable {
  private let progress = Mutex<DownloadProgress?>(nil)

  func set(_ new: DownloadProgress) { progress.withLock { $0 = new } }

  /// The peers that serve the file.
  var sources: Int { progress.withLock { $0?.peers ?? 0 } }

  /// `interrupted at 42%; 308.3 MB kept in film.mkv.part; resume: shoal get '...'`.
  func interruption(resume: String) -> String {
    let progress = progress.withLock { $0 }
    guard let progress, progress.bytes > 0, let total = progress.total, total > 0 else {
      return "interrupted before anything arrived; repeat: \(resume)"
    }
    let share = Units.percent(progress.bytes, of: total, decimals: 0)
    guard let path = progress.path else { return "interrupted at \(share); nothing is kept; repeat: \(resume)" }
    let kept = "\(Units.total(progress.bytes)) kept in \(escaped(partPath(of: path)))"
    return "interrupted at \(share); \(kept); resume: \(resume)"
  }
}

extension Session {
  /// The same command, ready to be pasted; without options that would replace what it has recorded.
  var resumeCommand: String { Session.resumeCommand(words) }

  static func resumeCommand(_ words: [String]) -> String {
    let records = ["--capture", "--qlog"]
    let end = words.firstIndex(of: "--") ?? words.endIndex
    let kept = words.indices.filter { index in
      guard index < end else { return true }
      let isValue = index > 0 && records.contains(words[index - 1])
      return !isValue && !records.contains { words[index] == $0 || words[index].hasPrefix("\($0)=") }
    }
    return (["shoal"] + kept.map { shellWord(words[$0]) }).joined(separator: " ")
  }
}
