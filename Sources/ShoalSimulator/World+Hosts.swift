import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSwarm
import ShoalTracker
import ShoalTransport
import ShoalWire

// Peers, trackers and strangers.
extension World {
  /// Adds a peer; at the address of one that is gone, it takes that one's place.
  @discardableResult
  package func addPeer(
    _ configuration: SwarmConfiguration = SwarmConfiguration(), link: LinkSpec = .clean, trackers: [Address] = [],
    address: Address? = nil, clock: WorldClock? = nil
  ) -> WorldPeer {
    let peer = WorldPeer(address ?? newAddress(), configuration, secrets: generator.next())
    peer.disk.pool = pieces
    peers.append(peer)
    add(peer, link: link, clock: clock)
    guard !trackers.isEmpty else { return peer }
    for tracker in trackers { peer.swarm.add(tracker: tracker, at: time(of: peer)) }
    flush(peer)
    return peer
  }

  /// Adds a peer at an address of its own, on which its configuration may depend.
  func addPeer(link: LinkSpec, configure: (inout SwarmConfiguration, Address) -> Void) -> WorldPeer {
    let address = newAddress()
    var configuration = SwarmConfiguration()
    configure(&configuration, address)
    return addPeer(configuration, link: link, address: address)
  }

  /// Makes a tracker for a peer's own port.
  func makeRegistrar() -> Registrar { WorldTracker.make(using: &generator) }

  /// Starts a peer at the address of one that has crashed, with its trackers and, if asked to, its disk.
  package func restart(
    _ peer: WorldPeer, link: LinkSpec = .clean, trackers: [Address] = [], withDisk: Bool = false
  ) -> WorldPeer {
    let again = addPeer(peer.configuration, link: link, trackers: trackers, address: peer.address)
    if withDisk { again.disk = peer.disk }
    return again
  }

  /// Makes a peer deregister and close its connections.
  package func stop(_ peer: WorldPeer) {
    peer.swarm.stop(at: time(of: peer))
    flush(peer)
  }

  /// Adds a tracker.
  @discardableResult
  package func addTracker(link: LinkSpec = .clean) -> Address {
    let tracker = WorldTracker(newAddress(), using: &generator)
    add(tracker, link: link)
    return tracker.address
  }

  /// Makes a tracker lose its state.
  package func restartTracker(_ address: Address) { (host(at: address) as? WorldTracker)?.restart(using: &generator) }

  /// How many registrations a tracker has.
  package func registrations(_ tracker: Address) -> Int {
    (host(at: tracker) as? WorldTracker)?.tracker.registrationCount ?? 0
  }

  /// Adds a host that speaks the transport's protocol but not the swarm's: `behave` decides what it does.
  @discardableResult
  package func addStranger(
    link: LinkSpec = .clean, address: Address? = nil, _ behave: @escaping WorldStranger.Behaviour
  ) -> WorldStranger {
    let stranger = WorldStranger(address ?? newAddress(), secrets: generator.next(), behave)
    add(stranger, link: link)
    return stranger
  }

  // MARK: Files

  /// Makes a peer serve a file from now on.
  @discardableResult
  package func share(_ file: WorldFile, from peer: WorldPeer) -> FileKey {
    let key = peer.swarm.share(file.manifest, name: "file", at: time(of: peer))
    peer.files.append(WorldCopy(file, key, had: .full(capacity: file.cut.pieces)))
    flush(peer)
    return key
  }

  /// Makes a peer fetch a file of which it may have some pieces, from these addresses if any are given.
  @discardableResult
  package func download(
    _ file: WorldFile, to peer: WorldPeer, from addresses: [Address] = [], having: BitSet? = nil,
    expected: Cut? = nil, serving: Bool = true
  ) -> FileKey {
    let key = peer.swarm.download(id: file.id, expected: expected, serving: serving, at: time(of: peer))
    let had = having ?? BitSet(capacity: file.cut.pieces)
    if serving, !had.isEmpty { peer.disk.put(file.content(had), at: partPath(of: WorldCopy.path(file.id))) }
    peer.files.append(WorldCopy(file, key, had: had, isKept: serving))
    if serving { peer.store.recall(key.index, file.id, target: WorldCopy.path(file.id)) }
    if serving, let expected {
      peer.store.recognize(key.index, file.id, expected, target: WorldCopy.path(file.id))
    }
    for address in addresses { peer.swarm.add(peer: address, for: key, at: time(of: peer)) }
    flush(peer)
    return key
  }
}

// Bare endpoints.
extension World {
  /// Adds a bare endpoint; by default at an address of its own, over IPv4.
  @discardableResult
  package func addEndpoint(
    _ configuration: TransportConfiguration = TransportConfiguration(), link: LinkSpec = .clean,
    address: Address? = nil
  ) -> WorldEndpoint {
    let endpoint = WorldEndpoint(address ?? newAddress(), configuration, secrets: generator.next(), cargo)
    add(endpoint, link: link)
    return endpoint
  }

  /// Begins a connection; nil if there are too many.
  @discardableResult
  package func connect(_ host: WorldEndpoint, to other: WorldEndpoint) -> ConnectionID? {
    defer { flush(host) }
    return host.endpoint.open(to: other.address, at: now)
  }

  /// Queues a file of this many bytes, as one range, or as several of `pieces` bytes each.
  package func sendFile(_ bytes: Int, from host: WorldEndpoint, on id: ConnectionID, pieces: Int = .max) {
    let (number, source) = cargo.addFile(bytes)
    var offset = 0
    while offset < bytes {
      let count = min(pieces, bytes - offset)
      host.endpoint.send(
        Payload(source: source, space: .content, file: number, offset: UInt64(offset), length: count), on: id)
      offset += count
    }
    flush(host)
  }

  /// Queues a message that differs from all others.
  package func sendMessage(from host: WorldEndpoint, on id: ConnectionID) {
    if let message = cargo.addMessage() { host.endpoint.send(message, on: id) }
    flush(host)
  }

  /// Whether all bytes and messages of bare endpoints have arrived.
  package var isComplete: Bool { cargo.messages.isEmpty && cargo.files.values.allSatisfy(\.isComplete) }
  /// How many bytes of files have not arrived.
  package var bytesMissing: Int { cargo.files.values.reduce(0) { $0 + Int($1.length - $1.arrived) } }
  /// How many messages have not arrived.
  package var messagesMissing: Int { cargo.messages.count }
}
