import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// A bare endpoint that connects to one peer in order to measure the path.
final class ProbeLoop: EventLoop {
  let port: DatagramPort
  var farewell = Farewell()
  private var endpoint: Endpoint
  private var connection: ConnectionID?
  private var nextAt = Instant.distantFuture
  private var isOpen = false
  /// The last status of the connection while it was open: the peer closes it after a while, since nothing is wanted on
  /// it.
  private var latest: ConnectionStatus?
  private var failure: (code: UInt16, reason: String)?

  init(_ start: LoopStart, _ options: NodeOptions, _ node: Node<ProbeLoop>) {
    var secrets = SecretGenerator(key: Digest(SystemRandom.bytes(32).span))
    port = DatagramPort(
      start.socket, options.link, linkSeed: secrets.next(), mtu: options.swarm.transport.mtu, start.takeCapture(),
      at: SystemClock.now())
    endpoint = Endpoint(options.swarm.transport, secrets: secrets)
  }

  func open(_ address: Address) { connection = endpoint.open(to: address, at: SystemClock.now()) }

  /// What is known of the path so far.
  func finding(towards address: Address) -> PathFinding {
    PathFinding(
      isOpen: isOpen, status: latest,
      failure: failure.map { "\(CloseReason(code: $0.code, $0.reason).kind)" }, refusal: port.refusal(towards: address))
  }

  var deadline: Instant { min(endpoint.deadline, nextAt) }
  var leastRoundTrip: Nanoseconds? { nil }

  func receive(_ datagram: Span<UInt8>, from peer: Address, at now: Instant) {
    endpoint.receive(datagram, from: peer, at: now)
    takeEvents(at: now)
  }

  func receiveCorrupt(from peer: Address, at now: Instant) { endpoint.receiveCorrupt(from: peer, at: now) }

  func expire(at now: Instant) {
    endpoint.expire(at: now)
    takeEvents(at: now)
    guard nextAt <= now, let connection else { return }
    if let status = endpoint.status(connection), status.roundTrip != nil { latest = status }
    // Each is a packet of its own, which the peer acknowledges and otherwise ignores.
    var cancel = Cancel()
    cancel.file = .max
    if let message = try? cancel.encoded() { endpoint.send(message, on: connection) }
    nextAt = now + ProbeLoop.pace
  }

  private static let pace = 10 * Nanoseconds.millisecond

  private func takeEvents(at now: Instant) {
    while let event = endpoint.nextEvent() {
      switch event {
      case .opened:
        isOpen = true
        nextAt = now
        guard let connection, let address = endpoint.address(connection) else { continue }
        guard let mtu = LocalAddresses.mtu(towards: address) else { continue }
        let range = TransportConfiguration.mtuRange
        let allowed = min(max(mtu, range.lowerBound), range.upperBound)
        port.allow(mtu: allowed)
        endpoint.allow(mtu: allowed, on: connection, at: now)
      case .closed(let id, let code, _):
        failure = (code, endpoint.closeDetail(id).reason)
        nextAt = .distantFuture
      case .message, .block: break
      }
    }
  }

  func nextTransmit(into room: inout MutableSpan<UInt8>, at now: Instant) -> Transmit? {
    endpoint.nextTransmit(into: &room, at: now)
  }

  func gather(
    _ payload: Payload, ahead: Int, into room: inout MutableSpan<UInt8>, _ checksum: inout UInt32
  ) -> Bool { false }

  func endTurn() { _ = port.flushCapture() }

  func stop(at now: Instant) {
    nextAt = .distantFuture
    if let connection { endpoint.close(connection, .done, at: now) }
  }

  var isQuiet: Bool { true }
  func end() {}
}

/// What was measured of a path.
package struct PathFinding: Sendable {
  /// Whether the peer has answered.
  package var isOpen: Bool
  /// The status of the connection.
  package var status: ConnectionStatus?
  /// Why it has ended, if it has.
  package var failure: String?
  /// Why the system refuses to send there, if it does.
  package var refusal: String?

  /// A finding with these values.
  package init(isOpen: Bool, status: ConnectionStatus? = nil, failure: String? = nil, refusal: String? = nil) {
    (self.isOpen, self.status, self.failure, self.refusal) = (isOpen, status, failure, refusal)
  }

  /// Connects to an address for `seconds`, and sends a hundred small packets a second.
  package static func look(at address: Address, seconds: Double) async throws(ShoalError) -> PathFinding? {
    let options = NodeOptions(listen: address.isIPv4 ? "0.0.0.0:0" : "[::]:0")
    let node = try Node(options) { ProbeLoop($0, options, $1) }
    await node.ask { $0.open(address) }
    for _ in 0..<100 {
      guard let first = await node.ask({ $0.finding(towards: address) }), first.failure == nil else { break }
      if first.status?.roundTrip != nil { break }
      try? await Task.sleep(for: .milliseconds(50))
    }
    try? await Task.sleep(for: .seconds(seconds))
    let finding = await node.ask { $0.finding(towards: address) }
    await node.close {}
    return finding
  }
}
