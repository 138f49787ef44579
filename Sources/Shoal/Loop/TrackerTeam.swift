import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire
import Synchronization

/// The workers of a tracker: each is a loop with a socket of its own on the same port, and has a part of the files. The
/// system spreads datagrams over the sockets by the sender's address; a request about another worker's file is handed
/// over to that worker, which answers it.
final class TrackerTeam: Sendable {
  /// How many workers there are.
  let count: Int
  /// Of all of them: the secret of cookies, the epoch, and how files are divided.
  let key: Digest, epoch: UInt32?
  private let secret: UInt64
  /// Where they keep their registrations; nil if nowhere.
  let state: TrackerStateFile?
  private let workers = Mutex<[Node<TrackerLoop>]>([])
  private let inboxes: [Inbox]
  /// How many files LIST returns of each.
  private let listed: Mutex<[Int]>

  /// What others have handed over to a worker.
  private final class Inbox: Sendable {
    let content = Mutex(Handover())
  }

  /// The most requests that wait for a worker.
  private static let mostWaiting = 8_192

  init(_ options: NodeOptions) throws(ShoalError) {
    count = options.trackerWorkers
    if let path = options.trackerState {
      state = try TrackerStateFile(path, options.trackerWorkers)
    } else {
      state = nil
    }
    var secrets = SecretGenerator(key: Digest(SystemRandom.bytes(32).span))
    key = state?.known?.key ?? secrets.key(for: "cookies")
    // Workers that begin without a state must not each choose an epoch.
    epoch = state?.known?.epoch ?? UInt32(truncatingIfNeeded: secrets.next()) | 1
    secret = secrets.next()
    inboxes = (0..<options.trackerWorkers).map { _ in Inbox() }
    listed = Mutex(Array(repeating: 0, count: options.trackerWorkers))
  }

  /// The part of the files that a worker has.
  func part(_ worker: Int) -> RegistrarPart { RegistrarPart(worker, of: count, secret: secret) }

  /// All workers have begun.
  func begin(_ nodes: [Node<TrackerLoop>]) {
    workers.withLock { $0 = nodes }
    state?.begin(nodes)
  }

  /// A worker ends; nothing is handed over any more.
  func end() { workers.withLock { $0 = [] } }

  /// Hands requests over to a worker; returns how many are dropped, as too many wait there.
  func hand(_ requests: consuming Handover, to worker: Int) -> Int {
    let node = workers.withLock { $0.indices.contains(worker) ? $0[worker] : nil }
    guard let node else { return requests.count }
    let requests = requests
    let (dropped, isFirst) = inboxes[worker].content.withLock { waiting in
      guard waiting.count + requests.count <= Self.mostWaiting else { return (requests.count, false) }
      let isFirst = waiting.count == 0
      waiting.append(requests)
      return (0, isFirst)
    }
    if isFirst { node.post { $0.takeHandover() } }
    return dropped
  }

  /// What others have handed over to a worker.
  func take(_ worker: Int) -> Handover {
    inboxes[worker].content.withLock { waiting in
      defer { waiting = Handover() }
      return waiting
    }
  }

  /// Notes how many files LIST returns of a worker; returns how many of all others.
  func list(_ count: Int, of worker: Int) -> Int {
    listed.withLock { listed in
      listed[worker] = count
      return listed.reduce(0, +) - count
    }
  }
}

/// Requests that one worker hands over to another.
struct Handover: Sendable {
  /// A request, and the address of this host that it was sent to; nil if the host has only that one.
  struct Request: Sendable {
    var peer: Address
    var own: Address?
    var range: Range<Int>
  }

  private(set) var bytes: [UInt8] = []
  private(set) var requests: [Request] = []
  private(set) var searches: [(search: FileSearch, own: Address?)] = []

  /// How many there are.
  var count: Int { requests.count + searches.count }

  mutating func append(_ datagram: Span<UInt8>, from peer: Address, to own: Address?) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: datagram.count))
    var room = bytes.mutableSpan
    room.copy(datagram, to: start)
    requests.append(Request(peer: peer, own: own, range: start..<bytes.count))
  }

  mutating func append(_ search: FileSearch, to own: Address?) { searches.append((search, own)) }

  mutating func append(_ others: Handover) {
    let start = bytes.count
    bytes += others.bytes
    for var request in others.requests {
      request.range = start + request.range.lowerBound..<start + request.range.upperBound
      requests.append(request)
    }
    searches += others.searches
  }
}
