import ShoalBase
import ShoalContent
import ShoalWire
import Synchronization

/// A peer: serves files, fetches files from others, and does both at the same time.
///
/// ```swift
/// import Shoal
///
/// // One side serves a file, with a tracker of its own.
/// let origin = try Peer.start(Peer.Options(listen: "127.0.0.1:0", runsTracker: true))
/// let share = try await origin.share("film.mkv")
/// print(share.ticket)
///
/// // The other fetches it by its ticket.
/// let peer = try Peer.start()
/// let download = try await peer.download(share.ticket, to: .file("copy.mkv"))
/// for try await progress in download.progress {
///   print(progress.phase, progress.bytes, "of", progress.total ?? 0)
/// }
/// await peer.close()
/// await origin.close()
/// ```
///
/// `Peer.run` closes its peer automatically. A peer also stops when the last reference to it is released, along with
/// its shares and downloads.
public final class Peer: Sendable, Closable {
  let node: Node<PeerLoop>
  private let runsTracker: Bool
  /// The trackers that tickets name.
  private let trackers = Mutex<[String]>([])
  private let buffer = EventBuffer<PeerEvent>(limit: 1_000) { .omitted(count: $0) }
  /// Everything that happens apart from the progress of downloads. It has one reader, and ends when the peer is closed.
  public let events: AsyncStream<PeerEvent>

  /// Starts a peer, without files. Throws `badOption`, `badAddress`, `portInUse`, `system`, or `file` for a capture or
  /// qlog that cannot be written.
  public static func start(_ options: Options = Options()) throws(ShoalError) -> Peer {
    var places: [Resolver.HostPort] = []
    for tracker in options.trackers {
      places.append(try Peer.place(tracker, defaultPort: Tracker.defaultPort, option: .trackers))
    }
    let peer = try start(NodeOptions(options))
    for place in places { peer.add(place) }
    return peer
  }

  package static func start(_ options: NodeOptions) throws(ShoalError) -> Peer {
    Peer(try Node(options) { PeerLoop($0, options, $1) }, runsTracker: options.runsTracker)
  }

  /// Starts a peer for as long as `body` runs; it is closed before this returns, even if `body` throws or the task is
  /// cancelled.
  public nonisolated(nonsending) static func run<Result>(
    _ options: Options = Options(), _ body: nonisolated(nonsending) (Peer) async throws -> Result
  ) async throws -> Result {
    try await start(options).closing(after: body)
  }

  private init(_ node: Node<PeerLoop>, runsTracker: Bool) {
    self.node = node
    self.runsTracker = runsTracker
    events = buffer.stream
    node.post { [buffer] loop in loop.onPeerEvent = { buffer.push($0) } }
  }

  deinit { node.post { [buffer] in $0.close { buffer.finish() } } }

  /// The port that is assumed for a peer where none is given.
  public static let defaultPort: UInt16 = 7401
  /// The most trackers of a ticket that are asked.
  package static let ticketTrackers = 8

  /// The address at which it listens; unspecified (`0.0.0.0` or `[::]`) if it listens at all of the machine's
  /// addresses.
  public var address: Address { node.address }

  /// The addresses at which others can reach this peer, the likeliest first (the original's `get_local_ip`).
  public var reachableAddresses: [Address] { LocalAddresses.reachable(node.address) }

  /// The receive buffer that the system granted, and what was asked for, in bytes.
  package var receiveBuffer: (granted: Int, asked: Int) { node.receiveBuffer }

  /// From now on, registers all files with a tracker, `host:port`, under the names by which they are shared, and asks
  /// it for peers. Later tickets include it. (A tracker that only a ticket names is sent no name other than the one
  /// that it gave itself.)
  ///
  /// Its host name is resolved now, when the tracker falls silent, and every minute; all of its addresses are tried. If
  /// the name cannot be resolved, that is tried again at growing intervals, and `PeerEvent.unresolved` says why.
  public func add(tracker: String) async throws(ShoalError) {
    add(try Peer.place(tracker, defaultPort: Tracker.defaultPort))
  }

  private func add(_ place: Resolver.HostPort) {
    trackers.withLock { if !$0.contains(place.text) { $0.append(place.text) } }
    node.post { loop in loop.add(tracker: place, listing: true) }
  }

  // MARK: Sharing

  /// Cuts a file into chunks, hashes it, and serves it from then on, under its own name or another; or a folder, with
  /// everything in it. `onProgress` is called with the bytes hashed so far and the total.
  ///
  /// The file stays open, like that of every share: to share thousands of files, the process must be allowed to have
  /// that many open (`ulimit -n`). The file must not change while it is shared; if it does, it is withdrawn, and
  /// `PeerEvent.withdrawn` says so.
  public func share(
    _ path: String, name: String? = nil, chunking: Chunking = .automatic,
    onProgress: @escaping @Sendable (_ hashed: UInt64, _ total: UInt64) -> Void = { _, _ in }
  ) async throws(ShoalError) -> Share {
    let own = path.unicodeScalars.split(separator: "/").last.map { String($0) } ?? path
    guard (try? FileSystem.status(path))?.kind == .directory else {
      return try await share(path, nil, chunking, name: name ?? own, onProgress)
    }
    return try await share(folder: path, name: name, chunking: chunking, onProgress: onProgress)
  }

