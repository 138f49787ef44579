import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalStore
import ShoalTransport
import ShoalWire

@testable import ShoalSwarm

/// A whole swarm under every kind of fault, all following from a seed: a fifth of its peers lie, some arrive late and
/// some leave, processes are killed and machines lose power, disks fill and fail, the network is partitioned, trackers
/// lose their state, and the origin leaves at any time.
///
/// What must hold: no wrong byte is accepted, no honest peer is distrusted, nothing is requested from a proven liar,
/// every peer finishes that can, memory is bounded, and in the end everything drains.
final class Ordeal {
  /// An honest peer, across its restarts.
  struct Member {
    var peer: WorldPeer
    var key: FileKey?
    let link: String
    let isOrigin: Bool
    let leavesWhenDone: Bool
    /// When it is started again; nil if it runs, or is gone for good.
    var returnsAt: Instant?
    var hasLeft = false
    /// What was checked of its events.
    var eventsSeen = 0
  }

  let seed: UInt64
  let scene: Scene
  var dice: SeededGenerator
  var members: [Member] = []
  var liars: [OrdealLiar] = []
  /// When what is left of the disturbances happens, soonest first.
  var mishaps: [(at: Nanoseconds, what: Mishap)] = []
  let tracker: Address?
  /// At which share of the receivers' progress the origins go; nil if they stay.
  let originsLeaveAt: Double?
  let originsReturn: Bool
  private(set) var originsHaveLeft = false
  /// Who has proven that whom lied.
  private var proven: [Address: Set<Address>] = [:]
  private(set) var faults: [String] = []
  /// What happened, for people.
  private(set) var story: [String] = []
  private let isStraitened: Bool

  private var world: World { scene.world }

  init(_ seed: UInt64) {
    self.seed = seed
    var dice = SeededGenerator(seed: seed &* 0x9e37_79b9 &+ 7)
    func roll(_ n: Int) -> Int { Int(dice.next() % UInt64(n)) }
    let sizes = [60_000, 400_000, 900_000, 1_500_000, 2_500_000]
    let cuts: [Chunking] = [.automatic, .automatic, .automatic, .count(20), .size(4_096), .size(200_000)]
    let size = sizes[roll(5)] + roll(70_000)
    scene = Scene(seed, size, cuts[roll(6)], holes: roll(6) == 0 ? [size / 4..<size / 2] : [])
    tracker = roll(4) > 0 ? scene.world.addTracker(link: Scene.link("delay=10ms,loss=2%")) : nil
    originsLeaveAt = roll(2) == 0 ? [0.3, 0.5, 0.7, 0.9][roll(4)] : nil
    originsReturn = roll(2) == 0
    isStraitened = roll(4) == 0
    self.dice = dice
    populate()
    plan()
    watch()
  }

  func roll(_ n: Int) -> Int { Int(dice.next() % UInt64(max(n, 1))) }

  private func link() -> String {
    var items = ["delay=\(1 + roll(50))ms", "rate=\(2 + roll(20))mbit/\(10 + roll(50))mbit"]
    if roll(3) == 0 { items.append("loss=\(roll(8))%") }
    if roll(6) == 0 { items.append("corrupt=\(roll(4))%") }
    if roll(8) == 0 { items.append("reorder=5%,jitter=5ms,duplicate=2%") }
    return items.joined(separator: ",")
  }

  // MARK: Who is there

