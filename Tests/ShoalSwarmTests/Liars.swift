import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalTransport
import ShoalWire

@testable import ShoalSwarm

/// A real swarm that shares and fetches, its host, and peers that send it whatever they like, in virtual time, all
/// following from a seed: each field of each message is drawn from its whole range, from its edges and near the truth,
/// in any state, after pauses of up to an hour. The peers speak DATA and ACK themselves, and keep the rules of the
/// transport.
struct Liars: ~Copyable {
  /// What happened although it must not; nil if nothing did.
  private(set) var broken: String?
  /// The messages that the swarm was handed.
  var messages = 0
  /// The results: how often a file was proven, a piece gathered, a file completed, a peer distrusted.
  private(set) var manifests = 0, gathered = 0, completed = 0, distrusted = 0

  var swarm: Swarm
  var random: SeededGenerator
  var now: Instant
  var peers: [Peer] = []
  /// What is shared and fetched, by the key's index.
  private var files: [WorldFile] = []
  let catalogue: [WorldFile]
  private var waiting: [(key: FileKey, piece: Int)] = []
  private let limit: Int
  private var output = [UInt8](repeating: 0, count: 65_536)

  /// One of the liars.
  struct Peer {
    let address: Address
    /// Its id for the connection, and the swarm's.
    var own: UInt64
    var theirs: UInt64?
    /// The number of its next DATA, and the one after the swarm's latest.
    var sequence: UInt32 = 0
    var next: UInt32 = 0
    /// When the swarm's latest DATA left.
    var timestamp: UInt32 = 0
    /// The numbers under which the swarm wants files from it, and which files.
    var wanted: [(number: UInt16, id: Digest)] = []
    /// What it was last asked for.
    var asked: [(number: UInt16, space: UInt8, range: RangeField)] = []
  }

  init(seed: UInt64, catalogue: [WorldFile]) {
    var random = SeededGenerator(seed: seed)
    var configuration = SwarmConfiguration()
    configuration.transport.maxConnections = 16
    configuration.bufferLimit = [100_000, 1 << 20, 64 << 20][Int(random.next() % 3)]
    configuration.transport.congestion = CongestionAlgorithm.allCases[Int(random.next() % 4)]
    configuration.transport.repeatMode = random.next() % 4 == 0 ? .goBackN : .selectiveRepeat
    configuration.transport.initialSequence = random.next() % 2 == 0 ? .max - 100 : nil
    limit = configuration.bufferLimit
    swarm = Swarm(configuration, secrets: SecretGenerator(seed: random.next()))
    now = Instant(nanoseconds: [0, 1_000 * .second, 1 << 61][Int(random.next() % 3)])
    self.catalogue = catalogue
    self.random = random
    for i in 0..<6 as Range<UInt32> {
      // Two of them on one host.
      let address = Address(ipv4: 0x0a00_0001 + i / 2 * 256, port: UInt16(7_401 + i))
      peers.append(Peer(address: address, own: self.random.next() | 1))
    }
    share(0)
    for i in 1..<catalogue.count { fetch(i) }
  }

  /// Sends it this many messages.
  mutating func run(_ count: Int) {
    while messages < count, broken == nil {
      let i = Int(random.next() % UInt64(peers.count))
      if peers[i].theirs == nil { open(i) } else { lie(i) }
      drain()
      if random.next() % 32 == 0 { meddle() }
      pause()
      if random.next() % 16 == 0 { check() }
    }
    guard broken == nil else { return }
    check()
    swarm.stop(at: now)
    drain()
  }

  mutating func fail(_ what: String) { broken = broken ?? "\(what), after \(messages) messages" }

  // MARK: The host

  private mutating func share(_ i: Int) {
    files.append(catalogue[i])
    _ = swarm.share(catalogue[i].manifest, name: "x", at: now)
  }

  private mutating func fetch(_ i: Int) {
    files.append(catalogue[i])
    let expected = random.next() % 3 == 0 ? catalogue[i].cut : nil
    let key = swarm.download(id: catalogue[i].id, expected: expected, serving: random.next() % 8 > 0, at: now)
    for peer in peers where random.next() % 2 == 0 { swarm.add(peer: peer.address, for: key, at: now) }
  }

