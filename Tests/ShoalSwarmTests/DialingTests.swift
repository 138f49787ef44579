import ShoalBase
import ShoalSimulator
import ShoalSwarm
import ShoalWire
import Testing

/// Which addresses a swarm tries, when, and how many at a time.
struct DialingTests {
  private func nobody(_ number: Int) -> Address { Address(ipv4: 0x0a03_0000 + UInt32(number), port: 7_400) }

  /// What was sent where, and when the first datagram of each attempt left.
  private final class Dialled {
    var addresses: Set<Address> = []
    init(_ scene: Scene) {
      scene.world.network.onSend = { [self] datagram, _ in
        addresses.insert(datagram.to)
        return true
      }
    }
  }

  /// As many at once as there are places, then others in place of those that do not answer, at a limited rate.
  @Test func addressesAreTriedAtARate() {
    let scene = Scene(1, 500_000)
    let dialled = Dialled(scene)
    scene.downloader { $0.transport.maxConnections = 1_024 }
    scene.world.run(for: 20 * .second)
    scene.tell(0, of: (0..<400).map(nobody))
    scene.world.run(for: 10 * .millisecond)
    #expect(dialled.addresses.count == 30)
    scene.world.run(for: .second)
    #expect((110...150).contains(dialled.addresses.count), "\(dialled.addresses.count)")
    scene.world.run(for: 5 * .second)
    #expect((280...330).contains(dialled.addresses.count), "\(dialled.addresses.count)")
  }

  /// Addresses known only from KNOWN are tried at a rate without a burst after a pause.
  @Test func hearsayIsTriedAtALowRate() {
    let scene = Scene(1, 500_000)
    let dialled = Dialled(scene)
    let server = ScriptedServer(scene, answer: { _ in [] })
    scene.downloader(from: [server.address])
    scene.world.run(for: 20 * .second)
    for first in [0, 16, 32] {
      var known = Known()
      (known.file, known.peers) = (server.number, (first..<first + 16).map { KnownPeer(nobody($0)) })
      server.say(known)
    }
    let before = dialled.addresses.count
    scene.world.run(for: 60 * .millisecond)
    #expect(dialled.addresses.count - before == 8)
    scene.world.run(for: .second)
    #expect((13...17).contains(dialled.addresses.count - before), "\(dialled.addresses.count - before)")
  }

  @Test func aFileIsFetchedFromThirtyAtATime() {
    let scene = Scene(2, 500_000)
    let servers = (0..<35).map { _ in ScriptedServer(scene, answer: { [$0.first(1)] }) }
    let peer = scene.downloader(from: servers.map(\.address)) { $0.opensPerSecond = 1_000 }
    scene.world.run(for: 2 * .second)
    #expect(peer.swarm.connectionCount == 30 && servers.count { $0.wants > 0 } == 30)
    // A peer that leaves makes room for another.
    for server in servers.filter({ $0.wants > 0 }).prefix(2) { server.leave() }
    scene.world.run(for: 500 * .millisecond)
    #expect(peer.swarm.connectionCount == 30 && servers.count { $0.wants > 0 } == 32)
  }

  @Test func ownAddressesAreNotDialled() {
    let scene = Scene(3, 500_000)
    let dialled = Dialled(scene)
    let own = Set((0..<3).map(nobody))
    let origin = scene.origin()
    let peer = scene.downloader { $0.ownAddresses = own }
    let key = scene.downloads[0].key
    scene.tell(0, of: Array(own))
    peer.swarm.add(peerAt: Array(own), for: key, at: scene.world.now)
    #expect(peer.swarm.knownPeers(key) == 0)
    peer.swarm.add(peerAt: Array(own) + [origin.address], for: key, at: scene.world.now)
    #expect(peer.swarm.knownPeers(key) == 1)
    scene.world.flush(peer)
    #expect(scene.finish(within: 10) < 2 * .second)
    #expect(dialled.addresses.isDisjoint(with: own))
  }

