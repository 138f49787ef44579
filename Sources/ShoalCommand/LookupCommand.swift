import Shoal
import ShoalBase
import ShoalContent
import ShoalTerminal

/// `shoal lookup`.
struct LookupCommand {
  private let session: Session
  private let request: GetRequest
  private let chunk: Int?
  private let options: Peer.Options

  /// The seconds after which an unanswered question is given up.
  private static let patience = 15.0

  init(_ session: Session) throws {
    self.session = session
    let invocation = session.invocation
    request = try GetRequest(invocation["name"].text, invocation, allowsPeers: false)
    chunk = try invocation.first("chunk")?.integer(from: 0, to: Limits.chunks - 1)
    options = try Peer.Options(access: invocation, listen: ":0")
  }

  func run() async throws {
    let peer = try Peer.start(options)
    session.ending.onSignal { [session] in session.tellInterrupted("interrupted") }
    session.ending.atEnd { await peer.close() }
    let news = Task { [session, request] in
      var news = PeerNews(.getting(trackers: request.trackerCount))
      for await event in peer.events { session.tell(news.line(for: event)) }
    }
    defer { news.cancel() }
    var trackers = request.trackers
    if trackers.isEmpty, case .ticket(let ticket) = request.subject { trackers = ticket.trackers }
    for tracker in trackers { try await peer.add(tracker: tracker) }
    let answer = try await within(seconds: LookupCommand.patience) { try await ask(peer) }
    guard let answer else {
      if let obstacle = await peer.obstacle() { throw Failure(commandWords(obstacle), code: "no_answer") }
      let who = trackers.count == 1 ? "tracker \(trackers[0]) does" : "\(trackers.count) trackers do"
      throw Failure("\(who) not answer; does it run, is its UDP port open?", code: "no_answer")
    }
    await session.ending.claim()
    try tell(answer)
  }

  private func ask(_ peer: Peer) async throws -> LookupResult {
    let id =
      switch request.subject {
      case .ticket(let ticket): ticket.id
      case .name(let name): try session.file(named: name, among: try await peer.files(named: name).files).id
      }
    let answer = named(try await peer.lookup(id: id, chunk: chunk))
    guard let chunk, answer.peers.isEmpty else { return answer }
    // Either nobody has it, or there is no such chunk.
    let whole = named(try await peer.lookup(id: id))
    if let count = whole.peers.map(\.cut.chunks).max(), chunk >= Int(count) {
      let which = count == 1 ? "its only chunk is 0" : "it has chunks 0 to \(count - 1)"
      throw Failure("\(LookupText(whole).title) has no chunk \(chunk): \(which)", code: "no_peers")
    }
    return answer
  }

  /// An unlisted file has no name at a tracker, but perhaps one in its ticket.
  private func named(_ answer: LookupResult) -> LookupResult {
    guard answer.name == nil, case .ticket(let ticket) = request.subject else { return answer }
    var answer = answer
    answer.name = ticket.plainName
    return answer
  }

  private func tell(_ answer: LookupResult) throws(Failure) {
    let text = LookupText(answer)
    if let chunk, answer.peers.isEmpty {
      throw Failure(
        "nobody has chunk \(chunk) of \(text.title); leave out --chunk to see who has what", code: "no_peers")
    }
    if answer.peers.isEmpty { throw Failure("nobody has \(text.title)", code: "no_peers") }
    if session.isJSON {
      for object in text.objects { session.emit(object) }
    } else {
      session.console.print(text.lines(width: session.console.standardOutput.tableWidth).joined(separator: "\n"))
    }
  }
}

/// A tracker's answer about a file, for people and for programs.
struct LookupText {
  private let answer: LookupResult

  /// The most runs of chunks shown to people for one peer.
  private static let runs = 12

  init(_ answer: LookupResult) { self.answer = answer }

  /// The name for the file in errors.
  var title: String { answer.name.map { quoted($0) } ?? answer.id.short }

  func lines(width: Int? = nil) -> [String] {
    var table = Table([.init(), .init("", .right), .init("", .right), .init(), .init()])
    for peer in answer.peers {
      table.add([
        "\(peer.address)", Units.grouped(peer.have),
        peer.isComplete ? "100%" : Units.percent(UInt64(peer.have), of: UInt64(peer.cut.chunks), decimals: 0),
        "seen \(Units.remaining(peer.age.inSeconds)) ago", peer.isComplete ? "" : ranges(of: peer),
      ])
    }
    let more =
      answer.total > answer.peers.count ? ["and \(counted(answer.total - answer.peers.count, "more peer"))"] : []
    return [headline] + table.lines(width: width) + more
  }

  private var headline: String {
    let cut = answer.peers.first?.cut ?? Cut()
    let name = answer.name.map { escaped($0) } ?? "(no name)"
    return "\(name)  \(answer.id)  \(Units.total(cut.size))  \(counted(cut.chunks, "chunk"))"
  }

  private func ranges(of peer: LookupResult.Holder) -> String {
    guard let chunks = peer.chunkSet else { return "" }
    let shown = chunks.runs(limit: LookupText.runs)
    let isAll = shown.reduce(0) { $0 + Int($1.count) } == chunks.count
    return BitSet(capacity: chunks.capacity, runs: shown).rangesDescription + (isAll ? "" : ",...")
  }

  /// One object for each peer, and then the last one.
  var objects: [JSON] {
    let peers = answer.peers.map { peer -> JSON in
      [
        "event": "peer", "address": .string("\(peer.address)"), "have": .int(peer.have),
        "chunks": .int(Int(peer.cut.chunks)),
        "complete": .bool(peer.isComplete),
        "ranges": peer.chunkSet.map { .string($0.rangesDescription) } ?? .null, "id": .string(answer.id.hex),
        "name": .string(answer.name ?? ""), "bytes": .uint(peer.cut.size),
        "age": .int(Int(peer.age.components.seconds)),
      ]
    }
    let done: JSON = [
      "event": "done", "id": .string(answer.id.hex), "name": .string(answer.name ?? ""),
      "peers": .int(Int(answer.total)),
      "told": .int(peers.count),
    ]
    return peers + [done]
  }
}

extension LookupResult.Holder {
  /// Its chunks, in the form that the core has them in.
  fileprivate var chunkSet: BitSet? {
    chunks.map { chunks in
      let runs = chunks.ranges.map { ChunkRun(first: UInt32($0.lowerBound), count: UInt32($0.count)) }
      return BitSet(capacity: Int(cut.chunks), runs: runs)
    }
  }
}
