import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// The event loop of a tracker that has a port of its own.
final class TrackerLoop: EventLoop {
  let port: DatagramPort
  var service: TrackerService
  var farewell = Farewell()
  /// Called when the capture can no longer be written.
  var onCaptureFailure: ((SystemError) -> Void)?
  /// Called with events of the state file.
  var onNews: ((TrackerEvent) -> Void)?

  init(_ start: LoopStart, _ options: NodeOptions, _ node: Node<TrackerLoop>) {
    var secrets = SecretGenerator(key: Digest(SystemRandom.bytes(32).span))
    port = DatagramPort(
      start.socket, options.link, linkSeed: options.linkSeed ?? secrets.next(), mtu: Limits.smallestDatagram,
      start.takeCapture(), at: SystemClock.now(), batch: 64)
    let state = options.trackerState.map { path in
      TrackerStateFile(path) { [node] body in node.post { $0.service.withState(body) } }
    }
    service = TrackerService(&secrets, memory: options.trackerMemory, state: state)
  }

  var deadline: Instant { service.deadline }
  var leastRoundTrip: Nanoseconds? { nil }

  static var readsAhead: Bool { true }

  func expect(_ datagram: Span<UInt8>, from peer: Address) { service.expect(datagram, from: peer) }

  func readAhead() { service.readAhead() }

  func receive(_ datagram: Span<UInt8>, from peer: Address, at now: Instant) {
    service.isPressed = port.isPressed
    _ = service.receive(datagram, from: peer, at: now)
  }

  /// Ignored: the sender repeats a request that gets no answer.
  func receiveCorrupt(from peer: Address, at now: Instant) {}

  func expire(at now: Instant) {
    service.expire(at: now)
    // Before anything is sent, so that a registration that was confirmed outlives this process.
    service.keepState(at: now)
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
    if let onNews { for event in service.takeNews() { onNews(event) } }
  }

  /// Does nothing: a tracker sends no farewells.
  func stop(at now: Instant) {}
  var isQuiet: Bool { true }
  func end() {}
}