  /// Makes the host, or its user, do something.
  private mutating func meddle() {
    let key = FileKey(Int(random.next() % UInt64(files.count)))
    switch random.next() % 8 {
    case 0: swarm.withdraw(key, at: now)
    case 1, 2: if files.count < 40 { fetch(1 + Int(random.next() % UInt64(catalogue.count - 1))) }
    case 3: for peer in peers { swarm.add(peer: peer.address, for: key, at: now) }
    case 4: _ = (swarm.progress(key), swarm.statuses, swarm.counters, swarm.knownPeers(key), swarm.isQuiet)
    default: break
    }
    while !waiting.isEmpty, random.next() % 8 > 0 {
      let (key, piece) = waiting.remove(at: Int(random.next() % UInt64(waiting.count)))
      let blocks = files[key.index].cut.blocks(ofPiece: piece)
      let count = [0, 1, blocks, blocks + 1][Int(random.next() % 4)]
      let values = (0..<count).map { _ in random.next() % 2 == 0 ? Digest.zero : catalogue[0].id }
      swarm.pieceVerified(key, piece: piece, isRight: random.next() % 8 > 0, values: values, at: now)
    }
    drain()
  }

  private mutating func take() {
    while let event = swarm.nextEvent() {
      switch event {
      case .block(let key, let piece, let offset, let content):
        let cut = swarm.manifest(key)?.cut ?? Cut()
        let isInside = piece < cut.pieces && offset >= 0 && content.count <= cut.pieceLength(piece) - offset
        if content.count <= 0 || !isInside { fail("a block outside its piece") }
      case .pieceGathered(let key, let piece):
        gathered += 1
        waiting.append((key, piece))
      case .pieceDropped(let key, let piece): waiting.removeAll { $0 == (key, piece) }
      case .manifest(let key):
        manifests += 1
        guard let cut = swarm.manifest(key)?.cut else { return fail("a manifest that is none") }
        if cut.pieces > 1, cut.size != files[key.index].cut.size { fail("a false size was believed") }
        var have = BitSet(capacity: cut.pieces)
        if cut.pieces > 1, random.next() % 2 == 0 {
          for piece in 0..<cut.pieces where random.next() % 4 == 0 { have.insert(piece) }
        }
        swarm.begin(key, have: have, at: now)
      case .wanted(let read, let key, let offset, let length):
        let isInside = offset + UInt64(length) <= swarm.manifest(key)?.cut.size ?? 0
        if length <= 0 || !isInside { fail("wants to send what is not there") }
        swarm.readEnded(read, isReadable: random.next() % 16 > 0, at: now)
      case .treeWanted(let read, let key, let offset, let length):
        let isInside = offset + UInt64(length) <= swarm.manifest(key)?.cut.size ?? 0
        if length <= 0 || length > 5 << 20 || !isInside { fail("wants to hash what is not there") }
        let count = (length - 1) / BlockTree.blockBytes + 1
        let values = random.next() % 4 == 0 ? nil : [Digest](repeating: .zero, count: count)
        swarm.treeRead(read, values: values, at: now)
      case .completed: completed += 1
      case .distrusted: distrusted += 1
      default: break
      }
    }
  }

  /// Takes what the swarm tells and sends; returns whether that was everything. A slow host leaves some of it for
  /// later.
  @discardableResult mutating func drain() -> Bool {
    take()
    var count = 0
    while count < 40, let transmit = swarm.nextTransmit(into: &output, at: now) {
      count += 1
      let bytes = Array(output[..<transmit.headerLength])
      if transmit.payload.length > 0, !isHere(transmit.payload) { fail("sends what is not there: \(transmit.payload)") }
      guard let i = peers.firstIndex(where: { $0.address == transmit.to }) else { continue }
      hear(bytes, i)
    }
    return count < 40
  }

  private func isHere(_ payload: Payload) -> Bool {
    let key = FileKey(source: payload.source)
    guard payload.space == 0 else {
      return Int(payload.offset) + payload.length <= swarm.manifest(key)?.bytes.count ?? 0
    }
    return swarm.files[key]?.copy?.holds(RangeField(offset: payload.offset, length: UInt32(payload.length))) ?? false
  }

  private mutating func pause() {
    let span: Nanoseconds
    switch random.next() % 2_048 {
    case 0: span = 3_600 * .second
    case 1: span = 31 * .second
    case 2..<8: span = 4 * .second
    case 8..<100: span = Nanoseconds(random.next() % 2_000_000_000)
    case 100..<1_000: span = 0
    default: span = Nanoseconds(random.next() % 20_000_000)
    }
    now = now + span
    // Like a host that had been asleep all that time.
    var turns = 0
    while swarm.deadline <= now, broken == nil {
      swarm.expire(at: now)
      let isDrained = drain()
      turns += 1
      guard turns > 50 else { continue }
      if isDrained { fail("a deadline that does not pass") }
      break
    }
  }