  private func populate() {
    let count = 8 + roll(23)
    let origins = 1 + roll(2)
    let lying = max(count / 5, 1)
    // Some liars are behind the same NAT as somebody honest.
    let isShared = roll(4) == 0
    let first: UInt32 = 0x0a01_0000
    for i in 0..<count - lying {
      let address = Address(ipv4: first + UInt32(i), port: 7_401)
      members.append(
        Member(
          peer: world.addPeer(configuration(), link: .clean, address: address), link: link(), isOrigin: i < origins,
          leavesWhenDone: i >= origins && roll(4) == 0, returnsAt: world.now + Nanoseconds(roll(3_000)) * .millisecond))
      world.kill(members[i].peer)
    }
    let kinds = OrdealLiar.Kind.allCases
    for i in 0..<lying {
      let host = isShared && i % 2 == 0 ? UInt32(roll(members.count)) : UInt32(1_000 + i)
      let address = Address(ipv4: first + host, port: UInt16(8_000 + i))
      let liar = OrdealLiar(
        address, kinds[roll(kinds.count)], scene.file, tracker: tracker, seed: dice.next(), at: world.now
      ) { [unowned self] in members.filter { !$0.peer.isGone }.map(\.peer.address) }
      liars.append(liar)
      world.add(liar, link: Scene.link(link()))
    }
    story.append(
      "\(members.count) honest, \(liars.map(\.kind)), \(scene.file.cut), tracker \(tracker != nil), "
        + "origins \(origins) leave at \(originsLeaveAt ?? 2), return \(originsReturn)")
    for i in members.indices where members[i].isOrigin { start(i) }
  }

  private func configuration() -> SwarmConfiguration {
    Scene.configuration {
      if isStraitened {
        $0.bufferLimit = 131_072 << roll(4)
        $0.peersPerFile = 4 + roll(4)
      }
    }
  }

  /// Starts a peer, or starts it again with what is on its disk.
  private func start(_ i: Int) {
    let old = members[i].peer
    let peer = world.restart(
      old, link: Scene.link(members[i].link), trackers: [tracker].compactMap { $0 }, withDisk: true)
    peer.disk.capacity = roll(12) == 0 ? scene.file.cut.size / 2 : .max
    peer.disk.fault = { _ in nil }
    peer.verificationDelay = Nanoseconds(roll(3) == 0 ? roll(20) : 0) * .millisecond
    (members[i].peer, members[i].returnsAt, members[i].eventsSeen) = (peer, nil, 0)
    proven[peer.address] = nil
    if members[i].isOrigin {
      members[i].key = world.share(scene.file, from: peer)
    } else {
      members[i].key = world.download(scene.file, to: peer, from: known(to: i))
    }
  }

  /// The peers that a peer knows when it starts: with a tracker, it learns of others there.
  private func known(to i: Int) -> [Address] {
    let some = liars.filter { _ in roll(3) == 0 }.map(\.address)
    guard tracker == nil else { return some }
    let there = members.indices.map { members[(i + 1 + $0) % members.count] }.filter { !$0.hasLeft }
    let next = there.prefix(4).map(\.peer.address)
    return some + members.filter(\.isOrigin).map(\.peer.address) + next
  }

  // MARK: What happens

  enum Mishap {
    case kill(Int), crash(Int), leave(Int), failDisk(Int), part([Int], Nanoseconds), heal
    case forget
  }

  private func plan() {
    func when() -> Nanoseconds { Nanoseconds(200 + roll(9_000)) * .millisecond }
    let receivers = members.indices.filter { !members[$0].isOrigin }
    for i in receivers {
      if roll(10) == 0 { mishaps.append((when(), .leave(i))) }
      if roll(8) == 0 { mishaps.append((when(), .kill(i))) }
      if roll(8) == 0 { mishaps.append((when(), .crash(i))) }
      if roll(12) == 0 { mishaps.append((when(), .failDisk(i))) }
    }
    if roll(3) == 0 {
      let at = when()
      let some = members.indices.filter { _ in roll(2) == 0 }
      mishaps.append((at, .part(some, Nanoseconds(1 + roll(40)) * .second)))
    }
    if tracker != nil, roll(4) == 0 { mishaps.append((when(), .forget)) }
    mishaps.sort { $0.at < $1.at }
  }

  private func happen(_ what: Mishap) {
    switch what {
    case .kill(let i), .crash(let i), .leave(let i), .failDisk(let i):
      guard !members[i].peer.isGone, !members[i].hasLeft else { return }
      happen(what, to: i)
    case .part(let some, let span):
      world.part(some.map { members[$0].peer })
      mishaps.append((world.now - Scene.start + span, .heal))
    case .heal: world.heal()
    case .forget: if let tracker { world.restartTracker(tracker) }
    }
    story.append("\(seconds): \(what)")
  }