  /// Serves bytes under a name. The bytes are copied.
  public func share(
    _ content: some Sequence<UInt8> & Sendable, name: String, chunking: Chunking = .automatic
  ) async throws(ShoalError) -> Share {
    try await share(name, Spool.inMemory(name, content), chunking, name: name)
  }

  /// Reads a stream to its end and serves its content under a name. The content is kept in an unnamed file in `$TMPDIR`
  /// or `/var/tmp`, which goes away when the share is stopped or the process ends.
  public func share<Stream: AsyncSequence & Sendable>(
    reading stream: Stream, name: String, chunking: Chunking = .automatic
  ) async throws(ShoalError) -> Share where Stream.Element: Sequence<UInt8> {
    try await share(name, Spool.onDisk(name, stream), chunking, name: name)
  }

  func share(
    _ path: String, _ file: File?, _ chunking: Chunking, name: String, content: Share.Content? = nil,
    isPart: Bool = false,
    _ onProgress: @escaping @Sendable (UInt64, UInt64) -> Void = { _, _ in }
  ) async throws(ShoalError) -> Share {
    let flag = Flag()
    let own = reachableAddresses.map { "\($0)" }
    let trackers = (runsTracker ? own : []) + trackers.withLock { $0 }
    let result: Result<Share, ShoalError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isRunning = node.post { [node] loop in
          loop.share(path, file, chunking, name: name, until: flag, onProgress: onProgress) { result in
            let share = result.map { manifest, key in
              let name = name.isEmpty ? nil : name
              // Whoever has the ticket can ask this peer at once, without waiting for a tracker's answer, which may be
              // lost.
              let ticket = Ticket(id: manifest.id, trackers: trackers, peers: own, name: name, cut: manifest.cut)
              let share = Share(manifest, ticket: ticket, content: content, node, key)
              if !isPart { loop.shares[key.index] = share }
              if let content { loop.listings[content.key.index] = key }
              return share
            }
            continuation.resume(returning: share)
          }
        }
        if !isRunning { continuation.resume(returning: .failure(ShoalError.closed())) }
      }
    } onCancel: {
      flag.set()
    }
    // If hashing failed because the task was cancelled, the cancellation is reported.
    if flag.isSet, case .failure = result { throw ShoalError.closed("the task was cancelled") }
    return try result.get()
  }

  /// The shares being served, oldest first; downloads, and shares that were stopped or withdrawn, are not among them.
  public var shares: [Share] {
    get async { await node.ask { loop in loop.shares.sorted { $0.key < $1.key }.map(\.value) } ?? [] }
  }

  // MARK: Fetching

  /// Fetches a file or folder from all peers that the ticket's peers and trackers, or the trackers added to this peer,
  /// lead to.
  ///
  /// While it is being fetched, the content is in `NAME.part` beside the destination; if that exists already, the
  /// download continues from it. An existing file with other content is an error, unless `force`; so is a `NAME.part`
  /// that no download of this file left behind. The download fails as soon as no host name in the ticket, and no
  /// tracker's, can be resolved. It also fails once nothing has arrived for as long as `wait`; without `wait`, it waits
  /// for peers for ever.
  ///
  /// With `patterns`, only those entries of a folder that match one of them are fetched: `*.jpg`, `2026/**/*.raw`.
  /// Existing files that are equal are left alone; one that differs is an error before anything is fetched, unless
  /// `force`.
  public func download(
    _ ticket: Ticket, to destination: Destination, including patterns: [String] = [], force: Bool = false,
    wait: Duration? = nil
  ) async throws(ShoalError) -> Download {
    let download = Download(node, ticket, destination)
    var request = DownloadRequest(ticket: ticket, trackers: [], peers: [])
    (request.patterns, request.replacing, request.patience) = (patterns.map { Glob($0) }, force, wait)
    try await begin(download, request)
    return download
  }

  /// Fetches a file into memory; throws `tooLarge` if it is larger than `limit` bytes, whatever the ticket says.
  public func fetch(_ ticket: Ticket, upTo limit: Int, wait: Duration? = nil) async throws(ShoalError) -> [UInt8] {
    try await stream(ticket, limit: UInt64(max(limit, 0)), wait).collect(upTo: max(limit, 0))
  }

  /// Fetches a file for a reader that takes it in order, and can begin as soon as the first bytes arrive.
  public func stream(_ ticket: Ticket, wait: Duration? = nil) async throws(ShoalError) -> DownloadStream {
    try await stream(ticket, limit: .max, wait)
  }

  private func stream(_ ticket: Ticket, limit: UInt64, _ wait: Duration?) async throws(ShoalError) -> DownloadStream {
    let download = Download(node, ticket, .nowhere)
    let pieces = PieceFlow(memory: node.memory / 4, limit: limit) { [weak download, node] range in
      guard let download else { return }
      node.post { loop in loop.advance(download, to: range) }
    }
    try await begin(
      download, DownloadRequest(ticket: ticket, trackers: [], peers: [], pieces: pieces, patience: wait))
    return DownloadStream(download, pieces)
  }

  private func begin(_ download: Download, _ request: DownloadRequest) async throws(ShoalError) {
    let ticket = request.ticket
    guard !Task.isCancelled else { throw ShoalError.closed("the task was cancelled") }
    var failure: ShoalError?
    func places(_ texts: [String], defaultPort: UInt16) -> [Resolver.HostPort] {
      texts.compactMap { text in
        do throws(ShoalError) { return try Peer.place(text, defaultPort: defaultPort) } catch { failure = error }
        return nil
      }
    }
    let peers = places(ticket.peers, defaultPort: Peer.defaultPort)
    // The author of a ticket must not be able to make us contact any number of strangers.
    let trackers = places(Array(ticket.trackers.prefix(Peer.ticketTrackers)), defaultPort: Tracker.defaultPort)
    // An address in the ticket that cannot be read matters only if no other can be.
    if let failure, peers.isEmpty, trackers.isEmpty { throw failure }
    let leftOut = ticket.trackers.count - Peer.ticketTrackers
    var placed = request
    (placed.trackers, placed.peers) = (trackers, peers)
    let begun: Void? = await node.ask { [placed] loop in
      if leftOut > 0 { loop.onPeerEvent?(.trackersLeftOut(leftOut)) }
      loop.begin(download, placed)
    }
    guard begun != nil else { throw ShoalError.closed() }
  }

  /// The downloads under way, and those that are finished and served to others, oldest first. Downloads that failed or
  /// were cancelled or removed are not among them, nor finished ones whose content was not kept.
  public var downloads: [Download] {
    get async { await node.ask { $0.allDownloads } ?? [] }
  }

  // MARK: Questions

  /// Asks the trackers which files have this name.
  public func find(name: String) async throws(ShoalError) -> [FoundFile] {
    try await answer { loop, answer in
      loop.find(name, until: answer.abandoned) { answer.give($0) }
    }
  }

  /// Asks the trackers who has a file, or one chunk of it, and which chunks they have (the original's
  /// `get_peers_for_file`).
  public func lookup(id: Digest, chunk: Int? = nil) async throws(ShoalError) -> LookupResult {
    var result: LookupResult = try await answer { loop, answer in
      loop.lookup(id, chunk, until: answer.abandoned) { answer.give($0) }
    }
    for i in result.peers.indices {
      let peer = result.peers[i]
      let chunks = Int(peer.cut.chunks)
      if peer.isComplete {
        result.peers[i].chunks = chunks > 0 ? Swift.RangeSet(0..<chunks) : Swift.RangeSet()
      } else if peer.have > 0 {
        let set: BitSet? = try await answer { loop, answer in
          loop.map(id, peer.address, chunks, until: answer.abandoned) { answer.give(.success($0)) }
        }
        result.peers[i].chunks = set.map { Swift.RangeSet<Int>($0) }
      } else {
        result.peers[i].chunks = Swift.RangeSet()
      }
    }
    return result
  }

  /// Asks the tracker for a page of the files that it lists: `after` is 0 for the first, otherwise the `next` of the
  /// page before.
  package func list(after: UInt64) async throws(ShoalError) -> ListedFiles {
    try await answer { loop, answer in loop.list(after: after, until: answer.abandoned) { answer.give($0) } }
  }

  /// Waits for the loop's answer, unless the task is cancelled.
  private func answer<Value: Sendable>(
    _ question: @escaping @Sendable (PeerLoop, Answer<Value>) -> Void
  ) async throws(ShoalError) -> Value {
    let answer = Answer<Value>()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        answer.wait(continuation)
        if !node.post({ question($0, answer) }) { answer.give(.failure(ShoalError.closed())) }
      }
    } onCancel: {
      answer.abandoned.set()
      answer.give(.failure(ShoalError.closed("the task was cancelled")))
      node.post { $0.forgetAbandonedQuestions() }
    }
    return try result.get()
  }

  // MARK: The rest

  /// The counters so far; all zero if the peer is closed.
  public func statistics() async -> PeerStatistics { await node.ask { $0.statistics } ?? PeerStatistics() }

  /// If the system refuses to send to every known tracker and peer, the reason in words, such as that there is no route
  /// or that a firewall on this machine forbids it; otherwise nil.
  public func obstacle() async -> String? { await node.ask { $0.obstacle } ?? nil }

  /// Deregisters from all trackers, closes the connections to all peers, both within two seconds, and stops. Unfinished
  /// downloads fail with `stopped`. Closing a second time waits for the first close and does nothing more.
  public func close() async {
    await node.close { [buffer] in buffer.finish() }
  }

  private static func place(
    _ text: String, defaultPort: UInt16, option: ShoalError.Option? = nil
  ) throws(ShoalError) -> Resolver.HostPort {
    do {
      let place = try Resolver.parse(text, defaultPort: defaultPort)
      guard !place.host.isEmpty else { throw ResolverError.missingHost(text) }
      return place
    } catch { throw ShoalError(.badAddress, "\(text): \(error); check the address", option: option) }
  }
}
