import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalTransport
import ShoalWire

/// The event loop of a peer: a swarm, this machine's files, and perhaps a tracker on the same port.
final class PeerLoop: EventLoop {
  let node: Node<PeerLoop>
  let port: DatagramPort
  var farewell = Farewell()
  var swarm: Swarm
  var tracker: TrackerService?
  let disk: LocalDisk
  private var qlog: QlogFile?
  /// Whether the interface's MTU is looked up for each peer.
  private let followsInterface: Bool
  /// The downloads under way, by their keys' indices.
  var downloads: [Int: DownloadTask] = [:]
  /// Finished downloads and shares, which are served, by their keys' indices.
  var finishedDownloads: [Int: Download] = [:]
  var shares: [Int: Share] = [:]
  /// The listings of folders that are served, by the indices of their contents' keys.
  var listings: [Int: FileKey] = [:]
  /// The names of trackers and peers, and which trackers each of them led to.
  var names: NameBook
  let resolve: @Sendable (Resolver.HostPort) -> Result<[Address], ResolverError>
  var namedTrackers: [TrackerKey: Int] = [:]
  /// The places of trackers that may list the shares by name.
  var listingPlaces: Set<String> = []
  /// Questions that the trackers have not yet answered.
  var questions: [(question: Question, abandoned: Flag)] = []
  /// Where passes are kept, and those that have come.
  private let passFile: PassFile?
  var newPasses: [Address: Pass] = [:]
  var onPeerEvent: ((PeerEvent) -> Void)?
  /// Called twenty times a second while they are set, for progress.
  var onProgress: [Int: (Instant) -> Void] = [:]
  private var progressAt = Instant.distantFuture

  init(_ start: LoopStart, _ options: NodeOptions, _ node: Node<PeerLoop>) {
    self.node = node
    let now = SystemClock.now()
    var secrets = SecretGenerator(key: Digest(SystemRandom.bytes(32).span))
    port = DatagramPort(
      start.socket, options.link, linkSeed: options.linkSeed ?? secrets.next(), mtu: options.swarm.transport.mtu,
      start.takeCapture(), at: now)
    qlog = start.takeQlog()
    names = NameBook(options.namePace)
    resolve = options.resolve
    tracker = options.runsTracker ? TrackerService(&secrets) : nil
    followsInterface = options.followsInterfaceMTU && options.link.isClean
    disk = LocalDisk(
      bufferLimit: options.swarm.bufferLimit, hashes: options.hashFolder.map { HashMemory(folder: $0) }
    ) { [node] body in
      node.post { loop in
        body(loop.disk)
        loop.takeEvents()
      }
    }
    var configuration = options.swarm
    configuration.ownAddresses.formUnion(port.address.reachableHere)
    configuration.transport.recordsLosses = qlog != nil
    configuration.receiveBuffer = port.receiveBuffer
    // A few datagrams may always be in flight, so the buffer in which they wait must hold more than those.
    let received = max(port.receiveBuffer / 16, 1_500)
    configuration.transport.receivedMTU = min(configuration.transport.receivedMTU, received)
    // Datagrams through a simulated link are as large as on the paths that it stands for.
    if !options.link.isClean { configuration.transport.receivedMTU = configuration.transport.mtu }
    swarm = Swarm(configuration, secrets: secrets)
    passFile = options.passFile.map(PassFile.init)
    if let passFile { swarm.passes = passFile.load() }
    if tracker != nil {
      // The tracker's own peer registers like any other, by datagrams to itself.
      let own = port.address.isUnspecified ? port.address.loopbacks[0] : port.address
      swarm.add(tracker: own, listing: options.listsNames, at: now)
    }
  }

  /// If the system refuses to send to every known tracker and peer, the reason for one of them; otherwise nil.
  var obstacle: String? {
    let contacts = swarm.contacts
    if contacts.isEmpty { return unresolved(names.entries.values)?.message }
    let refusals = contacts.lazy.compactMap { [port] peer in port.refusal(towards: peer).map { (peer, $0) } }
    guard let (peer, refusal) = refusals.first, refusals.count == contacts.count else { return nil }
    return "nothing can be sent to \(peer): \(refusal)"
  }

  // MARK: The event loop

