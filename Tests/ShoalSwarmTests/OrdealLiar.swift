import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalTransport
import ShoalWire

@testable import ShoalSwarm

/// A peer of an `Ordeal` that keeps the transport's rules and no others: it registers as one that has all of the file,
/// calls everybody, wants the file and serves it, in the manner of its kind.
final class OrdealLiar: WorldHost {
  enum Kind: CaseIterable {
    /// Says nothing after ACCEPT; offers everything and sends nothing; refuses the file; refuses what is asked for; ends
    /// every connection after a while.
    case mute, empty, refusing, denying, leaving
    /// Sends a byte every two seconds; one block, and then nothing.
    case dripping, stopping
    /// Sends wrong blocks, the wrong tree of right ones, a wrong manifest, the manifest slowly.
    case wrongBlocks, wrongTree, wrongManifest, slowManifest
    /// Offers another size; impossible cuts; another cut, and sends nothing but the manifest.
    case wrongSize, impossibleCut, otherCut
    /// Floods with HAVEs; with addresses; with requests that it cancels; acknowledges what it likes; sends what nobody
    /// asked for.
    case manyHaves, manyAddresses, hoarding, wrongAcks, pushing
    /// Drops the end of every connection's DATA, so that much stays on its way.
    case forgetful
  }

  let address: Address
  let kind: Kind
  private let file: WorldFile
  private lazy var tree = file.tree()
  /// What its offer says, and the manifest that it sends.
  private let offered: WorldFile
  /// All whom it may call.
  private let others: () -> [Address]
  private var endpoint: Endpoint
  private var tracker: TrackerClient?
  private var dice: SeededGenerator
  private var connections: [ConnectionID] = []
  /// The files that peers want from it, and what they asked for.
  private var wants: [(id: ConnectionID, number: UInt16)] = []
  private var owed: [(id: ConnectionID, request: Request, range: RangeField)] = []
  private var actsAt: Instant
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  init(
    _ address: Address, _ kind: Kind, _ file: WorldFile, tracker: Address?, seed: UInt64, at now: Instant,
    others: @escaping () -> [Address]
  ) {
    (self.address, self.kind, self.file, self.others, actsAt) = (address, kind, file, others, now)
    dice = SeededGenerator(seed: seed)
    offered = kind == .otherCut && file.cut.size > 4_096 ? file.recut(.size(2_048)) : file
    var configuration = TransportConfiguration()
    configuration.maxConnections = 64
    endpoint = Endpoint(configuration, secrets: SecretGenerator(seed: dice.next()))
    guard let tracker else { return }
    self.tracker = TrackerClient(tracker: tracker, random: SecretGenerator(seed: dice.next()))
    self.tracker?.register(
      id: file.id, cut: offered.cut, name: "file", have: .full(capacity: Int(offered.cut.chunks)))
  }

  /// Whether it can be proven to lie.
  var isProvable: Bool { kind == .wrongBlocks || kind == .wrongManifest || kind == .wrongSize }

  // MARK: The five verbs

  func receive(_ datagram: NetworkDatagram, at now: Instant) {
    guard let bytes = Datagram.open(datagram.bytes.span) else { return }
    if tracker?.receive(bytes, from: datagram.from, at: now) == true { return }
    endpoint.receive(bytes, from: datagram.from, at: now)
    while let event = endpoint.nextEvent() { hear(event, bytes, at: now) }
  }

  func expire(at now: Instant) {
    endpoint.expire(at: now)
    while let event = endpoint.nextEvent() { hear(event, Span(), at: now) }
    if let due = tracker?.deadline, due <= now { tracker?.expire(at: now) }
    guard actsAt <= now else { return }
    act(at: now)
  }

