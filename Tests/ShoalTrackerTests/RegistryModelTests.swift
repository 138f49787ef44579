import ShoalBase
import ShoalContent
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTracker

/// The registry, and a plain dictionary that is told the same.
struct RegistryModelTests {
  private struct Known {
    var cut: Cut
    var name: String
    var chunks: BitSet
    var heard: Instant
  }
  private struct Key: Hashable {
    var peer: Address
    var file: Int
  }

  @Test(arguments: seeds(0..<12)) func agreesWithADictionary(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var harness = TrackerHarness(seed: seed) { $0.interval = 20 * .second }
    var model: [Key: Known] = [:]
    let cuts = [cut(1), cut(10), cut(64), cut(3_000)]
    let names = ["", "a", "b", "ünïcode name that is longer than a small string"]
    for _ in 0..<500 {
      let key = Key(peer: Self.somebody(&random), file: random.below(3))
      let id = digest(UInt64(key.file))
      switch random.below(12) {
      case 0...4:
        let (cut, name) = (cuts[random.below(random.below(3) == 0 ? 4 : 2)], names[random.below(4)])
        let runs = Self.runs(Int(cut.chunks), &random)
        var packet = try harness.registering(id, from: key.peer, have: runs, name: name)
        packet.cut = cut
        let reply: RegisteredPacket = try harness.ask(packet, from: key.peer)
        var known =
          model[key].flatMap { $0.cut == cut ? $0 : nil }
          ?? Known(cut: cut, name: name, chunks: BitSet(capacity: Int(cut.chunks)), heard: harness.now)
        for run in runs { known.chunks.insert(run) }
        (known.name, known.heard) = (name, harness.now)
        model[key] = known
        #expect(Int(reply.have) == known.chunks.count)
      case 5...6:
        let runs = Self.runs(Int(model[key]?.cut.chunks ?? 1), &random)
        let reply = try harness.reply(to: try harness.updating(id, from: key.peer, gained: runs), from: key.peer)
        #expect((packetType(of: reply) == .updated) == (model[key] != nil))
        guard model[key] != nil else { continue }
        for run in runs { model[key]!.chunks.insert(run) }
        model[key]!.heard = harness.now
        #expect(try Int(UpdatedPacket.decode(reply.span).have) == model[key]!.chunks.count)
      case 7:
        let _: DeregisteredPacket = try harness.ask(try harness.deregistering(id, from: key.peer), from: key.peer)
        model[key] = nil
      case 8:
        harness.advance(Int64(random.below(25)))
        harness.tracker.expire(at: harness.now)
        model = model.filter { harness.now - $0.value.heard < 60 * .second }
      case 9: try compareMap(key, model[key], &harness)
      default: try compareLookup(key, model, &harness, &random)
      }
      #expect(harness.tracker.registrationCount == model.count)
      #expect(harness.tracker.fileCount == Set(model.keys.map(\.file)).count)
    }
    try compareNames(model, &harness)
    harness.advance(61)
    harness.tracker.expire(at: harness.now)
    #expect(harness.tracker.registry.count == 0 && harness.tracker.registry.arena.used == 0)
    #expect(harness.tracker.mapBytes == 0 && harness.tracker.registry.listed.count == 0)
  }

  /// Few hosts, some with many ports.
  private static func somebody(_ random: inout SeededGenerator) -> Address {
    let (host, port) = (random.below(12), UInt16(1 + random.below(random.below(2) == 0 ? 2 : 20)))
    return host % 3 > 0
      ? Address(ipv4: 0x0a00_0000 + UInt32(host), port: port)
      : Address(high: 0x2001_0db8 << 32 | UInt64(host), low: UInt64(random.below(2)), port: port)
  }

  private static func runs(_ chunks: Int, _ random: inout SeededGenerator) -> [ChunkRun] {
    if random.below(4) == 0 { return [run(0, UInt32(chunks))] }
    var (runs, position) = ([ChunkRun](), 0)
    for _ in 0..<random.below(4) {
      let first = position + random.below(chunks)
      guard first < chunks else { break }
      let count = 1 + random.below(chunks - first)
      runs.append(run(UInt32(first), UInt32(count)))
      position = first + count
    }
    return runs
  }

  private func compareMap(_ key: Key, _ known: Known?, _ harness: inout TrackerHarness) throws {
    var chunks = BitSet(capacity: known?.chunks.capacity ?? 0)
    var packet = try harness.mapping(digest(UInt64(key.file)), of: key.peer, from: peer(99))
    repeat {
      let reply = try harness.reply(to: packet, from: peer(99))
      #expect((packetType(of: reply) == .mapped) == (known != nil))
      guard known != nil else { return }
      let page = try MappedPacket.decode(reply.span)
      for run in page.have { chunks.insert(run) }
      packet.first = page.end
    } while Int(packet.first) < chunks.capacity
    let isSame = chunks == known!.chunks
    #expect(isSame)
  }

  private func compareLookup(
    _ key: Key, _ model: [Key: Known], _ harness: inout TrackerHarness, _ random: inout SeededGenerator
  ) throws {
    let chunk = random.below(2) == 0 ? LookupPacket.anyChunk : UInt32(random.below(12))
    let wanted = model.filter { other in
      let has = chunk == LookupPacket.anyChunk || other.value.chunks.contains(Int(chunk))
      return other.key.file == key.file && other.key.peer != key.peer && has
    }
    let packet = try harness.lookingUp(digest(UInt64(key.file)), from: key.peer, chunk: chunk)
    let reply = try harness.reply(to: packet, from: key.peer)
    let isKnown = model.keys.contains { $0.file == key.file }
    #expect((packetType(of: reply) == .peers) == isKnown)
    guard isKnown else { return }
    let peers = try PeersPacket.decode(reply.span)
    #expect(Set(peers.peers.map(\.address)).count == peers.peers.count)
    for entry in peers.peers {
      let known = wanted[Key(peer: entry.address, file: key.file)]
      #expect(known?.cut == entry.cut && known?.chunks.count == Int(entry.have))
      #expect(known.map { (harness.now - $0.heard) / .second } == Int64(entry.age))
    }
    if chunk == LookupPacket.anyChunk { #expect(Int(peers.total) == wanted.count) }
    if wanted.count < 15, chunk == LookupPacket.anyChunk { #expect(peers.peers.count == wanted.count) }
    if wanted.count > 40 { #expect(peers.peers.count > 8) }
  }

  private func compareNames(_ model: [Key: Known], _ harness: inout TrackerHarness) throws {
    var listed: Set<Digest> = []
    for name in Set(model.values.map(\.name)) where !name.isEmpty {
      let reply = try harness.reply(to: try harness.finding(name, from: peer(99)), from: peer(99))
      guard packetType(of: reply) == .found else { continue }
      for entry in try FoundPacket.decode(reply.span).files {
        let isClaimed = model.contains { key, known in
          digest(UInt64(key.file)) == entry.id && key.peer == entry.claimant && known.name == name
            && known.cut == entry.cut
        }
        #expect(isClaimed && listed.insert(entry.id).inserted)
        #expect(model.keys.count { digest(UInt64($0.file)) == entry.id } == Int(entry.peers))
      }
    }
    let page: ListedPacket = try harness.ask(ListPacket.of(try harness.cookie(of: peer(99))), from: peer(99))
    #expect(Set(page.files.map(\.id)) == listed && page.next == 0)
  }
}

extension ListPacket {
  fileprivate static func of(_ cookie: UInt64) -> ListPacket {
    var packet = ListPacket()
    packet.cookie = cookie
    return packet
  }
}
