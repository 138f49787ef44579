import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSwarm
import ShoalTracker
import ShoalTransport
import ShoalWire

/// Peers and trackers that exchange files over a network, in virtual time, everything that arrives being checked.
///
/// It does what the event loop of a real peer does: seals and opens datagrams, gathers blocks to pieces,
/// verifies them, a while later, with the manifest, and keeps what is right. What must never happen is noted in
/// `violations`: a wrong byte kept, a piece written twice, more buffered than allowed, a host that never falls silent.
package final class World {
  /// What lies between the hosts, and the clock.
  package var network: Network
  /// The peers, in the order in which they came, those that are gone too.
  package private(set) var peers: [WorldPeer] = []
  /// What must not have happened.
  package private(set) var violations: [String] = []
  /// Called after each turn of a peer.
  package var afterTurn: ((WorldPeer) -> Void)?
  /// A sum over all that was sent, and when: equal for equal runs.
  package private(set) var fingerprint: UInt64 = 0

  private var byAddress: [Address: WorldPeer] = [:]
  private var trackers: [Address: Registrar] = [:]
  private var strangers: [Address: WorldStranger] = [:]
  private var generator: SeededGenerator
  private var nextHost: UInt32 = 0
  private static let endless = 3_000_000

  /// A world without hosts, whose whole history follows from `seed`.
  package init(seed: UInt64, start: Instant = Instant(nanoseconds: 1_000 * .second)) {
    generator = SeededGenerator(seed: seed)
    network = Network(seed: generator.next(), start: start)
  }

  /// The time.
  package var now: Instant { network.now }

  private func newAddress() -> Address {
    nextHost += 1
    return Address(ipv4: 0x0a00_0000 + nextHost, port: 7_400)
  }

  // MARK: Hosts

  /// Adds a peer; at the address of one that is gone it takes its place.
  @discardableResult
  package func addPeer(
    _ configuration: SwarmConfiguration = SwarmConfiguration(), link: LinkSpec = .clean, trackers: [Address] = [],
    address: Address? = nil
  ) -> WorldPeer {
    let peer = WorldPeer(address ?? newAddress(), configuration, secrets: generator.next())
    network.join(peer.address, link: link)
    peers.append(peer)
    byAddress[peer.address] = peer
    for tracker in trackers { peer.swarm.add(tracker: tracker, at: now) }
    flush(peer)
    return peer
  }

  /// Takes a peer out as a crash of its machine would: it falls silent, and its disk loses what was not synced.
  /// `restart` brings it back.
  package func crash(_ peer: WorldPeer) {
    network.leave(peer.address)
    byAddress[peer.address] = nil
    peer.isGone = true
    (peer.jobs, peer.reads) = ([], [:])
    var random = SeededGenerator(seed: peer.address.low ^ UInt64(bitPattern: now.nanoseconds))
    peer.disk.crash(using: &random)
  }

  /// A peer at the address of one that has crashed, with its trackers and, if it is told so, its disk.
  package func restart(
    _ peer: WorldPeer, link: LinkSpec = .clean, trackers: [Address] = [], withDisk: Bool = false
  ) -> WorldPeer {
    let again = addPeer(peer.configuration, link: link, trackers: trackers, address: peer.address)
    if withDisk { again.disk = peer.disk }
    return again
  }

  /// Has a peer say goodbye; it leaves once it is quiet.
  package func stop(_ peer: WorldPeer) {
    peer.swarm.stop(at: now)
    flush(peer)
  }

  /// Adds a tracker.
  @discardableResult
  package func addTracker(link: LinkSpec = .clean) -> Address {
    let address = newAddress()
    network.join(address, link: link)
    restartTracker(address)
    return address
  }

  /// A tracker loses all that it knew.
  package func restartTracker(_ address: Address) {
    let key = withUnsafeBytes(of: generator.next()) { Blake3.hash($0) }
    trackers[address] = Registrar(key: key, seed: generator.next())
  }

  /// How many registrations a tracker has.
  package func registrations(_ tracker: Address) -> Int { trackers[tracker]?.registrationCount ?? 0 }

  /// Adds a host that speaks the transport's language but no swarm's: `behave` says what it does.
  @discardableResult
  package func addStranger(
    link: LinkSpec = .clean, address: Address? = nil, _ behave: @escaping WorldStranger.Behaviour
  ) -> WorldStranger {
    let stranger = WorldStranger(address ?? newAddress(), secrets: generator.next(), behave)
    network.join(stranger.address, link: link)
    strangers[stranger.address] = stranger
    return stranger
  }

  // MARK: Files

  /// A peer serves a file from now on.
  @discardableResult
  package func share(_ file: WorldFile, from peer: WorldPeer) -> FileKey {
    let key = peer.swarm.share(file.manifest, name: "file", at: now)
    peer.files.append(WorldCopy(file, key, had: .full(capacity: file.cut.pieces)))
    flush(peer)
    return key
  }

  /// A peer fetches a file of which it has some pieces, perhaps from addresses that it was told.
  @discardableResult
  package func download(
    _ file: WorldFile, to peer: WorldPeer, from addresses: [Address] = [], having: BitSet? = nil,
    expected: Cut? = nil, serving: Bool = true
  ) -> FileKey {
    let key = peer.swarm.download(id: file.id, expected: expected, serving: serving, at: now)
    let had = having ?? BitSet(capacity: file.cut.pieces)
    if serving, !had.isEmpty { peer.disk.put(file.content(had), at: partPath(of: WorldCopy.path(file.id))) }
    peer.files.append(WorldCopy(file, key, had: had, isKept: serving))
    for address in addresses { peer.swarm.add(peer: address, for: key, at: now) }
    flush(peer)
    return key
  }

  // MARK: Time

  /// Runs until `condition` holds, for at most `limit`; whether it came to hold.
  @discardableResult
  package func run(for limit: Nanoseconds, until condition: () -> Bool = { false }) -> Bool {
    let end = now + limit
    while !condition() {
      guard violations.isEmpty, let event = network.nextEvent(until: end) else { return condition() }
      switch event {
      case .arrival(let datagram): arrive(datagram)
      case .wake(let address): wake(address)
      }
    }
    return true
  }

  private func arrive(_ datagram: NetworkDatagram) {
    let isIntact = datagram.bytes.withUnsafeBytes { Datagram.open($0) != nil }
    if let peer = byAddress[datagram.to] {
      if isIntact {
        peer.swarm.receive(datagram.bytes.span.bytes, from: datagram.from, at: now)
      } else {
        peer.swarm.receiveCorrupt(from: datagram.from, at: now)
      }
      take(peer, datagram.bytes)
      flush(peer)
    } else if isIntact, trackers[datagram.to] != nil {
      trackers[datagram.to]!.receive(datagram.bytes.span.bytes, from: datagram.from, at: now)
      flushTracker(datagram.to)
    } else if isIntact, let stranger = strangers[datagram.to] {
      stranger.receive(datagram, at: now)
      flush(stranger)
    }
  }

  private func wake(_ address: Address) {
    if let peer = byAddress[address] {
      peer.wakes += 1
      peer.swarm.expire(at: now)
      take(peer, [])
      work(peer)
      flush(peer)
    } else if trackers[address] != nil {
      trackers[address]!.expire(at: now)
      flushTracker(address)
    } else if let stranger = strangers[address] {
      stranger.endpoint.expire(at: now)
      flush(stranger)
    }
  }

  // MARK: Sending

  /// Takes a peer's events, sends what it has to send, and asks for its next turn.
  package func flush(_ peer: WorldPeer) {
    guard byAddress[peer.address] === peer else { return }
    take(peer, [])
    var count = 0
    while let transmit = peer.swarm.nextTransmit(into: peer.buffer, at: now) {
      send(transmit, from: peer)
      count += 1
      guard count < World.endless else { return violate("\(peer.address) does not stop sending") }
    }
    if peer.swarm.deadline < now, peer.swarm.deadline != .zero { violate("\(peer.address) has a deadline in the past") }
    network.wake(peer.address, at: peer.deadline)
    afterTurn?(peer)
  }

  private func send(_ transmit: Transmit, from peer: WorldPeer) {
    let bytes = UnsafeMutableRawBufferPointer(rebasing: peer.buffer[..<transmit.length])
    if transmit.payload.length > 0 {
      let content = UnsafeMutableRawBufferPointer(rebasing: bytes[transmit.headerLength...])
      gather(transmit.payload, into: content, at: peer)
    }
    if let tamper = peer.tamper {
      var datagram = Array(bytes)
      guard tamper(&datagram) else { return }
      datagram.withUnsafeMutableBytes { Datagram.seal($0) }
      note(peer.address, datagram.count)
      return network.send(NetworkDatagram(from: peer.address, to: transmit.to, bytes: datagram))
    }
    Datagram.seal(bytes)
    note(peer.address, Int(Checksum.found(UnsafeRawBufferPointer(bytes))))
    network.send(UnsafeRawBufferPointer(bytes), from: peer.address, to: transmit.to)
  }

  private func gather(_ payload: Payload, into room: UnsafeMutableRawBufferPointer, at peer: WorldPeer) {
    let key = FileKey(source: payload.source)
    guard payload.space == ContentSpace.content.rawValue else {
      guard let bytes = peer.swarm.manifest(key)?.bytes, Int(payload.offset) + room.count <= bytes.count else {
        return violate("\(peer.address) sends a manifest that it lacks")
      }
      return bytes.withUnsafeBytes {
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[Int(payload.offset)...].prefix(room.count)))
      }
    }
    peer.contentSent += room.count
    let copy = peer.files[key.index]
    let piece = copy.file.cut.piece(at: payload.offset)
    let last = copy.file.cut.piece(at: payload.offset + UInt64(room.count) - 1)
    let isHere = (piece...last).allSatisfy(copy.written.contains)
    if !isHere { violate("\(peer.address) serves piece \(piece), which it lacks") }
    WorldFile.fill(room, seed: copy.file.seed, offset: payload.offset)
    if peer.lies(piece) { room[0] ^= 1 }
  }

  private func flushTracker(_ address: Address) {
    while case (let to, var bytes)? = trackers[address]?.nextTransmit(at: now) {
      bytes.withUnsafeMutableBytes { Datagram.seal($0) }
      network.send(NetworkDatagram(from: address, to: to, bytes: bytes))
    }
    while trackers[address]?.nextEvent() != nil {}
    network.wake(address, at: trackers[address]?.deadline ?? .distantFuture)
  }

  /// Sends what a stranger has to send.
  package func flush(_ stranger: WorldStranger) {
    while let datagram = stranger.nextDatagram(at: now) { network.send(datagram) }
    network.wake(stranger.address, at: stranger.endpoint.deadline)
  }

  // MARK: What is checked

  /// Notes what must not have happened.
  package func violate(_ what: String) {
    if violations.count < 20 { violations.append("\(now.nanoseconds / 1_000) us: \(what)") }
  }

  private func note(_ address: Address, _ what: Int) {
    fingerprint = (fingerprint ^ UInt64(bitPattern: now.nanoseconds) ^ address.low) &* 0x9e37_79b9_7f4a_7c15
    fingerprint = (fingerprint ^ UInt64(truncatingIfNeeded: what)) &* 0xbf58_476d_1ce4_e5b9
    fingerprint ^= fingerprint >> 29
  }
}
