import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalWire

/// A peer: serves files, fetches files from others, and does both at the same time.
///
/// ```swift
/// import Shoal
///
/// // One side serves a file, with a tracker of its own.
/// let origin = try Peer.start(NodeOptions(listen: "127.0.0.1:0", runsTracker: true))
/// let share = try await origin.share("film.mkv")
/// print(share.ticket)
///
/// // The other fetches it by its ticket.
/// let peer = try Peer.start(NodeOptions(listen: "127.0.0.1:0"))
/// let download = try await peer.download(share.ticket, to: .file("copy.mkv"))
/// for try await progress in download.progress {
///   print(progress.phase, progress.bytes, "of", progress.total)
/// }
/// await peer.close()
/// await origin.close()
/// ```
public final class Peer: Sendable {
  let node: Node<PeerLoop>
  private let runsTracker: Bool
  /// What happens besides the progress of downloads.
  public let events: AsyncStream<PeerEvent>

  /// Starts a peer without files.
  public static func start(_ options: NodeOptions = NodeOptions()) throws(ShoalError) -> Peer {
    Peer(try Node(options), options)
  }

  private init(_ node: Node<PeerLoop>, _ options: NodeOptions) {
    self.node = node
    runsTracker = options.runsTracker
    let buffer = EventBuffer<PeerEvent>(limit: 1_000) { .omitted(count: $0) }
    events = buffer.stream
    node.post { loop in loop.onPeerEvent = { buffer.push($0) } }
  }

  /// A peer that nobody holds stops, as by `close`.
  deinit { node.post { $0.close {} } }

  /// Where it listens; unspecified (`0.0.0.0` or `[::]`) if at all of the machine's addresses.
  public var address: Address { node.address }

  /// The addresses at which others can reach this peer, the likeliest first (the original's `get_local_ip`).
  public var reachableAddresses: [Address] { LocalAddresses.reachable(node.address) }

  /// The receive buffer that the system granted, and what was asked for, in bytes.
  public var receiveBuffer: (granted: Int, asked: Int) { node.receiveBuffer }

  /// Registers all files with a tracker, `host:port`, from now on, and asks it for peers.
  ///
  /// Its name is resolved now, and again when the tracker falls silent and every minute; all addresses that it has are
  /// tried. While it cannot be resolved that is tried again, less and less often, and `PeerEvent.unresolved` says why.
  public func add(tracker: String) async throws {
    let place = try Peer.place(tracker, defaultPort: Peer.trackerPort)
    node.post { loop in loop.add(tracker: place) }
  }

  /// The port of a tracker, where none is said.
  public static let trackerPort: UInt16 = 7400
  /// The most trackers of one ticket that are asked.
  public static let ticketTrackers = 8
  /// The port of a peer, where none is said.
  public static let peerPort: UInt16 = 7401

  /// Cuts a file into chunks, hashes it and serves it from then on. `onHashed` is told of bytes done, of how many.
  public func share(
    _ path: String, chunking: Chunking = .automatic,
    onHashed: @escaping @Sendable (UInt64, UInt64) -> Void = { _, _ in }
  ) async throws -> Share {
    let name = path.unicodeScalars.split(separator: "/").last.map { String($0) } ?? path
    let hashed = await withCheckedContinuation { continuation in
      let isRunning = node.post { loop in
        loop.share(path, chunking, name: name, onHashed: onHashed) { continuation.resume(returning: $0) }
      }
      if !isRunning { continuation.resume(returning: .failure(ShoalError(.stopped, "the peer was closed"))) }
    }
    let manifest = try hashed.get()
    var ticket = Ticket(id: manifest.id, name: name, cut: manifest.cut)
    let own = reachableAddresses.map { "\($0)" }
    if runsTracker { ticket.trackers = own }
    // Whoever has the ticket can ask at once, and need not wait for a tracker's answer that may be lost.
    ticket.peers = own
    return Share(id: manifest.id, name: name, cut: manifest.cut, ticket: ticket)
  }

