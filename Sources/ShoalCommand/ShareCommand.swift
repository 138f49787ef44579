import Shoal
import ShoalContent
import ShoalTerminal
import ShoalWire
import Synchronization

/// `shoal share`.
struct ShareCommand {
  private let session: Session
  private let path: String
  /// What standard input is shared as; empty if nothing says, and for a file.
  private let name: String
  private let trackers: [String]
  private let chunking: Chunking
  private let options: Peer.Options
  /// After how many complete copies it ends; nil if it does not.
  private let copies: Int?

  init(_ session: Session) throws(UsageError) {
    self.session = session
    let invocation = session.invocation
    path = invocation["path"].text
    guard invocation.all("path").count == 1 else {
      throw UsageError("several paths: this version shares one file at a time; name one")
    }
    guard !path.isEmpty else { throw UsageError("the path is empty; name a file") }
    name = invocation.first("name")?.text ?? ""
    guard path == "-" || name.isEmpty else { throw UsageError("--name: names what is read from standard input, -") }
    try invocation.checkRecords(against: [path])
    if let status = try? FileSystem.status(path), status.kind == .directory {
      throw UsageError("\(escaped(path)) is a directory: this version shares single files; name a file")
    }
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

  private var isStream: Bool { path == "-" }

  func run() async throws {
    let peer = try Peer.start(options)
    session.ending.onSignal { [session] in session.tellInterrupted("stopped") }
    session.ending.atEnd { await peer.close() }
    let observer = Observer(peer)
    let control = try Control(session, peer, observer)
    session.ending.atEnd {
      control.close()
      await peer.close()
    }
    session.tellReceiveBuffer(peer)
    if let fault = isStream && name.isEmpty ? "there is no name" : fileNameFault(isStream ? name : path) {
      session.warning(harmless("\(fault): receivers must choose another, with --output PATH"), code: "name")
    }
    let share =
      isStream
      ? try await peer.share(reading: StandardInput(), name: name, chunking: chunking)
      : try await ShareCommand.hash(path, chunking, peer, session)
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

  /// Ends, as there are as many complete copies as were asked for.
  private func finish(copies: Int) async {
    await session.ending.claim()
    session.console.endProgress()
    session.emit(["event": "done", "copies": .int(copies)])
    session.note("\(counted(copies, "complete copy", "complete copies")): done.")
  }

  /// Hashes and shares a file, and shows how far along it is.
  static func hash(_ path: String, _ chunking: Chunking, _ peer: Peer, _ session: Session) async throws -> Share {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let state = Mutex(ProgressState(name: name))
    let share = try await peer.share(path, chunking: chunking) { done, whole in
      let now = Session.now
      let current = state.withLock { state in
        state.show(phase: "hashing", done: done, of: whole, at: now)
        return state
      }
      session.progress(current)
    }
    session.console.endProgress()
    return share
  }

  private func tell(_ share: Share, _ peer: Peer) {
    let known = share.ticket.trackers.map { JSON.string($0) }
    session.emit([
      "event": "sharing", "id": .string(share.id.hex), "name": .string(share.name),
      "ticket": .string("\(share.ticket)"), "listen": .string("\(peer.address)"), "tracker": known.first ?? .null,
      "chunks": .int(Int(share.cut.chunks)), "chunk_size": .uint(share.cut.usualChunk.bytes),
    ])
    guard !session.isJSON else { return }
    session.note(
      "\(isStream && name.isEmpty ? "standard input" : escaped(share.name)): \(share.cut.words), id \(share.id) (as b3sum prints)"
    )
    let isElsewhere = options.anyPortIfBusy && peer.address.port != Peer.defaultPort
    let place = "UDP \(peer.address.port)\(isElsewhere ? " (\(Peer.defaultPort) is in use)" : "")"
    let tracker = trackers.isEmpty ? "with its own tracker" : "and telling \(trackers.joined(separator: ", "))"
    session.note("Serving on \(place) \(tracker). Ctrl-C stops.\n")
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
