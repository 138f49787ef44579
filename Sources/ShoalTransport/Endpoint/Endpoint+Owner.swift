import ShoalBase
import ShoalWire

// The owner's operations on an endpoint.
extension Endpoint {
  /// Begins a connection; nil if there are too many. `.opened` or `.closed` follows.
  package mutating func open(to address: Address, at now: Instant) -> ConnectionID? {
    guard address.isUsable else { return nil }
    if let slot = givenUp.first(where: { connections[$0].address == address }) {
      givenUp.removeAll { $0 == slot }
      connections[slot].openAgain(at: now)
      turns.add(slot)
      return connections.id(slot)
    }
    if connections.isFull, !givenUp.isEmpty { remove(givenUp[0]) }
    guard !connections.isFull else { return nil }
    return connections.id(insert(address, open: nil, .own, at: now))
  }

  /// Queues an encoded message, of at most `MessageType.longest` bytes; false if the connection is over.
  @discardableResult
  package mutating func send(_ message: [UInt8], on id: ConnectionID) -> Bool {
    precondition(message.count <= MessageType.longest)
    guard let slot = usable(id) else { return false }
    turns.add(slot)
    guard hosts.mayTake(message.count, connections[slot].host) else {
      connections[slot].overdraw()
      return false
    }
    connections[slot].enqueue(message)
    account(slot)
    return true
  }

  /// Puts a message into the OPEN of a connection that was begun just now; the peer gets it once, before any other.
  /// False if it cannot be in OPEN: then it is to be sent later.
  package mutating func sendEarly(_ message: [UInt8], on id: ConnectionID) -> Bool {
    usable(id).map { connections[$0].enqueueEarly(message) } ?? false
  }

  /// The messages in the OPENs of a connection that this endpoint has begun.
  package func early(_ id: ConnectionID) -> [UInt8] {
    usable(id).map { connections[$0].byPeer ? [] : connections[$0].handshake.early } ?? []
  }

  /// The messages that came in the peer's OPEN, for the owner to take once it knows of the connection.
  package mutating func takeEarly(_ id: ConnectionID) -> [UInt8] {
    usable(id).map { connections[$0].takeEarly() } ?? []
  }

  /// Queues bytes of a file; false if the connection is over.
  @discardableResult
  package mutating func send(_ range: Payload, on id: ConnectionID) -> Bool {
    guard range.length > 0, let slot = usable(id) else { return false }
    if connections[slot].queue.bytes == 0 { pacer.gave(slot) }
    connections[slot].enqueue(range)
    turns.add(slot)
    return true
  }

  /// Forgets queued bytes of a file that overlap these, except where that would leave more than `limit` ranges waiting.
  package mutating func cancel(file: UInt16, space: UInt8, ranges: [RangeField], limit: Int, on id: ConnectionID) {
    guard let slot = usable(id) else { return }
    connections[slot].cancel(file: file, space: space, ranges: ranges, limit: limit)
  }

  /// Forgets all that is queued of a file.
  package mutating func cancel(file: UInt16, on id: ConnectionID) {
    guard let slot = usable(id) else { return }
    connections[slot].cancel(file: file)
  }

  /// Deducts work that a peer has caused from its next turns.
  package mutating func charge(_ work: Int, to id: ConnectionID) {
    guard let slot = connections.slot(id) else { return }
    turns.charge(work, to: slot)
  }

  /// Ends a connection at once; no event follows.
  package mutating func close(_ id: ConnectionID, _ code: CloseCode, _ reason: String = "", at now: Instant) {
    guard let slot = connections.slot(id) else { return }
    connections[slot].close(code.rawValue, reason, on: .ownerEnds, at: now)
    turns.add(slot)
  }

  /// Notes that the interface towards the peer takes IP packets of `mtu` bytes: the path is searched anew, up to that
  /// size, unless that is already the limit of its search. Call it when the connection opens, before anything is sent.
  package mutating func allow(mtu: Int, on id: ConnectionID, at now: Instant) {
    guard let slot = usable(id) else { return }
    connections[slot].allow(mtu: mtu, at: now)
    turns.add(slot)
  }

  /// The smoothed round trip of a connection; nil before its first sample.
  package func roundTrip(_ id: ConnectionID) -> Nanoseconds? {
    guard let slot = connections.slot(id), connections[slot].path.roundTrip.hasSample else { return nil }
    return connections[slot].path.roundTrip.smoothed
  }

