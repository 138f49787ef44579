import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalTransport
import ShoalWire

/// The event loop of a tracker that has a port of its own.
final class TrackerLoop: EventLoop {
  let port: DatagramPort
  private var service: TrackerService
  var farewell = Farewell()
  /// Called when the capture can no longer be written.
  var onCaptureFailure: ((SystemError) -> Void)?

  private let team: TrackerTeam
  private let worker: Int
  /// What is to be handed over to each of the other workers.
  private var outgoing: [Handover]
  /// Requests that were dropped because too many were handed over.
  private var dropped = 0

  init(_ start: LoopStart, _ options: NodeOptions, _ team: TrackerTeam) {
    (self.team, worker) = (team, options.trackerWorker)
    outgoing = Array(repeating: Handover(), count: team.count)
    var secrets = SecretGenerator(key: Digest(SystemRandom.bytes(32).span))
    port = DatagramPort(
      start.socket, options.link, linkSeed: options.linkSeed ?? secrets.next(), mtu: Limits.smallestDatagram,
      start.takeCapture(), at: SystemClock.now(), batch: TrackerLoop.batch, buffer: TrackerLoop.bufferSize)
    service = TrackerService(&secrets, options, team)
    // The last has just joined the others.
    if worker > 0, worker == team.count - 1 { start.socket.steer(by: team.part(worker)) }
  }

  /// More than a request has. An odd number of the processor's cache lines spreads the buffers over its cache.
  private static let bufferSize = 21 * 64
  /// The requests that are received at once.
  private static let batch = 64

  static var socketOptions: UDPSocket.Options {
    var options = UDPSocket.Options()
    options.sendBuffer = 2 << 20
    options.coalesces = false
    return options
  }

  var deadline: Instant { service.deadline }
  var leastRoundTrip: Nanoseconds? { nil }

  static var readsAhead: Bool { true }

  func expect(_ datagram: Span<UInt8>, from peer: Address) { service.expect(datagram, from: peer) }

  func readAhead() { service.readAhead() }

  func receive(_ datagram: Span<UInt8>, from peer: Address, at now: Instant) {
    service.isPressed = port.isPressed
    if let owner = service.owner(of: datagram, from: peer, at: now) {
      outgoing[owner].append(datagram, from: peer, to: port.ownAddress(towards: peer))
    } else {
      _ = service.receive(datagram, from: peer, at: now)
    }
  }

  /// Takes what other workers have handed over.
  func takeHandover() {
    let handover = team.take(worker)
    let now = SystemClock.now()
    for (index, request) in handover.requests.enumerated() {
      if index % TrackerLoop.batch == 0 { prepare(handover, from: index) }
      if let own = request.own { port.note(own, towards: request.peer) }
      _ = service.receive(handover.bytes.span.extracting(request.range), from: request.peer, at: now)
    }
    for (search, own) in handover.searches {
      if let own { port.note(own, towards: search.peer) }
      service.resume(search, at: now)
    }
  }

  private func prepare(_ handover: Handover, from first: Int) {
    for request in handover.requests[first..<min(first + TrackerLoop.batch, handover.requests.count)] {
      service.expect(handover.bytes.span.extracting(request.range), from: request.peer)
    }
    service.readAhead()
  }

  private func handOver() {
    while let search = service.nextSearch() {
      outgoing[(worker + 1) % team.count].append(search, to: port.ownAddress(towards: search.peer))
    }
    for other in outgoing.indices where outgoing[other].count > 0 {
      var requests = Handover()
      swap(&requests, &outgoing[other])
      dropped += team.hand(requests, to: other)
    }
    service.listedElsewhere = team.list(service.listedCount, of: worker)
  }

  /// Ignored: the sender repeats a request that gets no answer.
  func receiveCorrupt(from peer: Address, at now: Instant) {}

  func expire(at now: Instant) {
    service.expire(at: now)
    // Before anything is sent: a registration that was confirmed is to outlive this process.
    service.keepState(at: now)
    if team.count > 1 { handOver() }
  }

  func nextTransmit(into room: inout MutableSpan<UInt8>, at now: Instant) -> Transmit? {
    service.nextTransmit(into: &room, at: now)
  }

  /// There is nothing to gather: replies are written whole.
  func gather(
    _ payload: Payload, ahead: Int, into room: inout MutableSpan<UInt8>, _ checksum: inout UInt32
  ) -> Bool { false }

  func endTurn() {
    if let failure = port.flushCapture() { onCaptureFailure?(failure) }
  }

  /// From now on, events are passed to `listener`.
  func listen(_ listener: @escaping (RegistrarEvent) -> Void) { service.listener = listener }

  /// Begins to hand a snapshot over to the state file.
  func beginSnapshot(_ number: Int) { service.beginSnapshot(number) }

  /// A snapshot now.
  var standing: TrackerStanding {
    var standing = service.standing
    (standing.corrupt, standing.notTaken) = (port.corrupt, dropped)
    return standing
  }

  /// Does nothing: a tracker sends no farewells.
  func stop(at now: Instant) {}
  var isQuiet: Bool { true }
  func end() {
    team.end()
    service.end(at: SystemClock.now())
  }
}
