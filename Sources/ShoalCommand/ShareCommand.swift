import Shoal
import ShoalContent
import ShoalTerminal
import ShoalWire
import Synchronization

/// `shoal share`.
struct ShareCommand {
  private let session: Session
  private let paths: [String]
  /// The name for standard input or for several files together; empty if none is given.
  private let name: String
  private let trackers: [String]
  private let chunking: Chunking
  private let options: Peer.Options
  /// The number of complete copies after which it ends; nil if it does not.
  private let copies: Int?

  init(_ session: Session) throws(UsageError) {
    self.session = session
    let invocation = session.invocation
    paths = invocation.all("path").map(\.text)
    guard !paths.contains("") else { throw UsageError("the path is empty; name a file") }
    let given = ["name", "list"].compactMap { invocation.first($0)?.text }.filter { !$0.isEmpty }
    guard Set(given).count < 2 else { throw UsageError("--name and --list: give one name") }
    name = given.first ?? (paths.count > 1 ? ShareCommand.name(of: paths) : "")
    if paths == ["-"], name.isEmpty, invocation.has("list") {
      throw UsageError("--list: what comes from standard input has no name; write --list=NAME")
    }
    guard paths == ["-"] || !paths.contains("-") else {
      throw UsageError("-: standard input is shared alone; for a file called so, write ./-")
    }
    try invocation.checkRecords(against: paths)
    var trackers: [String] = []
    for tracker in invocation.all("tracker") {
      trackers.append(try tracker.place(named: "tracker", defaultPort: Tracker.defaultPort))
    }
    self.trackers = trackers
    chunking = try ShareCommand.chunking(invocation)
    copies = try invocation.first("once").map { once throws(UsageError) in
      once.text.isEmpty ? 1 : try once.integer(from: 1, of: "copies")
    }
    let listen = try invocation.first("listen")?.listen(defaultPort: Peer.defaultPort)
    var options = try Peer.Options(access: invocation, listen: listen ?? ":\(Peer.defaultPort)")
    try options.setTransport(invocation)
    options.limits = try Peer.Limits(invocation)
    options.qlog = invocation.first("qlog")?.text
    options.hashFolder = invocation.has("no-cache") ? nil : FileSystem.cacheFolder
    options.anyPortIfBusy = listen == nil
    options.runsTracker = trackers.isEmpty
    options.listsNames = invocation.has("list")
    options.trackers = trackers
    self.options = options
  }

  static func chunking(_ invocation: Invocation) throws(UsageError) -> Chunking {
    switch (invocation.first("chunk-size"), invocation.first("chunks")) {
    case (_?, _?): throw UsageError("--chunk-size and --chunks: give one of them")
    case (let size?, nil): return .size(Int(try size.bytes(from: 1_024, to: 1 << 40)))
    case (nil, let count?): return .count(try count.integer(from: 1, to: Limits.chunks, of: "chunks"))
    case (nil, nil): return .automatic
    }
  }

  /// The default name for several paths together.
  static func name(of paths: [String]) -> String {
    let first = paths[0].split(separator: "/").last.map(String.init) ?? "files"
    return "\(first)+\(paths.count - 1)"
  }

  private var isStream: Bool { paths == ["-"] }

  func run() async throws {
    let peer = try Peer.start(options)
    session.ending.onSignal { [session] in session.tellInterrupted("stopped") }
    let observer = try session.observe(peer)
    session.tellReceiveBuffer(peer)
    let share =
      isStream
      ? try await peer.share(reading: StandardInput(), name: name, chunking: chunking)
      : try await ShareCommand.hash(paths, name, chunking, peer, session)
    if let fault = share.name.isEmpty ? "there is no name" : fileNameFault(share.name) {
      session.warning(harmless("\(fault): receivers must choose another, with --output PATH"), code: "name")
    }
    tellOmissions(share)
    tell(share, peer)
    let watching = Task { [session] in
      var watch = PeerWatch(session, observer, event: "receiver")
      await watch.run { watch, seen in
        let rows = seen.rows.filter { $0.standing.isReceiver }
        if session.console.isLive {
          session.progress { columns, _ in PeerTable(rows).lines(width: columns - 1) }
        } else {
          watch.log(seen)
        }
      }
    }
    defer { watching.cancel() }
    var news = PeerNews(.sharing(tellsTrackers: !trackers.isEmpty))
    var served = CopyCount(of: [share.id])
    for await event in peer.events {
      event.object.map { object in session.emit(object) }
      if case .withdrawn(_, _, let error) = event { throw error }
      session.tell(news.line(for: event))
      if served.take(event), let copies, served.count >= copies { return await finish(copies: served.count) }
    }
    await waitForEnd()
  }