  /// The least round trip that a connection has seen; nil before its first sample.
  package func leastRoundTrip(_ id: ConnectionID) -> Nanoseconds? {
    connections.slot(id).flatMap { connections[$0].path.roundTrip.minimum }
  }

  /// The status of a connection; nil if it is gone.
  package func status(_ id: ConnectionID) -> ConnectionStatus? {
    connections.slot(id).map { connections[$0].status }
  }

  /// The packets of a connection that were declared lost since the last call, at most 16,384; none unless
  /// `TransportConfiguration.recordsLosses`. Nil if the connection is gone.
  package mutating func takeLosses(_ id: ConnectionID) -> [LossVerdict]? {
    connections.slot(id).map { connections[$0].sendWindow.log.take() }
  }

  /// The bytes and the ranges of files, and the messages, that are waiting on a connection.
  package func queued(_ id: ConnectionID) -> (bytes: Int, ranges: Int, messages: Int) {
    guard let slot = connections.slot(id) else { return (0, 0, 0) }
    return (connections[slot].queue.bytes, connections[slot].queue.rangeCount, connections[slot].queue.messageCount)
  }

  /// Limits the content of all connections together, in bytes of datagrams per second; infinite for no limit.
  package mutating func paceContent(at rate: Double) {
    pacer.rate = rate
    if !rate.isFinite { while let slot = pacer.release() { turns.add(slot) } }
  }

  /// The bytes of content that wait only for that rate.
  package var held: Int {
    pacer.held.reduce(0) { $0 + connections[$1].queue.bytes }
  }

  /// How a connection sends; nil if it is over.
  package func sending(_ id: ConnectionID) -> Sending? {
    usable(id).map { slot in
      let roundTrip = connections[slot].path.roundTrip
      let congestion = connections[slot].path.congestion
      let perRoundTrip = Double(congestion.window) * 1e9 / Double(roundTrip.smoothed)
      return Sending(
        unsent: connections[slot].queue.bytes, window: congestion.window,
        roundTrip: roundTrip.hasSample ? roundTrip.smoothed : nil,
        rate: roundTrip.hasSample ? min(perRoundTrip, congestion.pacingRate) : Double(congestion.window) * 10)
    }
  }

  /// How long packets wait in queues on the way to the peer, to judge by the growth of the round trip and of the delay
  /// on the way back; nil if the last sample is not recent.
  package func queueing(_ id: ConnectionID, at now: Instant) -> Nanoseconds? {
    connections.slot(id).flatMap { connections[$0].path.queueing(at: now) }
  }

  /// The bytes of datagrams that are known to have arrived at a peer.
  package func delivered(_ id: ConnectionID) -> UInt64 {
    connections.slot(id).map { connections[$0].sendWindow.rate.delivered } ?? 0
  }

  /// The peer's address; nil if the connection is gone.
  package func address(_ id: ConnectionID) -> Address? {
    connections.slot(id).map { connections[$0].address }
  }

  /// The ids of a connection; nil before the handshake is complete.
  package func ids(_ id: ConnectionID) -> ConnectionIDs? {
    guard let slot = usable(id), connections[slot].remoteID != 0 else { return nil }
    let (local, remote) = (connections[slot].localID, connections[slot].remoteID)
    return connections[slot].byPeer
      ? ConnectionIDs(opener: remote, responder: local) : ConnectionIDs(opener: local, responder: remote)
  }

  /// How many intact datagrams have arrived on a connection.
  package func received(_ id: ConnectionID) -> Int {
    connections.slot(id).map { connections[$0].counters.received } ?? 0
  }

  /// The reason in the peer's CLOSE, for people and not to be trusted, and the versions it speaks if none is ours.
  package func closeDetail(_ id: ConnectionID) -> (reason: String, versions: ClosedRange<UInt8>?) {
    guard let slot = connections.slot(id) else { return ("", nil) }
    return (connections[slot].closing.reason, connections[slot].closing.versions)
  }

  /// The sum over all connections, past and present.
  package var counters: TransportCounters {
    var sum = past
    for slot in connections.slotsInUse { sum += connections[slot].counters }
    sum.corrupt = corrupt
    return sum
  }

  /// The number of connections whose handshake is complete and which are not closing.
  package var establishedCount: Int {
    connections.slotsInUse.count { connections[$0].state == .established }
  }
}