  private func happen(_ what: Mishap, to i: Int) {
    let peer = members[i].peer
    let soon = world.now + Nanoseconds(roll(4_000)) * .millisecond
    switch what {
    case .kill:
      world.kill(peer)
      members[i].returnsAt = soon
    case .crash:
      world.crash(peer)
      members[i].returnsAt = soon
    case .leave: leave(i)
    default:
      let count = DiskFault(after: roll(20))
      peer.disk.fault = { count.fails($0) }
    }
  }

  /// Fails a job, and all that follow but reads: what is there can still be given to others.
  private final class DiskFault: @unchecked Sendable {
    private var left: Int
    init(after: Int) { left = after }

    func fails(_ job: StoreJob) -> DiskError? {
      if case .read = job { return nil }
      left -= 1
      return left < 0 ? DiskError(.other, code: 5, action: "write", subject: "part") : nil
    }
  }

  private func leave(_ i: Int) {
    world.stop(members[i].peer)
    world.run(for: 100 * .millisecond)
    world.kill(members[i].peer)
    members[i].hasLeft = true
  }

  private var seconds: Double { Double((world.now - Scene.start) / .millisecond) / 1e3 }

  // MARK: The run

  /// How long it took until everyone was done who could be, in seconds.
  private(set) var took = 0.0
  private(set) var redundancy = 0.0

  /// Runs it all; what went wrong is in `faults`.
  func run(limit: Nanoseconds = 400 * .second) {
    let end = Scene.start + limit
    while world.now < end, faults.isEmpty, !isSettled {
      world.run(for: 50 * .millisecond)
      review()
    }
    took = seconds
    check()
    guard faults.isEmpty else { return }
    if !isSettled { faults.append("not done after \(seconds) s: \(states)") }
    drain()
  }

  private func review() {
    while let next = mishaps.first, Scene.start + next.at <= world.now { happen(mishaps.removeFirst().what) }
    for i in members.indices {
      if let at = members[i].returnsAt, at <= world.now, !members[i].hasLeft { start(i) }
      let member = members[i]
      guard !member.peer.isGone, let key = member.key else { continue }
      if member.peer[key].failure != nil {
        // Whoever uses it makes room, and starts it again.
        world.kill(member.peer)
        members[i].returnsAt = world.now + 2 * .second
      } else if member.leavesWhenDone, member.peer[key].storedAt != nil {
        leave(i)
      }
    }
    letOriginsLeave()
    check()
  }

  private func letOriginsLeave() {
    guard let share = originsLeaveAt, !originsHaveLeft else { return }
    let receivers = members.filter { !$0.isOrigin && !$0.hasLeft }
    guard !receivers.isEmpty else { return }
    let progress = receivers.map { written($0)?.count ?? 0 }.reduce(0, +)
    guard Double(progress) >= share * Double(receivers.count * scene.file.cut.pieces) else { return }
    originsHaveLeft = true
    story.append("\(seconds): origins leave")
    for i in members.indices where members[i].isOrigin && !members[i].peer.isGone {
      world.kill(members[i].peer)
      members[i].hasLeft = !originsReturn
      if originsReturn { members[i].returnsAt = world.now + 30 * .second }
    }
  }

  private func written(_ member: Member) -> BitSet? {
    guard let key = member.key, !member.peer.files.isEmpty else { return nil }
    let copy = member.peer[key]
    guard copy.file.cut != scene.file.cut else { return copy.written }
    // Cut in another way: what is here of ours.
    var pieces = BitSet(capacity: scene.file.cut.pieces)
    for piece in 0..<scene.file.cut.pieces {
      let start = scene.file.cut.pieceOffset(piece)
      let end = start + UInt64(scene.file.cut.pieceLength(piece)) - 1
      if (copy.file.cut.piece(at: start)...copy.file.cut.piece(at: end)).allSatisfy(copy.written.contains) {
        pieces.insert(piece)
      }
    }
    return pieces
  }

