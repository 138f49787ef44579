import ShoalBase
import ShoalContent
import ShoalLink
import ShoalStore
import ShoalSwarm
import ShoalTracker
import ShoalTransport
import ShoalWire

/// The event loop of one socket, and all state behind it. Only its own thread touches it.
final class NodeLoop {
  static let socketToken: UInt64 = 0
  static let wakeToken: UInt64 = 1

  let node: Node
  private let socket: UDPSocket
  private let address: Address
  /// What the largest datagram may take, and whether it is looked up for each peer.
  private var reserve: Int
  private let followsInterface: Bool
  var swarm: Swarm
  var tracker: ShoalTracker.Tracker?
  private var input: ReceiveBatch
  private var moderation = ReceiveModeration()
  private var output: SendBatch
  private var up: LinkStage
  private var down: LinkStage
  var capture: CaptureFile?
  private var qlog: QlogFile?
  var spans = SpanCache()
  var buffers: PieceBuffers
  /// What is known of each file, by its key's index.
  var files: [LocalFile?] = []
  /// What downloads need done to the disk, their open files, and the pieces that are to be hashed and written.
  var store = Store()
  var openFiles: [Int: File] = [:]
  var gathered: [StoreJobID: PieceBuffer] = [:]
  /// What is being fetched, by its key's index.
  var downloads: [Int: DownloadTask] = [:]
  /// The names of trackers and peers, and which trackers were found by them.
  var names: NameBook
  let resolve: @Sendable (Resolver.HostPort) -> Result<[Address], ResolverError>
  var namedTrackers: [TrackerKey: Int] = [:]
  /// What trackers were asked and have not answered.
  var questions: [Question] = []
  var onPeerEvent: ((PeerEvent) -> Void)?
  var trackerListener: ((TrackerEvent) -> Void)?
  /// Called twenty times a second while set, for progress.
  var onProgress: [Int: (Instant) -> Void] = [:]
  private var progressAt = Instant.distantFuture
  private var isClosing = false
  private var closeBy = Instant.distantFuture
  private var onClosed: [() -> Void] = []
  /// Datagrams that the system refused to send.
  var refused: Int { Int(output.counters.refused) }
  /// Why it refused the last; empty if there was none.
  var lastRefusal: String {
    output.counters.lastRefusal.map { SendRefusal($0.code, towards: $0.address).description } ?? ""
  }
  /// Why it does not send to an address; empty if it does.
  func refusal(towards address: Address) -> String { output.refusals.words(towards: address) ?? "" }
  /// Why nothing can be sent to anybody who is known, said of one of them; nil if that is not so.
  var obstacle: String? {
    let contacts = swarm.contacts
    if contacts.isEmpty { return unresolved(names.entries.values)?.message }
    let all = contacts.lazy.filter { self.output.refusals.code(towards: $0) != nil }
    guard let one = all.first, all.count == contacts.count else { return nil }
    return "nothing can be sent to \(one): \(refusal(towards: one))"
  }
  /// Datagrams that failed their checksum.
  private(set) var corrupt = 0
  /// Whether more waits to be received than is taken at once: what can be done elsewhere is not done here.
  private(set) var isBusy = false
  /// How often the socket is read before sending gets its turn, and how often sent to before receiving does.
  private static let rounds = 16

