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
  /// The snapshot that is being made, and when to hand over its next part.
  private var snapshot = 0
  private var nextPart = Instant.zero
  /// The registrations that are handed over at a time: they take some 100 µs.
  private static let mostAtOnce = 256
  private static let step: Nanoseconds = .millisecond

  /// When it last had a turn. If its turns come much later than it asked for, the machine was asleep.
  private var turn = SystemClock.now()
  /// A turn comes at least this often, if any peers are registered, and is late after this much more.
  private static let longestPause: Nanoseconds = 30 * .second, mostLate: Nanoseconds = 10 * .second

  /// A tracker beside a peer.
  init(_ secrets: inout SecretGenerator) {
    tracker = Registrar(key: secrets.key(for: "cookies"), seed: secrets.next())
    state = nil
  }

  /// A worker of a team, which continues from the team's state file, if it has one, and keeps its registrations there.
  init(_ secrets: inout SecretGenerator, _ options: NodeOptions, _ team: TrackerTeam) {
    var configuration = options.trackerMemory.map { RegistrarConfiguration(memory: $0) } ?? RegistrarConfiguration()
    if let interval = options.trackerInterval { configuration.interval = interval }
    tracker = Registrar(
      key: team.key, seed: secrets.next(), epoch: team.epoch, part: team.part(options.trackerWorker),
      configuration: configuration.part(of: team.count))
    state = team.state
    guard let state else { return }
    state.restore(&tracker, at: SystemClock.now())
    tracker.keepState()
  }

  /// When to call `expire` and `keepState` next.
  var deadline: Instant {
    let expiry = tracker.deadline
    let next = expiry == .distantFuture ? expiry : min(expiry, turn + Self.longestPause)
    guard let state else { return next }
    return min(next, tracker.isMakingSnapshot ? nextPart : state.retryAt)
  }

  /// Has what was slept through not count as the silence of peers, who could not be heard.
  private mutating func begin(at now: Instant) {
    let pause = now - turn
    turn = now
    if pause > Self.longestPause + Self.mostLate { tracker.wake(after: pause) }
  }

  /// Whether datagrams arrive faster than they are handled.
  var isPressed: Bool {
    get { tracker.isPressed }
    set { tracker.isPressed = newValue }
  }

  /// Hands changes over to the state file, and the next part of a snapshot.
  mutating func keepState(at now: Instant) {
    guard let state else { return }
    let changes = tracker.takeChanges()
    if !changes.isEmpty { state.append(changes) }
    if now >= state.retryAt { state.retry() }
    guard tracker.isMakingSnapshot, now >= nextPart else { return }
    nextPart = now + Self.step
    guard !state.isBusy else { return }
    let part = tracker.takeSnapshot(Self.mostAtOnce)
    state.append(snapshot: part, of: snapshot, isLast: !tracker.isMakingSnapshot)
  }

  /// Begins to hand over a snapshot.
  mutating func beginSnapshot(_ number: Int) {
    snapshot = number
    tracker.beginSnapshot()
  }

  /// Hands over what is left, and waits until it is written.
  mutating func end(at now: Instant) {
    keepState(at: now)
    state?.finish()
  }

  /// A snapshot now.
  var standing: TrackerStanding {
    TrackerStanding(
      files: tracker.fileCount, registrations: tracker.registrationCount, mapBytes: tracker.mapBytes,
      memory: tracker.byteCount, counters: tracker.counters, limits: tracker.configuration,
      busiestFiles: tracker.busiestFiles(10), busiestHosts: tracker.busiestHosts(10))
  }

  // MARK: Workers

  /// The worker that a request is for, if it is another.
  func owner(of datagram: Span<UInt8>, from peer: Address, at now: Instant) -> Int? {
    tracker.owner(of: datagram, from: peer, at: now)
  }

  /// A FIND that the next worker is to continue.
  mutating func nextSearch() -> FileSearch? { tracker.nextSearch() }

  /// Continues a FIND.
  mutating func resume(_ search: FileSearch, at now: Instant) {
    tracker.resume(search, at: now)
    tellEvents()
  }

  /// How many files LIST returns of this worker.
  var listedCount: Int { tracker.listedCount }
  /// How many of the others.
  var listedElsewhere: Int {
    get { tracker.listedElsewhere }
    set { tracker.listedElsewhere = newValue }
  }

  /// Takes an intact datagram that is a request to a tracker; false if it is none.
  mutating func receive(_ datagram: Span<UInt8>, from peer: Address, at now: Instant) -> Bool {
    guard Header.peek(datagram).packetType?.isTrackerRequest == true else { return false }
    begin(at: now)
    tracker.receive(datagram, from: peer, at: now)
    tellEvents()
    return true
  }

  /// Notes a datagram that will be received soon.
  mutating func expect(_ datagram: Span<UInt8>, from peer: Address) { tracker.expect(datagram, from: peer) }

  /// Prepares for those that were noted.
  mutating func readAhead() { tracker.readAhead() }

  mutating func expire(at now: Instant) {
    begin(at: now)
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