  private var live: [Member] { members.filter { !$0.peer.isGone && !$0.hasLeft } }

  /// What is there among all who are there.
  private var union: BitSet {
    live.reduce(into: BitSet(capacity: scene.file.cut.pieces)) { $0.formUnion(written($1) ?? $0) }
  }

  /// Whether nothing is to happen any more, and everyone has all that there is.
  private var isSettled: Bool {
    guard mishaps.isEmpty, members.allSatisfy({ $0.returnsAt == nil || $0.hasLeft }) else { return false }
    let all = union
    return live.allSatisfy { member in
      guard let key = member.key else { return false }
      return all.isComplete ? member.isOrigin || member.peer[key].storedAt != nil : written(member) == all
    }
  }

  private var states: String {
    live.map { member in
      let copy = member.key.map { member.peer[$0] }
      let key = member.key ?? FileKey(0)
      let sources = member.peer.swarm.download(key)?.sources.map { "\($0.address.low & 0xffff)" } ?? []
      return "\(member.peer.address): \(copy?.written.count ?? 0)/\(copy?.file.cut.pieces ?? 0) of "
        + "\(member.peer.swarm.download(key)?.phase ?? .stopped) \(sources)"
    }.joined(separator: ", ") + "; union \(union.count)"
  }

  // MARK: What must hold

  private func watch() {
    world.network.onSend = { [unowned self] datagram, now in
      if proven[datagram.from]?.contains(datagram.to) == true, asks(datagram.bytes) {
        faults.append("\(seconds): \(datagram.from) asks \(datagram.to), which has lied to it")
      }
      return true
    }
  }

  /// Whether a datagram asks for anything.
  private func asks(_ bytes: [UInt8]) -> Bool {
    let span = bytes.span
    guard Header.peek(span).packetType == .data, let packet = try? DataPacket.decode(span) else { return false }
    var reader = MessageReader(span, from: packet.messages.offset)
    while let message = try? reader.next() {
      if message.type == .want || message.type == .request { return true }
    }
    return false
  }

  private func check() {
    faults += world.violations
    for i in members.indices where !members[i].peer.isGone {
      let peer = members[i].peer
      for event in peer.events.dropFirst(members[i].eventsSeen) {
        guard case .distrusted(_, let address, let lie) = event else { continue }
        proven[peer.address, default: []].insert(address)
        if !liars.contains(where: { $0.address == address }) {
          faults.append("\(seconds): \(peer.address) distrusts \(address): \(lie)")
        }
      }
      members[i].eventsSeen = peer.events.count
      if !peer.ledgerIsRight { faults.append("\(seconds): the ledger of \(peer.address) is wrong") }
      for link in peer.swarm.openLinks {
        let queued = peer.swarm.endpoint.queued(link.connection)
        if queued.ranges > 4_096 + 64 || queued.messages > SwarmConstants.queuedMessages + 300 {
          faults.append("\(seconds): \(queued) wait at \(peer.address)")
        }
      }
    }
  }

  /// Without liars, all traffic ends when everything is done; and a stopped peer leaves nothing behind.
  private func drain() {
    for liar in liars { world.crash(liar) }
    // A partition of the network makes round trips long, and peers wait for three of them: section 4.5.
    world.run(for: 200 * .second)
    check()
    let isWhole = union.isComplete
    for member in live where isWhole {
      let peer = member.peer
      if peer.swarm.connectionCount > 0 {
        let peers = peer.swarm.openLinks.map { "\($0.address) served \($0.served)" }
        faults.append("\(peer.address) has \(peers.count) links: \(peers)")
      }
      if peer.swarm.buffered > 0 { faults.append("\(peer.address) buffers \(peer.swarm.buffered)") }
    }
    for member in live { world.stop(member.peer) }
    world.run(for: 40 * .second)
    for member in live {
      if !member.peer.isQuiet, tracker != nil { faults.append("\(member.peer.address) does not come to rest") }
      if member.peer.swarm.connectionCount > 0 { faults.append("\(member.peer.address) is still connected") }
    }
  }
}