  init(
    _ socket: UDPSocket, _ options: NodeOptions, _ node: Node, _ capture: consuming CaptureFile?, _ qlog: QlogFile?
  ) {
    self.socket = socket
    self.node = node
    self.capture = capture
    self.qlog = qlog
    address = socket.localAddress
    names = NameBook(options.namePace)
    resolve = options.resolve
    let key = SystemRandom.bytes(32).withUnsafeBytes { Digest($0) }
    var secrets = SecretGenerator(key: key)
    let linkSeed = options.linkSeed ?? secrets.next()
    let now = SystemClock.now()
    up = LinkStage(options.link.makeUpLink(defaultSeed: linkSeed, start: now))
    down = LinkStage(options.link.makeDownLink(defaultSeed: linkSeed, start: now))
    if options.runsTracker {
      tracker = ShoalTracker.Tracker(key: secrets.key(for: "cookies"), seed: secrets.next())
    }
    let port = address.port
    let own =
      address.isUnspecified ? LocalAddresses.all().map { $0.address.with(port: port) } + address.loopbacks : [address]
    var configuration = options.swarm
    configuration.ownAddresses.formUnion(own)
    configuration.transport.recordsLosses = qlog != nil
    configuration.receiveBuffer = socket.grantedReceiveBuffer
    // The least that may be in flight is some datagrams: where they wait, a few of them must not be all that fits.
    let received = max(socket.grantedReceiveBuffer / 16, 1_500)
    configuration.transport.receivedMTU = min(configuration.transport.receivedMTU, received)
    followsInterface = options.followsInterfaceMTU && options.link.isClean
    // What passes through a bad link is as large as on the paths that it stands for.
    if !options.link.isClean { configuration.transport.receivedMTU = configuration.transport.mtu }
    swarm = Swarm(configuration, secrets: secrets)
    if tracker != nil {
      // Its own peer is registered like any other, by datagrams to itself.
      swarm.add(tracker: address.isUnspecified ? address.loopbacks[0] : address, at: now)
    }
    buffers = PieceBuffers(limit: options.swarm.bufferLimit)
    reserve = min(max(options.swarm.transport.mtu, 1_500), SendBatch.datagramLimit)
    input = ReceiveBatch(for: socket)
    output = SendBatch(for: socket)
  }

  // MARK: The loop

  /// `resting` tells of what other threads want, but not of what comes.
  func run(_ poll: consuming EventPoll, resting: consuming EventPoll) {
    var interest: EventPoll.Interest = .readable
    while true {
      receive()
      for command in node.takeCommands() { command(self) }
      // After what has come: an ACK that waits in the socket must not find its packet declared lost.
      expire()
      let retry = transmit()
      if let qlog { sample(qlog) }
      if isClosing, swarm.isQuiet && output.isEmpty || SystemClock.now() >= closeBy { break }
      let wanted: EventPoll.Interest = output.pending && retry == nil ? [.readable, .writable] : .readable
      if wanted != interest, (try? poll.change(socket.descriptor, token: NodeLoop.socketToken, wanted)) != nil {
        interest = wanted
      }
      flushCapture()
      let until = min(deadline, retry ?? .distantFuture)
      let now = SystemClock.now()
      let pause = moderation.pause(swarm.leastRoundTrip, at: now)
      if pause > 0, !output.pending {
        if resting.wait(until: min(until, now + pause)) > 0 { node.woken() }
      } else {
        for index in 0..<poll.wait(until: until) where poll[index].token == NodeLoop.wakeToken { node.woken() }
      }
    }
    capture?.flush()
    qlog?.flush()
    for download in downloads.values { download.stop() }
    for command in node.close() { command(self) }
    failQuestions(ShoalError(.stopped, "the peer was closed"))
    for closed in onClosed { closed() }
  }

  /// Writes what was captured; a capture that cannot be written ends, and the transfer goes on.
  private func flushCapture() {
    capture?.flush()
    guard let failure = capture?.failure else { return }
    capture = nil
    onPeerEvent?(.captureFailed("\(failure)"))
  }

  /// Writes how the connections stand; a qlog that cannot be written ends, and the transfer goes on.
  private func sample(_ file: QlogFile) {
    if file.isDue(at: SystemClock.now()) {
      file.note(swarm.statuses, losses: swarm.takeLosses(), wall: SystemClock.stamp())
    }
    guard let failure = file.failure else { return }
    qlog = nil
    onPeerEvent?(.captureFailed("\(failure)"))
  }