  /// Fetches a file from all peers that the ticket's peers and trackers, and those added, know of.
  ///
  /// What is on its way is in `NAME.part` beside the destination, and is gone on from if it is there. An existing
  /// file of other content is an error, unless `replacing`; so is a `NAME.part` that no download of this file left.
  /// Fails once no name in the ticket or of a tracker leads anywhere and none is going to.
  /// With `patience`, the download fails once nothing has come for so long; without, it waits for peers for ever.
  public func download(
    _ ticket: Ticket, to destination: Destination, replacing: Bool = false, patience: Duration? = nil
  ) async throws -> Download {
    var failure: ShoalError?
    func places(_ texts: [String], defaultPort: UInt16) -> [Resolver.HostPort] {
      texts.compactMap { text in
        do throws(ShoalError) { return try Peer.place(text, defaultPort: defaultPort) } catch { failure = error }
        return nil
      }
    }
    let peers = places(ticket.peers, defaultPort: Peer.peerPort)
    // Whoever wrote the ticket must not have us ask as many strangers as it can name.
    let trackers = places(Array(ticket.trackers.prefix(Peer.ticketTrackers)), defaultPort: Peer.trackerPort)
    // A part of a ticket that cannot be read matters only if nothing else can be.
    if let failure, peers.isEmpty, trackers.isEmpty { throw failure }
    let leftOut = ticket.trackers.count - Peer.ticketTrackers
    if leftOut > 0 { node.post { loop in loop.onPeerEvent?(.trackersLeftOut(leftOut)) } }
    let download = Download(node)
    node.post { loop in
      loop.begin(
        download, ticket, trackers: trackers, peers: peers, destination, replacing: replacing, patience: patience)
    }
    return download
  }

  /// Asks the trackers which files have a name.
  public func find(name: String) async throws -> [FoundFile] {
    try await withCheckedThrowingContinuation { continuation in
      let isRunning = node.post { loop in loop.find(name) { continuation.resume(with: $0) } }
      if !isRunning { continuation.resume(throwing: ShoalError(.stopped, "the peer was closed")) }
    }
  }

  /// Asks the trackers who has a file, or one chunk of it (the original's `get_peers_for_file`), and which chunks.
  public func lookup(id: Digest, chunk: Int? = nil) async throws -> LookupResult {
    var result = try await withCheckedThrowingContinuation { continuation in
      let isRunning = node.post { loop in loop.lookup(id, chunk) { continuation.resume(with: $0) } }
      if !isRunning { continuation.resume(throwing: ShoalError(.stopped, "the peer was closed")) }
    }
    for i in result.peers.indices {
      let peer = result.peers[i]
      if peer.isComplete {
        result.peers[i].chunks = .full(capacity: peer.have)
      } else if peer.have > 0 {
        result.peers[i].chunks = await withCheckedContinuation { continuation in
          let isRunning = node.post { loop in
            loop.map(id, peer.address, Int(peer.cut.chunks)) { continuation.resume(returning: $0) }
          }
          if !isRunning { continuation.resume(returning: nil) }
        }
      } else {
        result.peers[i].chunks = BitSet(capacity: Int(peer.cut.chunks))
      }
    }
    return result
  }

  /// What was counted so far.
  public func statistics() async -> NodeStatistics { await node.ask { $0.statistics } ?? NodeStatistics() }

  /// Why the system sends nothing to any tracker or peer that is known, in words: there is no route, or a firewall of
  /// this machine, say; nil if that is not so.
  public func obstacle() async -> String? { await node.ask { $0.obstacle } ?? nil }

  /// Deregisters from all trackers, says goodbye to all peers, for two seconds at most, and stops.
  public func close() async {
    await withCheckedContinuation { continuation in
      if !node.post({ $0.close { continuation.resume() } }) { continuation.resume() }
    }
  }

  private static func place(_ text: String, defaultPort: UInt16) throws(ShoalError) -> Resolver.HostPort {
    do {
      let place = try Resolver.parse(text, defaultPort: defaultPort)
      guard !place.host.isEmpty else { throw ResolverError.missingHost(text) }
      return place
    } catch { throw ShoalError(.badAddress, "\(text): \(error); check the address") }
  }
}
