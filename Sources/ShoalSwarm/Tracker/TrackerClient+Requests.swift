import ShoalBase
import ShoalContent
import ShoalWire

extension TrackerClient {
  /// Begins a request: collects what it reports about a file, after which it is ready to be sent.
  mutating func start(_ request: TrackerRequest) {
    var transaction = TrackerTransaction(id: random.next(), request: request)
    switch request {
    case .register(let id):
      guard let share = shares[id] else { return }
      if share.isSeeking || !share.have.isComplete { transaction.query = query(share) }
      transaction.tell(share.have, beside: register(id, transaction))
    case .update(let id):
      guard let share = shares[id] else { return }
      if share.isSeeking { transaction.query = query(share) }
      transaction.tell(share.have.subtracting(share.reported), beside: update(id, transaction))
    case .map(_, _, let chunks): transaction.map = BitSet(capacity: chunks)
    case .deregister, .find, .lookup, .list: break
    }
    if let id = request.registration { shares[id]?.isBusy = true }
    transactions.append(transaction)
  }

  /// The transaction after one more try, waiting for its answer.
  mutating func tried(_ transaction: TrackerTransaction, at now: Instant) -> TrackerTransaction {
    if case .register(let id) = transaction.request { shares[id]?.isKnown = true }
    var transaction = transaction
    count(&transaction)
    wait(for: &transaction, nil, at: now)
    return transaction
  }

  /// Counts one more try.
  mutating func count(_ transaction: inout TrackerTransaction) {
    if transaction.tries == 0 { counters.requests += 1 } else { counters.retries += 1 }
    transaction.tries += 1
  }

  /// Sends the request now, and again after a pause; if that is nil, after one that grows with the tries.
  mutating func wait(for transaction: inout TrackerTransaction, _ pause: Nanoseconds?, at now: Instant) {
    transaction.sent = now
    transaction.retry = now + (pause ?? jittered(wait(after: transaction.tries)))
  }

  /// The datagram of a transaction's request, addressed to the tracker.
  func datagram(_ transaction: TrackerTransaction, to address: Address) -> (to: Address, bytes: [UInt8])? {
    (try? encode(transaction)).map { (address, $0) }
  }

  private func encode(_ transaction: TrackerTransaction) throws(WireError) -> [UInt8] {
    let cookie = cookie?.value ?? 0
    switch transaction.request {
    case nil: return try ConnectPacket().encoded(connection: transaction.id)
    case .register(let id): return try register(id, transaction).encoded(connection: transaction.id)
    case .update(let id): return try update(id, transaction).encoded(connection: transaction.id)
    case .deregister(let id):
      var packet = DeregisterPacket()
      packet.cookie = cookie
      packet.id = id
      return try packet.encoded(connection: transaction.id)
    case .find(let name):
      var packet = FindPacket()
      packet.cookie = cookie
      packet.name = name
      return try packet.encoded(connection: transaction.id)
    case .lookup(let id, let chunk, let most):
      var packet = LookupPacket()
      packet.cookie = cookie
      packet.id = id
      packet.chunk = chunk
      packet.most = most
      return try packet.encoded(connection: transaction.id)
    case .map(let id, let address, _):
      var packet = MapPacket()
      packet.cookie = cookie
      packet.id = id
      packet.address = address
      packet.first = UInt32(transaction.first)
      return try packet.encoded(connection: transaction.id)
    case .list(let after):
      var packet = ListPacket()
      packet.cookie = cookie
      packet.after = after
      return try packet.encoded(connection: transaction.id)
    }
  }

  private func query(_ share: TrackerShare) -> PeerQuery {
    PeerQuery(want: configuration.wantedPeers, cursor: share.cursor)
  }

  private func register(_ id: Digest, _ transaction: TrackerTransaction) -> RegisterPacket {
    var packet = RegisterPacket()
    packet.cookie = cookie?.value ?? 0
    packet.id = id
    packet.cut = shares[id]?.cut ?? Cut()
    packet.name = shares[id]?.name ?? ""
    packet.have = transaction.runs
    packet.query = transaction.query
    return packet
  }

  private func update(_ id: Digest, _ transaction: TrackerTransaction) -> UpdatePacket {
    var packet = UpdatePacket()
    packet.cookie = cookie?.value ?? 0
    packet.id = id
    packet.gained = transaction.runs
    packet.query = transaction.query
    return packet
  }
}

extension TrackerTransaction {
  /// Adds as many of these chunks as a tracker takes at once, and as fit into a datagram together with the rest of
  /// `packet`.
  fileprivate mutating func tell(_ chunks: BitSet, beside packet: some Packet) {
    let (runs, end) = chunks.runs(
      from: 0, fitting: Limits.smallestDatagram - packet.encodedSize, most: Limits.trackedRuns)
    self.runs = runs
    isWhole = end == chunks.capacity
  }
}

extension TrackerRequest {
  /// The file whose registration this request is about.
  var registration: Digest? {
    switch self {
    case .register(let id), .update(let id), .deregister(let id): id
    case .find, .lookup, .map, .list: nil
    }
  }
}