  /// Ends, because there are as many complete copies as were asked for.
  private func finish(copies: Int) async {
    await session.ending.claim()
    session.console.endProgress()
    session.emit(["event": "done", "copies": .int(copies)])
    session.note("\(counted(copies, "complete copy", "complete copies")): done.")
  }

  /// Hashes and shares a file, a folder, or several of them under a name, and shows the progress.
  static func hash(
    _ paths: [String], _ name: String, _ chunking: Chunking, _ peer: Peer, _ session: Session
  ) async throws -> Share {
    let shown = name.isEmpty ? paths[0].split(separator: "/").last.map(String.init) ?? paths[0] : name
    let state = Mutex(ProgressState(name: shown))
    let tell: @Sendable (UInt64, UInt64) -> Void = { done, whole in
      let now = Session.now
      let current = state.withLock { state in
        state.show(phase: "hashing", done: done, of: whole, at: now)
        return state
      }
      session.progress(current)
    }
    let share =
      paths.count > 1
      ? try await peer.share(filesAt: paths, name: name, chunking: chunking, onProgress: tell)
      : try await peer.share(
        paths[0], name: name.isEmpty ? nil : name, chunking: chunking, onProgress: tell)
    session.console.endProgress()
    return share
  }

  /// Lists what is left out of a folder, as far as anybody would read.
  private func tellOmissions(_ share: Share) {
    for omission in share.omissions.prefix(5) {
      session.warning("\(escaped(omission.path)) is left out: \(omission.reason)", code: "omitted")
    }
    let others = share.omissions.count - 5
    if others > 0 { session.warning("\(counted(others, "other")) left out like these", code: "omitted") }
  }

  /// Says how the share can be found.
  private func findable(_ share: Share) -> String {
    guard trackers.isEmpty else {
      return " and telling \(trackers.joined(separator: ", ")), where it is found by its name"
    }
    return options.listsNames
      ? " with its own tracker, where it is found by its name"
      : "; found only by its ticket (--list: by name too)"
  }

  private func tell(_ share: Share, _ peer: Peer) {
    let known = share.ticket.trackers.map { JSON.string($0) }
    session.emit([
      "event": "sharing", "id": .string(share.id.hex), "name": .string(share.name),
      "ticket": .string("\(share.ticket)"), "listen": .string("\(peer.address)"), "tracker": known.first ?? .null,
      "chunks": .int(Int(share.cut.chunks)), "chunk_size": .uint(share.cut.usualChunk.bytes),
      "bytes": .uint(share.size), "files": share.files.map { .int($0) } ?? .null,
      "listed": .bool(options.listsNames || !trackers.isEmpty),
    ])
    guard !session.isJSON else { return }
    session.note(
      "\(isStream && name.isEmpty ? "standard input" : escaped(share.name)): \(share.words)"
    )
    let isElsewhere = options.anyPortIfBusy && peer.address.port != Peer.defaultPort
    let place = "UDP \(peer.address.port)\(isElsewhere ? " (\(Peer.defaultPort) is in use)" : "")"
    session.note("Serving on \(place)\(findable(share)). Ctrl-C stops.\n")
    session.console.print("\(share.ticket)")
    if session.invocation.has("qr") {
      let lines = try? TicketCommand.code(of: share.ticket, session.console.standardError)
      session.note("\n" + (lines?.joined(separator: "\n") ?? "The ticket is too long for a QR code."))
    }
    let places = share.ticket.trackers + share.ticket.peers
    let isLocal = places.allSatisfy { place in
      (try? Resolver.parse(place)).flatMap { Resolver.numeric($0.host) }?.isLoopback ?? false
    }
    session.note("\n\(isLocal ? "On this machine" : "Elsewhere"):  shoal get \(share.ticket)\n")
  }
}

extension Share {
  /// `734.0 MB, 700 chunks of 1 MiB, id 6b0c… (as b3sum prints)`; b3sum does not print a folder's id.
  fileprivate var words: String {
    guard let files else { return "\(cut.words), id \(id) (as b3sum prints)" }
    return "\(counted(files, "file")), \(cut.words), id \(id)"
  }
}

extension Cut {
  /// The size of most chunks, and whether all but the last have it.
  var usualChunk: (bytes: UInt64, isEven: Bool) {
    guard chunks > 0 else { return (0, true) }
    let (each, rest) = pieces.quotientAndRemainder(dividingBy: Int(chunks))
    let usual = UInt64(rest * 2 > Int(chunks) ? each + 1 : each) * UInt64(pieceSize)
    return (min(usual, size), rest == 0)
  }

  /// `734.0 MB, 700 chunks of 1 MiB`.
  var words: String {
    guard size > 0 else { return "empty" }
    let whole = Units.total(size)
    guard chunks > 1 else { return "\(whole), 1 chunk" }
    return
      "\(whole), \(counted(chunks, "chunk")) of \(usualChunk.isEven ? "" : "about ")\(Units.binary(usualChunk.bytes))"
  }
}