  func nextTransmit(at now: Instant) -> NetworkDatagram? {
    if case (let to, var bytes)? = tracker?.nextTransmit(at: now) {
      Datagram.seal(&bytes)
      return NetworkDatagram(from: address, to: to, bytes: bytes)
    }
    while let transmit = endpoint.nextTransmit(into: &buffer, at: now) {
      var bytes = Array(buffer[..<transmit.length])
      fill(&bytes, from: transmit.headerLength, transmit.payload)
      if kind == .wrongAcks, bytes[3] == PacketType.ack.rawValue, chance(3) { spoil(&bytes) }
      if kind == .forgetful, transmit.payload.length > 0, chance(2) { continue }
      Datagram.seal(&bytes)
      return NetworkDatagram(from: address, to: transmit.to, bytes: bytes)
    }
    return nil
  }

  func nextEvent(at now: Instant) -> String? {
    while tracker?.nextEvent() != nil {}
    return nil
  }

  var deadline: Instant { min(endpoint.deadline, actsAt, tracker?.deadline ?? .distantFuture) }

  // MARK: What it sends

  private func chance(_ n: UInt64) -> Bool { dice.next() % n == 0 }

  private func fill(_ bytes: inout [UInt8], from start: Int, _ payload: Payload) {
    guard payload.length > 0, let space = ContentSpace(rawValue: payload.space) else { return }
    var isWrong = false
    switch space {
    case .content:
      var room = bytes.mutableSpan
      var content = room._mutatingExtracting(start...)
      file.fill(&content, offset: payload.offset)
      isWrong = kind == .wrongBlocks && (payload.offset / 16_384) % 3 == 0
    case .manifest, .tree:
      let all = space == .tree ? tree : offered.manifest.bytes
      for i in 0..<payload.length where Int(payload.offset) + i < all.count {
        bytes[start + i] = all[Int(payload.offset) + i]
      }
      isWrong = space == .tree ? kind == .wrongTree : kind == .wrongManifest
    }
    if isWrong { bytes[start + payload.length / 2] ^= 1 }
  }

  private func spoil(_ bytes: inout [UInt8]) {
    for _ in 0...dice.next() % 4 {
      let place = 16 + Int(dice.next() % 27)
      if place < bytes.count { bytes[place] = UInt8(truncatingIfNeeded: dice.next()) }
    }
  }

  private func send(_ message: some Message, on id: ConnectionID) {
    guard endpoint.queued(id).messages < 500, let bytes = try? message.encoded() else { return }
    endpoint.send(bytes, on: id)
  }

  private func send(_ range: RangeField, of request: Request, on id: ConnectionID) {
    guard let space = ContentSpace(rawValue: request.space), range.length > 0 else { return }
    endpoint.send(
      Payload(source: 0, space: space, file: request.file, offset: range.offset, length: Int(range.length)), on: id)
  }

  // MARK: What it hears

  private func hear(_ event: TransportEvent, _ bytes: Span<UInt8>, at now: Instant) {
    switch event {
    case .opened(let id, _):
      connections.append(id)
      guard kind != .mute else { return }
      var want = Want()
      (want.file, want.id, want.serves) = (1, file.id, 1)
      send(want, on: id)
    case .closed(let id, _, _):
      connections.removeAll { $0 == id }
      wants.removeAll { $0.id == id }
      owed.removeAll { $0.id == id }
    case .message(let id, .want, let body):
      if let want = try? Want.decode(bytes, body), kind != .mute { take(want, id) }
    case .message(let id, .request, let body):
      if let request = try? Request.decode(bytes, body), kind != .mute { take(request, id) }
    default: break
    }
  }

  private func take(_ want: Want, _ id: ConnectionID) {
    guard kind != .refusing else {
      var refuse = Refuse()
      refuse.file = want.file
      return send(refuse, on: id)
    }
    wants.append((id, want.file))
    var offer = Offer()
    (offer.file, offer.size, offer.pieceExponent) = (want.file, offered.cut.size, offered.cut.pieceExponent)
    offer.chunks = offered.cut.chunks
    if kind == .wrongSize { offer.size = offer.size &+ 1 + dice.next() % 3 << 16 }
    if kind == .impossibleCut { offer.pieceExponent = UInt8(truncatingIfNeeded: dice.next()) }
    offer.have = offer.chunks > 0 ? [ChunkRun(first: 0, count: offer.chunks)] : []
    send(offer, on: id)
  }

