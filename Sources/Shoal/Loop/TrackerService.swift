import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalTransport
import ShoalWire

/// A tracker run by a loop, alone or beside a peer on the same port, with the buffer for its events.
struct TrackerService: ~Copyable {
  private var tracker: Registrar
  var listener: ((RegistrarEvent) -> Void)?

  private let state: TrackerStateFile?

  /// A tracker that continues from its state file, if it has one, and keeps its registrations there.
  init(_ secrets: inout SecretGenerator, memory: Int? = nil, state: TrackerStateFile? = nil) {
    let known = state?.open()
    let configuration = memory.map { RegistrarConfiguration(memory: $0) } ?? RegistrarConfiguration()
    tracker = Registrar(
      key: known?.key ?? secrets.key(for: "cookies"), seed: secrets.next(), epoch: known?.epoch,
      configuration: configuration)
    self.state = state
    guard let state else { return }
    state.restore(&tracker, at: SystemClock.now())
    tracker.keepState()
  }

  var deadline: Instant { min(tracker.deadline, state?.deadline ?? .distantFuture) }

  /// Whether datagrams arrive faster than they are handled.
  var isPressed: Bool {
    get { tracker.isPressed }
    set { tracker.isPressed = newValue }
  }

  /// Writes the changes to the state file.
  mutating func keepState(at now: Instant) { state?.keep(&tracker, at: now) }

  /// A snapshot now.
  var standing: TrackerStanding {
    TrackerStanding(
      files: tracker.fileCount, registrations: tracker.registrationCount, mapBytes: tracker.mapBytes,
      memory: tracker.byteCount, counters: tracker.counters, limits: tracker.configuration,
      busiestFiles: tracker.busiestFiles(10), busiestHosts: tracker.busiestHosts(10))
  }

  /// Events of the state file, for the log.
  func takeNews() -> [TrackerEvent] { state?.takeNews() ?? [] }

  /// Hands the state file the result of a worker.
  mutating func withState(_ body: (TrackerStateFile) -> Void) { if let state { body(state) } }

  /// Takes an intact datagram that is a request to a tracker; false if it is none.
  mutating func receive(_ datagram: Span<UInt8>, from peer: Address, at now: Instant) -> Bool {
    guard Header.peek(datagram).packetType?.isTrackerRequest == true else { return false }
    tracker.receive(datagram, from: peer, at: now)
    tellEvents()
    return true
  }

  /// Notes a datagram that will be received soon.
  mutating func expect(_ datagram: Span<UInt8>, from peer: Address) { tracker.expect(datagram, from: peer) }

  /// Prepares for those that were noted.
  mutating func readAhead() { tracker.readAhead() }

  mutating func expire(at now: Instant) {
    guard tracker.deadline <= now else { return }
    tracker.expire(at: now)
    tellEvents()
  }

  /// Writes the next reply.
  mutating func nextTransmit(into room: inout MutableSpan<UInt8>, at now: Instant) -> Transmit? {
    guard let (to, count) = tracker.nextTransmit(into: &room, at: now) else { return nil }
    return Transmit(to: to, headerLength: count)
  }

  private mutating func tellEvents() {
    while let event = tracker.nextEvent() { listener?(event) }
  }
}

/// A snapshot of a tracker.
package struct TrackerStanding: Sendable {
  /// The files that it knows, and the registrations: a peer of a file.
  package var files: Int, registrations: Int
  /// The bytes of all chunk maps.
  package var mapBytes: Int
  /// The bytes of memory that they take.
  package var memory: Int
  /// Its counters.
  package var counters: RegistrarCounters
  /// Its limits.
  package let limits: RegistrarConfiguration
  /// The files that most requests of late were about, and the hosts that sent the most.
  package let busiestFiles: [TrafficShare], busiestHosts: [TrafficShare]
}

extension Tracker {
  /// A snapshot; nil once the tracker is closed.
  package func standing() async -> (TrackerStanding, corrupt: Int)? {
    await ask { ($0.service.standing, corrupt: $0.port.corrupt) }
  }
}