  private var deadline: Instant {
    // A send that waits for room must not make us spin on deadlines that only sending can meet.
    var deadline = min(up.deadline, down.deadline, progressAt, names.deadline)
    if !output.pending { deadline = min(deadline, swarm.deadline) }
    if let tracker { deadline = min(deadline, tracker.deadline) }
    return min(deadline, closeBy)
  }

  private func expire() {
    let now = SystemClock.now()
    swarm.expire(at: now)
    takeEvents(nil)
    if names.deadline <= now { resolveNames() }
    if tracker != nil, tracker!.deadline <= now {
      tracker!.expire(at: now)
      takeTrackerEvents()
    }
    if progressAt <= now {
      progressAt = onProgress.isEmpty ? .distantFuture : now + 50 * .millisecond
      for report in onProgress.values { report(now) }
    }
  }

  // MARK: Receiving

  /// Takes what has come; in rounds, so that sending gets its turn under a flood.
  private func receive() {
    var rounds = Self.rounds
    while rounds > 0 {
      let count = input.receive(socket)
      guard count > 0 else { break }
      // Where there was room for more, nothing else waits.
      isBusy = count == input.capacity && rounds < Self.rounds
      rounds = count == input.capacity ? rounds - 1 : 0
      let now = SystemClock.now()
      while let datagram = input.next() {
        moderation.received(datagram.bytes.count)
        if address.isUnspecified { output.sources.note(datagram.destination, for: datagram.source) }
        if down.isClean {
          accept(datagram.bytes, datagram.source, at: now)
        } else {
          down.admit(UnsafeRawBufferPointer(datagram.bytes), datagram.source, at: now)
        }
      }
    }
    guard !down.isClean else { return }
    let now = SystemClock.now()
    while let slot = down.popDue(at: now) {
      down.withHeld(slot) { accept($0, $1, at: now) }
      down.recycle(slot)
    }
  }

  /// One datagram, after this endpoint's link.
  private func accept(_ bytes: UnsafeMutableRawBufferPointer, _ from: Address, at now: Instant) {
    let received = UnsafeRawBufferPointer(bytes)
    capture?.add(received, from: from, to: captureAddress(for: from), outbound: false, wall: SystemClock.stamp())
    guard let datagram = Datagram.open(received) else {
      corrupt += 1
      return swarm.receiveCorrupt(from: from, at: now)
    }
    if tracker != nil, Header.peek(datagram.bytes).packetType?.isTrackerRequest == true {
      tracker!.receive(datagram.bytes, from: from, at: now)
      return takeTrackerEvents()
    }
    swarm.receive(datagram.bytes, from: from, at: now)
    takeEvents(datagram)
  }

  private func takeTrackerEvents() {
    while let event = tracker?.nextEvent() { trackerListener?(event) }
  }

  /// Our own address in a capture, of the peer's family.
  private func captureAddress(for peer: Address) -> Address {
    guard address.isUnspecified else { return address }
    if let known = output.sources.towards(peer) ?? routed[peer] { return known }
    let own = (LocalAddresses.source(towards: peer) ?? address).with(port: address.port)
    if routed.count < 4_096 { routed[peer] = own }
    return own
  }
  private var routed: [Address: Address] = [:]

  // MARK: Sending

  /// Sends what is ready; when to go on if there is more, other than when the socket is writable.
  private func transmit() -> Instant? {
    for _ in 0..<Self.rounds {
      if output.pending || !output.isEmpty {
        switch output.flush(socket) {
        case .done: break
        case .blocked: return nil
        case .exhausted: return SystemClock.now() + .millisecond
        }
      }
      guard fill() else { return nil }
    }
    // Whoever has us send without an end must not keep us from hearing others.
    return SystemClock.now()
  }