  // MARK: What the liars hear

  private mutating func open(_ i: Int) {
    peers[i].own = random.next() | 1
    peers[i].sequence = random.next() % 2 == 0 ? .max - 5 : 7
    var packet = OpenPacket()
    (packet.initialSequence, packet.window, packet.maxDatagram) = (peers[i].sequence, 65_536, 65_507)
    say(i, try? packet.datagram(connection: peers[i].own))
  }

  mutating func say(_ i: Int, _ datagram: [UInt8]?) {
    guard let datagram else { return fail("cannot write") }
    swarm.receive(datagram.span, from: peers[i].address, at: now)
    take()
  }

  mutating func acknowledge(_ i: Int) {
    guard let theirs = peers[i].theirs else { return }
    var packet = AckPacket()
    (packet.next, packet.top, packet.first) = (peers[i].next, peers[i].next, peers[i].next)
    (packet.echo, packet.delay) = (peers[i].timestamp, chance(4) ? .max : 0)
    say(i, try? packet.datagram(connection: theirs))
  }

  private mutating func hear(_ bytes: [UInt8], _ i: Int) {
    let span = bytes.span
    guard let (header, type) = try? Header.decode(span) else { return }
    switch type {
    case .open:
      // A connection other than the one that it opened itself takes that one's place.
      guard let packet = try? OpenPacket.decode(span), random.next() % 8 > 0 else { return }
      var answer = AcceptPacket()
      peers[i].own = random.next() | 1
      (peers[i].theirs, peers[i].next, peers[i].sequence) = (header.connection, packet.initialSequence, 5)
      (peers[i].wanted, peers[i].asked) = ([], [])
      (answer.responder, answer.initialSequence, answer.window) = (peers[i].own, 5, packet.window)
      (answer.maxDatagram, answer.idleTimeout, answer.arq) = (65_507, 30, packet.arq)
      say(i, try? answer.datagram(connection: header.connection))
    case .accept:
      guard let packet = try? AcceptPacket.decode(span), header.connection == peers[i].own, peers[i].theirs == nil
      else { return }
      (peers[i].theirs, peers[i].next) = (packet.responder, packet.initialSequence)
      (peers[i].wanted, peers[i].asked) = ([], [])
      acknowledge(i)
    case .data:
      guard header.connection == peers[i].own, let packet = try? DataPacket.decode(span) else { return }
      if Int32(bitPattern: packet.sequence &- peers[i].next) >= 0 { peers[i].next = packet.sequence &+ 1 }
      peers[i].timestamp = packet.timestamp
      listen(span, packet.messages.offset, i)
    case .close: if header.connection == peers[i].own { peers[i].theirs = nil }
    default: break
    }
  }

  private mutating func listen(_ span: Span<UInt8>, _ offset: Int, _ i: Int) {
    var reader = MessageReader(span, from: offset)
    while let message = try? reader.next() {
      switch message.type {
      case .want: if let want = try? Want.decode(span, message.body) { peers[i].wanted.append((want.file, want.id)) }
      case .request:
        guard let request = try? Request.decode(span, message.body) else { continue }
        peers[i].asked += request.ranges.map { (request.file, request.space, $0) }
        if peers[i].asked.count > 200 { peers[i].asked.removeFirst(peers[i].asked.count - 200) }
      case .block: return
      default: break
      }
    }
  }

  // MARK: What must hold

  private mutating func check() {
    if !swarm.ledgerIsRight { fail("the ledger is wrong") }
    if swarm.buffered > max(limit, 4 << 20) { fail("\(swarm.buffered) bytes are buffered") }
    for link in swarm.openLinks {
      let queued = swarm.endpoint.queued(link.connection)
      if queued.ranges > 4_096 + 64 { fail("\(queued.ranges) ranges wait") }
      if queued.messages > SwarmConstants.queuedMessages + 300 { fail("\(queued.messages) messages wait") }
      if link.served.count > 64 { fail("\(link.served.count) files are served") }
    }
    for download in swarm.downloads {
      for source in download.sources {
        if source.outstanding < 0 || source.requested < 0 { fail("less than nothing is owed") }
        if source.early.count > SwarmConstants.earlyRuns + 1_000 { fail("\(source.early.count) runs kept") }
      }
      if download.active.values.contains(where: { $0.received.ranges.count > mostFragments }) { fail("too many runs") }
    }
  }
}
