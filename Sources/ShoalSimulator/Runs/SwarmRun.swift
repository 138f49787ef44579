import ShoalBase
import ShoalContent
import ShoalLink
import ShoalStore
import ShoalSwarm
import ShoalTransport
import ShoalWire

/// A `SimulatedSwarm` under way.
final class SwarmRun {
  private let plan: SimulatedSwarm
  private let world: World
  private let start: Instant
  private let file: WorldFile
  private let origin: WorldPeer
  private var receivers: [Receiver] = []
  private(set) var result = SimulatedSwarm.Result()

  /// How often the state of the run is reviewed.
  private static let tick = 10 * Nanoseconds.millisecond

  /// A receiver, across its restarts.
  private struct Receiver {
    var peer: WorldPeer
    var key: FileKey
    /// Its results before the last restart, and when it arrived.
    var host: SimulatedSwarm.Host
    /// Whether it loses power once it has half of the file; and after that, when it is back.
    var crashes: Bool
    var backAt: Instant?

    /// Pieces verified since its last start, and those that were there at that time.
    var pieces: Int { peer.isGone ? 0 : peer[key].verified - peer[key].wrong + peer[key].had }
    /// Whether it has finished or failed.
    var isOver: Bool { peer[key].storedAt != nil || peer[key].failure != nil }
  }

  init(_ plan: SimulatedSwarm, seed: UInt64, _ watch: WorldWatch? = nil) {
    self.plan = plan
    world = World(seed: seed, start: Instant(nanoseconds: 1_000 * .second))
    start = world.now
    if let watch { world.add(watch) }
    file = WorldFile(seed: UInt32(truncatingIfNeeded: seed), size: plan.size)
    origin = world.addPeer(link: plan.originLink.unseeded, configure: plan.configure)
    origin.tracker = world.makeRegistrar()
    origin.swarm.add(tracker: origin.address, at: start)
    world.share(file, from: origin)
  }

  func finish(_ onProgress: (SimulatedSwarm.Progress) -> Void) {
    var (most, advancedAt) = (0, start)
    while world.violations.isEmpty {
      begin()
      let pieces = receivers.reduce(0) { $0 + $1.pieces }
      let complete = receivers.count { $0.peer[$0.key].storedAt != nil }
      let verified = UInt64(pieces) * file.cut.size / UInt64(max(file.cut.pieces, 1))
      onProgress(.init(time: world.now - start, verified: verified, complete: complete))
      if receivers.count == plan.receivers, receivers.allSatisfy(\.isOver) { break }
      if pieces != most { (most, advancedAt) = (pieces, world.now) }
      if receivers.count < plan.receivers { advancedAt = world.now }
      result.isStalled = world.now - advancedAt >= plan.patience
      if result.isStalled || world.now - start >= plan.limit { break }
      disturb(pieces)
      world.run(for: min(SwarmRun.tick, plan.limit - (world.now - start)))
    }
    sum()
  }

  /// Starts the receivers that are due to arrive or to come back.
  private func begin() {
    while receivers.count < plan.receivers {
      let number = receivers.count
      guard world.now - start >= arrival(of: number) else { break }
      let peer = world.addPeer(link: plan.link(of: number).unseeded, configure: plan.configure)
      if number >= plan.receivers - plan.fullDisks { peer.disk.capacity = 0 }
      var host = SimulatedSwarm.Host()
      host.arrived = world.now - start
      receivers.append(
        Receiver(peer: peer, key: get(peer), host: host, crashes: number < plan.restarts, backAt: nil))
    }
    for i in receivers.indices where receivers[i].backAt.map({ $0 <= world.now }) ?? false {
      let peer = world.restart(receivers[i].peer, link: plan.link(of: i).unseeded, withDisk: true)
      (receivers[i].peer, receivers[i].key, receivers[i].backAt) = (peer, get(peer), nil)
    }
  }

  private func arrival(of number: Int) -> Nanoseconds {
    number == 0 ? 0 : plan.arrival / Nanoseconds(plan.receivers - 1) * Nanoseconds(number)
  }

  /// Begins a download as a ticket from the origin would.
  private func get(_ peer: WorldPeer) -> FileKey {
    peer.swarm.add(tracker: origin.address, at: world.now)
    return world.download(file, to: peer, from: [origin.address], expected: file.cut)
  }

  /// Brings about the faults that are due.
  private func disturb(_ pieces: Int) {
    if let share = plan.originLasts, !origin.isGone,
      Double(pieces) >= share * Double(plan.receivers * file.cut.pieces)
    {
      add(origin, FileKey(source: 0), to: &result.origin)
      world.crash(origin)
    }
    for i in receivers.indices where receivers[i].crashes && receivers[i].pieces * 2 >= file.cut.pieces {
      receivers[i].crashes = false
      receivers[i].backAt = world.now + .second
      add(receivers[i].peer, receivers[i].key, to: &receivers[i].host)
      world.crash(receivers[i].peer)
    }
  }

  /// Adds what a peer has done since its last start.
  private func add(_ peer: WorldPeer, _ key: FileKey, to host: inout SimulatedSwarm.Host) {
    let progress = peer.swarm.progress(key)
    for (address, bytes) in progress.from {
      if address == origin.address { host.fromOrigin += bytes } else { host.fromPeers += bytes }
    }
    host.redundant += progress.redundant
    host.contentSent += peer.contentSent
    host.transport += peer.swarm.counters
    if let links = world.network.counters(of: peer.address) {
      host.queueDropped += links.up.droppedQueue + links.down.droppedQueue
    }
  }

  private static func words(_ failure: StoreFailure) -> String {
    switch failure {
    case .preparing(let error), .writing(let error): error.kind == .full ? "its disk is full" : "its disk fails"
    default: "\(failure)"
    }
  }

  private func sum() {
    result.time = world.now - start
    result.fingerprint = world.fingerprint
    result.violations = world.violations
    if !origin.isGone { add(origin, FileKey(source: 0), to: &result.origin) }
    result.receivers = receivers.map { receiver in
      var host = receiver.host
      let copy = receiver.peer[receiver.key]
      host.time = copy.storedAt.map { $0 - start - host.arrived }
      host.failure = copy.failure.map(SwarmRun.words)
      if !receiver.peer.isGone { add(receiver.peer, receiver.key, to: &host) }
      return host
    }
    // Receivers that never arrived have nothing either.
    for number in receivers.count..<plan.receivers {
      var host = SimulatedSwarm.Host()
      host.arrived = arrival(of: number)
      result.receivers.append(host)
    }
  }
}

extension SimulatedSwarm {
  /// Sets a peer's configuration.
  fileprivate func configure(_ configuration: inout SwarmConfiguration, _ address: Address) {
    configuration.transport = transport
    // Datagrams through a simulated link are as large as on the paths that it stands for.
    configuration.transport.receivedMTU = transport.mtu
    configuration.ownAddresses = [address]
  }
}

extension LinkSpec {
  /// The links without their seeds: a shared seed would mean the same losses at each host, so their seeds are the
  /// world's.
  fileprivate var unseeded: LinkSpec { LinkSpec(up: up, down: down) }
}