  /// Fills the batch; false if there was nothing to fill it with.
  private func fill() -> Bool {
    let now = SystemClock.now()
    var count = 0
    // What is taken out must have its place, so that nothing is lost here that the link did not lose.
    while !up.isClean, output.reserve(SendBatch.datagramLimit) != nil, let slot = up.popDue(at: now) {
      up.withHeld(slot) { bytes, to in
        guard let room = output.reserve(bytes.count) else { return }
        room.copyMemory(from: UnsafeRawBufferPointer(bytes))
        output.commit(bytes.count, to: to)
      }
      up.recycle(slot)
      count += 1
    }
    while tracker != nil, let room = room(), let reply = tracker!.nextTransmit(at: now) {
      reply.bytes.withUnsafeBytes { room.copyMemory(from: $0) }
      let datagram = UnsafeMutableRawBufferPointer(rebasing: room[..<reply.bytes.count])
      Datagram.seal(datagram)
      dispatch(datagram, to: reply.to, at: now)
      count += 1
    }
    while let room = room() {
      guard let transmit = swarm.nextTransmit(into: room, at: now) else { break }
      count += 1
      guard complete(transmit, room) else { continue }
      dispatch(UnsafeMutableRawBufferPointer(rebasing: room[..<transmit.length]), to: transmit.to, at: now)
    }
    return count > 0
  }

  /// Where the next datagram is built: in the batch, or beside it where the link is to have it first.
  private func room() -> UnsafeMutableRawBufferPointer? { up.isClean ? output.reserve(reserve) : scratch }
  private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 64)

  deinit { scratch.deallocate() }

  /// A complete datagram goes into the link, or straight into the batch in which it was built.
  private func dispatch(_ bytes: UnsafeMutableRawBufferPointer, to address: Address, at now: Instant) {
    let datagram = UnsafeRawBufferPointer(bytes)
    // A first packet takes the way that the route has now.
    if Header.peek(datagram.bytes).packetType == .open { output.sources.forget(address) }
    capture?.add(datagram, from: captureAddress(for: address), to: address, outbound: true, wall: SystemClock.stamp())
    if up.isClean { output.commit(bytes.count, to: address) } else { up.admit(datagram, address, at: now) }
  }

  /// Gathers the payload behind the header and seals the datagram; false if the bytes cannot be had.
  private func complete(_ transmit: Transmit, _ room: UnsafeMutableRawBufferPointer) -> Bool {
    let whole = UnsafeMutableRawBufferPointer(rebasing: room[..<transmit.length])
    return Datagram.seal(whole, written: transmit.headerLength) {
      gather(transmit.payload, ahead: transmit.ahead, into: $0, &$1)
    }
  }

  // MARK: The end

  /// Says goodbye to trackers and peers, for two seconds at most, and ends the loop.
  func close(_ closed: @escaping () -> Void) {
    onClosed.append(closed)
    guard !isClosing else { return }
    isClosing = true
    let now = SystemClock.now()
    closeBy = now + 2 * .second
    swarm.stop(at: now)
    takeEvents(nil)
  }

  /// A peer has connected: packets to it may be as large as the interface takes.
  func follow(interfaceTowards peer: Address, at now: Instant) {
    guard followsInterface, let mtu = LocalAddresses.mtu(towards: peer) else { return }
    let allowed = min(max(mtu, TransportConfiguration.mtuRange.lowerBound), TransportConfiguration.mtuRange.upperBound)
    reserve = max(reserve, min(allowed, SendBatch.datagramLimit))
    swarm.allow(mtu: allowed, towards: peer, at: now)
  }

  func wantProgress(_ key: FileKey, _ report: @escaping (Instant) -> Void) {
    onProgress[key.index] = report
    progressAt = min(progressAt, SystemClock.now())
  }
}

extension Address {
  /// The loopback addresses at which a socket bound to this one is reached, with its port; its own family's first.
  fileprivate var loopbacks: [Address] {
    let both = [Address(ipv4: 0x7f00_0001, port: port), Address(high: 0, low: 1, port: port)]
    return isIPv4 ? both : both.reversed()
  }
}