  var deadline: Instant {
    // While sending waits for room in the socket, deadlines that only sending can meet must not make the loop spin.
    let swarm = port.isBlocked ? .distantFuture : swarm.deadline
    return min(swarm, progressAt, names.deadline, disk.deadline, tracker?.deadline ?? .distantFuture)
  }

  var leastRoundTrip: Nanoseconds? { swarm.leastRoundTrip }

  func receive(_ datagram: Span<UInt8>, from peer: Address, at now: Instant) {
    if tracker?.receive(datagram, from: peer, at: now) == true { return }
    swarm.receive(datagram, from: peer, at: now)
    takeEvents(datagram)
  }

  func receiveCorrupt(from peer: Address, at now: Instant) { swarm.receiveCorrupt(from: peer, at: now) }

  func expire(at now: Instant) {
    swarm.expire(at: now)
    disk.expire(at: now)
    takeEvents()
    if names.deadline <= now { resolveNames() }
    tracker?.expire(at: now)
    if progressAt <= now {
      progressAt = onProgress.isEmpty ? .distantFuture : now + 50 * .millisecond
      for report in onProgress.values { report(now) }
    }
  }

  func nextTransmit(into room: inout MutableSpan<UInt8>, at now: Instant) -> Transmit? {
    tracker?.nextTransmit(into: &room, at: now) ?? swarm.nextTransmit(into: &room, at: now)
  }

  func gather(
    _ payload: Payload, ahead: Int, into room: inout MutableSpan<UInt8>, _ checksum: inout UInt32
  ) -> Bool {
    guard payload.space == ContentSpace.manifest.rawValue else {
      return disk.gather(payload, ahead: ahead, into: &room, &checksum)
    }
    let manifest = swarm.manifest(FileKey(source: payload.source))
    guard let bytes = manifest?.bytes, Int(payload.offset) + payload.length <= bytes.count else { return false }
    let part = bytes.span.extracting(Int(payload.offset)..<Int(payload.offset) + payload.length)
    checksum = CRC32C.copy(part, to: &room, continuing: checksum)
    return true
  }

  func endTurn() {
    takeEvents()
    if let failure = port.flushCapture() { onPeerEvent?(.captureFailed("\(failure)")) }
    if let qlog { sample(qlog) }
  }

  /// Records the state of the connections. If the qlog cannot be written, it ends, and the transfer continues.
  private func sample(_ file: QlogFile) {
    if file.isDue(at: SystemClock.now()) {
      file.note(swarm.statuses, losses: swarm.takeLosses(), wall: SystemClock.stamp())
    }
    guard let failure = file.failure else { return }
    qlog = nil
    onPeerEvent?(.captureFailed("\(failure)"))
  }

  // MARK: The end

  func stop(at now: Instant) {
    swarm.stop(at: now)
    takeEvents()
  }

  var isQuiet: Bool { swarm.isQuiet }

  func end() {
    passFile?.keep(newPasses)
    qlog?.flush()
    for download in downloads.values { download.stop() }
    let reason = ShoalError.closed()
    failQuestions(reason)
    disk.stop(reason)
  }

  // MARK: Others

  /// Allows packets to a connected peer to be as large as the interface's MTU.
  func follow(interfaceTowards peer: Address, at now: Instant) {
    guard followsInterface, let mtu = LocalAddresses.mtu(towards: peer) else { return }
    let allowed = min(max(mtu, TransportConfiguration.mtuRange.lowerBound), TransportConfiguration.mtuRange.upperBound)
    port.allow(mtu: allowed)
    swarm.allow(mtu: allowed, towards: peer, at: now)
  }

  func wantProgress(_ key: FileKey, _ report: @escaping (Instant) -> Void) {
    onProgress[key.index] = report
    progressAt = min(progressAt, SystemClock.now())
  }
}

extension Address {
  /// The loopback addresses at which a socket bound to this address is reached, with its port, its own family's first.
  fileprivate var loopbacks: [Address] {
    let both = [Address(ipv4: 0x7f00_0001, port: port), Address(high: 0, low: 1, port: port)]
    return isIPv4 ? both : both.reversed()
  }

  /// All addresses at which this machine can reach a socket bound to this address.
  fileprivate var reachableHere: [Address] {
    isUnspecified ? LocalAddresses.all().map { $0.address.with(port: port) } + loopbacks : [self]
  }
}