  /// The pauses are five seconds at first, and twice as long each time, up to five minutes; each attempt takes 3.25 s.
  @Test func whereNobodyAnswersItIsTriedEverMoreRarely() {
    let scene = Scene(4, 500_000)
    let peer = scene.downloader(from: [nobody(1)])
    var failures: [Instant] = []
    scene.world.afterTurn = { _ in
      let count = peer.events.count { if case .disconnected(_, false, _, _, _) = $0 { true } else { false } }
      if count > failures.count { failures.append(scene.world.now) }
    }
    scene.world.run(for: 1_300 * .second)
    let pauses = zip(failures, failures.dropFirst()).map { ($1 - $0 - 3_250 * .millisecond) / .millisecond }
    #expect(pauses.count >= 8)
    for (pause, expected) in zip(pauses, [5, 10, 20, 40, 80, 160, 300, 300] as [Nanoseconds]) {
      #expect((expected * 1_000...expected * 1_000 + 100).contains(pause), "\(pauses)")
    }
  }

  /// Once a peer was useful, earlier failures are forgotten.
  @Test func afterAConnectionThatWasOfUseThePausesBeginAnew() {
    let scene = Scene(5, 4_000_000)
    let address = nobody(1)
    let peer = scene.downloader(from: [address])
    scene.world.run(for: 60 * .second)
    func appear() -> WorldPeer {
      let origin = scene.world.addPeer(
        Scene.configuration(), link: Scene.link("delay=5ms,rate=4mbit"), address: address)
      scene.world.share(scene.file, from: origin)
      return origin
    }
    let origin = appear()
    #expect(scene.world.run(for: 60 * .second) { peer.swarm.progress(scene.downloads[0].key).bytes > 100_000 })
    scene.world.stop(origin)
    scene.world.run(for: 20 * .millisecond)
    scene.world.crash(origin)
    // A second later there is nobody there, nor after 3.25 s and another 5 s.
    scene.world.run(for: 5 * .second)
    _ = appear()
    #expect(scene.finish(within: 30) < 15 * .second)
  }