  private func take(_ request: Request, _ id: ConnectionID) {
    let isContent = request.space == ContentSpace.content.rawValue
    let isManifest = request.space == ContentSpace.manifest.rawValue
    switch kind {
    case .empty: return
    case .otherCut, .stopping:
      if !isContent { return request.ranges.forEach { send($0, of: request, on: id) } }
      if kind == .stopping, let range = request.ranges.first { send(range.first(1_000), of: request, on: id) }
    case .denying:
      var refuse = Refuse()
      (refuse.file, refuse.space, refuse.ranges) = (request.file, request.space, request.ranges)
      refuse.code = [Refusal.notHere, .tooManyRequests, .unknownFile][Int(dice.next() % 3)].rawValue
      send(refuse, on: id)
    case .dripping where isContent, .slowManifest where isManifest:
      owed += request.ranges.map { (id, request, $0) }
      if owed.count > 1_000 { owed.removeFirst(owed.count - 1_000) }
    default: for range in request.ranges { send(range, of: request, on: id) }
    }
  }

  // MARK: What it does of its own accord

  private func act(at now: Instant) {
    actsAt = now + (kind == .dripping ? 2 * .second : 300 * .millisecond)
    if connections.count < 20, let other = others().randomElement(using: &dice), other != address {
      _ = endpoint.open(to: other, at: now)
    }
    switch kind {
    case .dripping: drip(1)
    case .slowManifest: drip(360)
    case .leaving: if let id = connections.randomElement(using: &dice) { endpoint.close(id, .goingAway, at: now) }
    case .manyHaves:
      for (id, number) in wants {
        for _ in 0..<20 {
          var have = Have()
          have.file = number
          have.chunks = (0..<50 as Range<UInt32>).map { ChunkRun(first: $0 * 3, count: 2) }
          send(have, on: id)
        }
      }
    case .manyAddresses:
      for (id, number) in wants {
        var known = Known()
        known.file = number
        known.peers = (0..<16).map { _ in
          let isReal = chance(4)
          let made = Address(ipv4: 0x0a00_0000 + UInt32(dice.next() % 65_536), port: UInt16(1 + dice.next() % 60_000))
          return KnownPeer(isReal ? others().randomElement(using: &dice) ?? made : made)
        }
        for _ in 0..<5 { send(known, on: id) }
      }
    case .hoarding: connections.forEach(hoard)
    case .pushing:
      for (id, number) in wants {
        var request = Request()
        request.file = number
        let offset = dice.next() % max(file.cut.size, 1)
        send(RangeField(offset: offset, length: UInt32(min(20_000, file.cut.size - offset))), of: request, on: id)
      }
    default: break
    }
  }

  private func drip(_ bytes: UInt32) {
    var seen: Set<UInt64> = []
    for i in owed.indices where owed[i].range.length > 0 && seen.insert(UInt64(owed[i].id.index)).inserted {
      let part = owed[i].range.first(bytes)
      send(part, of: owed[i].request, on: owed[i].id)
      owed[i].range.offset += UInt64(part.length)
      owed[i].range.length -= part.length
    }
    owed.removeAll { $0.range.length == 0 }
  }

  /// Asks for everything, cancels it, and asks again.
  private func hoard(_ id: ConnectionID) {
    let pieces = Int(min(file.cut.size / 4_096, 89))
    for _ in 0..<4 {
      var request = Request()
      request.file = 1
      request.ranges = (0...pieces).map { RangeField(offset: UInt64($0) * 4_096, length: 4_096) }
      send(request, on: id)
      var cancel = Cancel()
      (cancel.file, cancel.ranges) = (1, request.ranges)
      if chance(2) { send(cancel, on: id) }
    }
  }
}