  /// If one of a peer's several addresses connects of its own accord, that is the peer: it is not asked twice.
  @Test func aPeerOfSeveralAddressesIsAskedOnce() {
    let scene = Scene(6, 500_000)
    let first = ScriptedServer(scene, answer: { _ in [] })
    let second = ScriptedServer(scene)
    let peer = scene.downloader()
    peer.swarm.add(peerAt: [first.address, second.address], for: scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    scene.world.run(for: .second) { first.wants == 1 }
    second.connect(to: peer)
    scene.world.run(for: .second)
    #expect(first.wants == 1 && second.wants == 0 && second.connections.count == 1)
    #expect(peer.swarm.connectionCount == 2, "neither is closed")
  }

  /// One of the addresses is connected before it is known whose it is: the others are not dialled.
  @Test func anAddressThatIsConnectedAlreadyIsNotSoughtElsewhere() {
    let scene = Scene(8, 500_000)
    let first = ScriptedServer(scene, answer: { _ in [] })
    let second = ScriptedServer(scene)
    let peer = scene.downloader()
    first.connect(to: peer)
    scene.world.run(for: 100 * .millisecond)
    peer.swarm.add(peerAt: [first.address, second.address], for: scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    scene.world.run(for: 2 * .second)
    #expect(first.wants == 1 && second.connections.isEmpty && peer.swarm.connectionCount == 1)
  }

  /// A peer that connects of its own accord, from one of the addresses that are being tried, is asked at once.
  @Test func whoConnectsMeanwhileIsAskedAtOnce() {
    let scene = Scene(9, 500_000)
    let server = ScriptedServer(scene)
    let peer = scene.downloader()
    peer.swarm.add(peerAt: [nobody(1), server.address], for: scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    let start = scene.world.now
    server.connect(to: peer, serves: 0)
    #expect(scene.world.run(for: .second) { server.wants == 1 } && scene.world.now - start < 150 * .millisecond)
  }

  /// What a connection was opened for is no longer wanted by the time it is open.
  @Test func aConnectionThatNobodyWantsIsClosedAtOnce() {
    let scene = Scene(10, 500_000)
    let server = ScriptedServer(scene, "delay=200ms")
    let peer = scene.downloader(from: [server.address])
    scene.world.run(for: 100 * .millisecond)
    peer.swarm.withdraw(scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    scene.world.run(for: .second)
    #expect(peer.swarm.connectionCount == 0 && server.wants == 0)
  }

  /// Two addresses turn out to belong to one peer, which is connected at one of them: the attempt at the other ends
  /// silently.
  @Test func anAttemptElsewhereEndsWithoutAWord() {
    let scene = Scene(11, 500_000)
    let server = ScriptedServer(scene, answer: { _ in [] })
    let peer = scene.downloader()
    server.connect(to: peer, serves: 0)
    scene.tell(0, of: [nobody(1)])
    scene.world.run(for: 100 * .millisecond)
    peer.swarm.add(peerAt: [nobody(1), server.address], for: scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    scene.world.run(for: 6 * .second)
    #expect(server.wants == 1)
    #expect(!peer.events.contains { if case .disconnected(_, false, _, _, _) = $0 { true } else { false } })
  }

  /// Only open connections count, and only peers that have said what they have.
  @Test func whatIsCountedAsConnected() {
    let scene = Scene(12, 500_000)
    let server = ScriptedServer(scene, offers: nil)
    let peer = scene.downloader(from: [nobody(1), server.address])
    scene.world.run(for: .second)
    let key = scene.downloads[0].key
    #expect(peer.swarm.connectionCount == 1 && peer.swarm.progress(key).peers == 0)
    let origin = ScriptedServer(scene)
    scene.tell(0, of: [origin.address])
    scene.world.run(for: 5 * .second) { peer.swarm.progress(key).bytes > 0 }
    #expect(peer.swarm.connectionCount == 2 && peer.swarm.progress(key).peers == 1)
    scene.finish(within: 5)
    #expect(peer.swarm.progress(key).peers == 0 && peer.swarm.knownPeers(key) == 0 && peer.swarm.contacts.isEmpty)
  }

  /// A peer that comes while we are leaving is sent away.
  @Test func whoComesWhileWeLeaveIsSentAway() {
    let scene = Scene(13, 500_000)
    let origin = scene.origin()
    scene.world.stop(origin)
    var code: UInt16?
    var offers = 0
    let late = scene.world.addStranger { stranger, event, _ in
      switch event {
      case .opened(let id, _):
        var want = Want()
        want.id = scene.file.id
        stranger.send(want, on: id)
      case .offer: offers += 1
      case .closed(_, let why): code = why
      default: break
      }
    }
    _ = late.endpoint.open(to: origin.address, at: scene.world.now)
    scene.world.flush(late)
    scene.world.run(for: 2 * .second)
    #expect(code == CloseCode.goingAway.rawValue && offers == 0 && origin.swarm.connectionCount == 0)
  }

  /// Up to 256 addresses that sent false content are remembered; beyond that, the oldest is forgotten.
  @Test func thoseWhoLiedAreRemembered() {
    let scene = Scene(7, 500_000)
    let liars = (0..<257).map { _ in ScriptedServer(scene, "delay=1ms", offers: { ($0.size, $0.chunks) = (0, 0) }) }
    let peer = scene.downloader {
      ($0.opensPerSecond, $0.peersPerFile, $0.transport.maxConnections) = (10_000, 1_000, 1_024)
    }
    func distrusted() -> Int { peer.events.count { if case .distrusted = $0 { true } else { false } } }
    for liar in liars[..<2] { scene.tellInTurn(of: [liar]) }
    scene.tell(0, of: liars[2..<256].map(\.address))
    #expect(scene.world.run(for: 10 * .second) { distrusted() == 256 })
    func isAsked(_ liar: ScriptedServer) -> Bool {
      let wants = liar.wants
      liar.connect(to: peer)
      scene.world.run(for: 100 * .millisecond)
      return liar.wants > wants
    }
    #expect(!isAsked(liars[0]) && !isAsked(liars[1]))
    scene.tell(0, of: [liars[256].address])
    #expect(scene.world.run(for: .second) { distrusted() == 257 })
    #expect(isAsked(liars[0]) && !isAsked(liars[255]) && !isAsked(liars[256]))
  }
}
