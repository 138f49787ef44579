import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalTracker
import ShoalWire
import TestSupport
import Testing

struct TrackerClientTests {
  private func digest(_ number: UInt64) -> Digest { TrackerNetwork.digest(number) }
  private func cut(_ chunks: Int) -> Cut { TrackerNetwork.cut(chunks) }
  private func packetType(of datagram: [UInt8]) -> PacketType? { TrackerNetwork.packetType(of: datagram) }

  private func share(_ network: TrackerNetwork, _ client: Int, _ id: Digest, _ chunks: Int, _ have: [ChunkRun]) {
    let have = BitSet(capacity: chunks, runs: have)
    network.clients[client].register(id: id, cut: cut(chunks), name: "film.mkv", have: have)
  }

  private func fragments(_ chunks: Int, seed: UInt64) -> BitSet {
    var random = SeededGenerator(seed: seed)
    var set = BitSet(capacity: chunks)
    for index in 0..<chunks where Bool.random(using: &random) { set.insert(index) }
    return set
  }

  @Test func connectsRegistersAndAsks() throws {
    let network = TrackerNetwork(clients: 2)
    #expect(network.clients[0].deadline == .distantFuture && network.clients[0].isIdle)
    share(network, 0, digest(1), 10, [ChunkRun(first: 0, count: 10)])
    #expect(network.clients[0].deadline == .zero && !network.clients[0].isIdle)
    network.run(1)
    #expect(
      network.events[0] == [.connected(observed: TrackerNetwork.address(0)), .registered(id: digest(1))])
    network.clients[1].find(name: "film.mkv")
    network.clients[1].lookup(id: digest(1), chunk: 9)
    network.clients[1].map(id: digest(1), address: TrackerNetwork.address(0), chunks: 10)
    network.clients[1].find(name: "no.mkv")
    network.run(1)
    #expect(network.clients[1].isIdle && network.clients[1].counters.requests == 5)
    var events = network.events[1].makeIterator()
    _ = events.next()
    guard case .found("film.mkv", let found) = events.next(), case .peers(let peers) = events.next() else {
      Issue.record("no FOUND and PEERS: \(network.events[1])")
      return
    }
    #expect(found.files.map(\.id) == [digest(1)] && peers.peers.map(\.address) == [TrackerNetwork.address(0)])
    #expect(events.next() == .mapped(id: digest(1), address: TrackerNetwork.address(0), .full(capacity: 10)))
    let code = TrackerError.unknownFile.rawValue
    #expect(events.next() == .refused(.find(name: "no.mkv"), code: code, message: ""))
  }

  @Test func equalQuestionsAreOne() {
    let network = TrackerNetwork()
    for _ in 0..<5 { network.clients[0].lookup(id: digest(1)) }
    network.run(5)
    #expect(network.clients[0].counters.requests == 2)
  }

  @Test func gainsAreToldAtMostOnceASecond() {
    let network = TrackerNetwork()
    share(network, 0, digest(1), 1_000, [])
    network.run(2)
    for index in 0..<500 {
      network.clients[0].gained(ChunkRun(first: UInt32(index), count: 1), of: digest(1))
      network.run(0.01)
    }
    network.run(2)
    let updates = network.sent.filter { $0.type == .update }
    #expect((4...8).contains(updates.count))
    #expect(zip(updates, updates.dropFirst()).allSatisfy { $1.at - $0.at >= .second })
    #expect(network.chunks(of: 0, digest(1), capacity: 1_000).rangesDescription == "0-499")
    let sent = network.sent.count
    network.clients[0].gained(ChunkRun(first: 3, count: 9), of: digest(1))
    network.run(5)
    #expect(network.sent.count == sent, "nothing new, nothing said")
  }

  @Test func aFragmentedMapIsToldAndReadWhole() {
    let network = TrackerNetwork(clients: 2)
    let have = fragments(100_000, seed: 4)
    network.clients[0].register(id: digest(1), cut: cut(100_000), name: "", have: have)
    #expect(network.run(10) { $0.tracker.mapBytes > 0 && $0.clients[0].deadline > $0.now + 30 * .second })
    #expect(network.chunks(of: 0, digest(1), capacity: 100_000) == have)
    #expect(network.sent.allSatisfy { $0.bytes.count <= Limits.smallestDatagram })
  }

  @Test func staysRegisteredForDays() {
    let network = TrackerNetwork { $0.interval = 30 * .second }
    share(network, 0, digest(1), 10, [ChunkRun(first: 0, count: 10)])
    network.run(3 * 86_400) { $0.tracker.counters.expired > 0 }
    #expect(network.tracker.registrationCount == 1 && network.tracker.counters.expired == 0)
    #expect(network.tracker.counters.errors.isEmpty, "no cookie ever was too old")
    let times = network.sent.filter { $0.type == .register }.map(\.at)
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
    #expect(gaps.allSatisfy { (26 * .second...31 * .second).contains($0) } && Set(gaps).count > gaps.count / 2)
  }

  @Test func aRestartedTrackerIsRefilled() {
    let network = TrackerNetwork(clients: 3)
    let have = fragments(20_000, seed: 2)
    for index in 0..<3 {
      network.clients[index].register(id: digest(1), cut: cut(20_000), name: "a", have: have)
      share(network, index, digest(UInt64(index) + 2), 10, [ChunkRun(first: 1, count: 2)])
    }
    network.run(20)
    network.restartTracker()
    #expect(network.tracker.registrationCount == 0)
    network.run(70)
    #expect(network.tracker.registrationCount == 6 && network.tracker.fileCount == 4)
    for index in 0..<3 { #expect(network.chunks(of: index, digest(1), capacity: 20_000) == have) }
    // A client with something to tell notices at once.
    network.restartTracker()
    network.clients[0].gained(ChunkRun(first: 9, count: 1), of: digest(2))
    network.run(3)
    #expect(network.chunks(of: 0, digest(2), capacity: 10).rangesDescription == "1-2,9")
    #expect(network.events[0].filter { $0 == .registered(id: digest(2)) }.count == 3)
  }

  @Test(arguments: seeds(0..<30)) func lossOnlyDelays(seed: UInt64) {
    let network = TrackerNetwork(seed: seed, clients: 3)
    network.loss = 0.3
    let have = (0..<3).map { fragments(5_000, seed: seed + $0) }
    for index in 0..<3 {
      network.clients[index].register(id: digest(1), cut: cut(5_000), name: "a", have: BitSet(capacity: 5_000))
    }
    network.run(5)
    for index in 0..<3 {
      for run in have[index].runs() { network.clients[index].gained(run, of: digest(1)) }
      network.clients[index].lookup(id: digest(1))
      network.clients[index].map(id: digest(1), address: TrackerNetwork.address((index + 1) % 3), chunks: 5_000)
    }
    // A registration may lapse meanwhile, as every other datagram is lost; it comes back.
    let isTold = (0..<60).contains { _ in
      network.run(20)
      return (0..<3).allSatisfy { network.chunks(of: $0, digest(1), capacity: 5_000) == have[$0] }
    }
    #expect(isTold)
    for index in 0..<3 {
      var peers = 0
      var maps = 0
      for event in network.events[index] {
        if case .peers = event { peers += 1 }
        if case .mapped = event { maps += 1 }
      }
      #expect(peers <= 1 && maps <= 1)
      network.clients[index].deregisterAll()
    }
    #expect(network.run(400) { $0.clients.allSatisfy(\.isIdle) })
    #expect(network.tracker.registrationCount == 0)
  }

  @Test func triesForEverButNeverFloods() {
    let network = TrackerNetwork()
    network.isDown = true
    share(network, 0, digest(1), 10, [])
    network.clients[0].lookup(id: digest(1))
    network.run(3_600)
    #expect(network.sent.allSatisfy { $0.type == .connect })
    let gaps = zip(network.sent, network.sent.dropFirst()).map { $1.at - $0.at }
    for (gap, wait) in zip(gaps, [1, 2, 4, 8, 16, 32, 60, 60, 60] as [Nanoseconds]) {
      #expect((wait * 900 * .millisecond...wait * .second).contains(gap))
    }
    #expect((60...70).contains(network.sent.count))
    #expect(network.events[0].first == .silent(tries: 1, next: 2 * .second))
    #expect(network.events[0].dropFirst().first == .silent(tries: 2, next: 4 * .second))
    #expect(network.events[0].last == .silent(tries: network.sent.count - 1, next: 60 * .second))
    network.isDown = false
    network.run(62)
    #expect(network.tracker.registrationCount == 1)
    #expect(network.events[0].contains(.answeredAgain) && network.events[0].contains(.registered(id: digest(1))))
  }

  @Test func silenceOfManyRequestsEndsForAll() {
    let network = TrackerNetwork()
    network.clients[0].find(name: "x")
    network.run(1)
    network.isDown = true
    for number in 1...20 as ClosedRange<UInt64> { share(network, 0, digest(number), 10, []) }
    network.run(80)
    #expect(network.sent.count < 40)
    network.isDown = false
    network.run(125) { $0.tracker.registrationCount > 0 }
    network.run(3)
    #expect(network.tracker.registrationCount == 20)
  }

  @Test func aTrackerThatTakesNoCookieIsNotFlooded() {
    let network = TrackerNetwork()
    network.clients[0].find(name: "x")
    network.run(60) {
      $0.restartTracker()
      return false
    }
    #expect((10...20).contains(network.sent.count))
    network.run(60)
    #expect(network.clients[0].isIdle)
  }

  @Test func deregistersAndGoesIdle() {
    let network = TrackerNetwork()
    for number in 1...9 as ClosedRange<UInt64> { share(network, 0, digest(number), 10, []) }
    network.run(2)
    network.clients[0].deregister(id: digest(1))
    network.run(1)
    #expect(network.tracker.registrationCount == 8)
    network.clients[0].lookup(id: digest(2))
    network.clients[0].deregisterAll()
    #expect(network.run(2) { $0.clients[0].isIdle })
    #expect(network.tracker.registrationCount == 0 && network.clients[0].deadline == .distantFuture)
    // What was never registered needs no farewell.
    share(network, 0, digest(1), 10, [])
    network.clients[0].deregisterAll()
    #expect(network.clients[0].isIdle)
  }

  @Test func aFileMayLeaveAndComeBackAtOnce() {
    let network = TrackerNetwork()
    share(network, 0, digest(1), 10, [ChunkRun(first: 0, count: 5)])
    network.run(2)
    network.clients[0].deregister(id: digest(1))
    share(network, 0, digest(1), 10, [ChunkRun(first: 7, count: 1)])
    network.run(2)
    #expect(network.chunks(of: 0, digest(1), capacity: 10).rangesDescription == "7")
    network.clients[0].register(id: digest(1), cut: cut(20), name: "b", have: .full(capacity: 20))
    network.run(2)
    #expect(network.chunks(of: 0, digest(1), capacity: 20).isComplete)
  }

  @Test func chunksOfAnEarlierLifeAreTakenBack() {
    let network = TrackerNetwork()
    share(network, 0, digest(1), 100, [ChunkRun(first: 0, count: 90)])
    network.run(2)
    network.clients[0] = TrackerClient(tracker: TrackerNetwork.trackerAddress, random: SecretGenerator(seed: 55))
    share(network, 0, digest(1), 100, [ChunkRun(first: 3, count: 1)])
    network.run(5)
    #expect(network.chunks(of: 0, digest(1), capacity: 100).rangesDescription == "3")
  }

  @Test func aFullTrackerIsAskedAgainAfterAnInterval() {
    let network = TrackerNetwork(clients: 2) { $0.peersPerFile = 1 }
    share(network, 0, digest(1), 10, [])
    network.run(2)
    share(network, 1, digest(1), 10, [])
    network.run(150)
    let refusals = network.events[1].filter { if case .refused(.register, 5, _) = $0 { true } else { false } }
    #expect(refusals.count == 3)
    network.clients[0].deregisterAll()
    network.run(62)
    #expect(network.events[1].filter { $0 == .registered(id: digest(1)) }.count == 1)
  }

  @Test func onlyTheTrackersOwnAnswersCount() throws {
    let tracker = TrackerNetwork.trackerAddress
    let now = Instant(nanoseconds: .second)
    var client = TrackerClient(tracker: tracker, random: SecretGenerator(seed: 1))
    client.find(name: "x")
    let connect = try #require(next(&client, now))
    let transaction = try transaction(of: connect)
    func receive(_ bytes: [UInt8], from address: Address) -> Bool {
      let span = bytes.span
      return client.receive(span, from: address, at: now)
    }
    let answer = try ConnectedPacket().datagram(connection: transaction)
    #expect(!receive(answer, from: tracker.with(port: 1)))
    #expect(!receive(try FindPacket().datagram(connection: transaction), from: tracker))
    #expect(!receive(try OpenPacket().datagram(connection: transaction), from: tracker))
    #expect(!receive([1, 2, 3], from: tracker))
    #expect(receive(try ConnectedPacket().datagram(connection: transaction &+ 1), from: tracker))
    #expect(receive(try FoundPacket().datagram(connection: transaction), from: tracker))
    #expect(receive(Array(answer.dropLast()), from: tracker))
    #expect(client.counters.ignored == 3 && client.nextEvent() == nil)
    #expect(receive(answer, from: tracker))
    let question = try #require(next(&client, now))
    #expect(packetType(of: question) == .find)
    let found = try FoundPacket().datagram(connection: try self.transaction(of: question))
    #expect(receive(found, from: tracker) && receive(found, from: tracker))
    #expect(client.isIdle && client.counters.ignored == 4)
  }

  @Test(arguments: seeds(0..<30)) func hostileAnswersNeverTrapNorFlood(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var client = TrackerClient(tracker: TrackerNetwork.trackerAddress, random: SecretGenerator(seed: seed))
    client.register(id: digest(1), cut: cut(3_000), name: "a", have: fragments(3_000, seed: seed))
    var now = Instant(nanoseconds: .second)
    var sent = 0
    for _ in 0..<300 {
      client.lookup(id: digest(1))
      client.map(id: digest(1), address: TrackerNetwork.address(1), chunks: 1_000)
      client.gained(ChunkRun(first: UInt32.random(in: 0...(.max), using: &random), count: .max), of: digest(1))
      client.expire(at: now)
      while let request = next(&client, now) {
        sent += 1
        for bytes in try answers(to: request, &random) {
          let span = bytes.span
          _ = client.receive(span, from: TrackerNetwork.trackerAddress, at: now)
        }
        guard sent < 2_000 else { break }
      }
      while client.nextEvent() != nil {}
      now = now + 500 * .millisecond
    }
    #expect(sent < 2_000)
  }

  private func next(_ client: inout TrackerClient, _ now: Instant) -> [UInt8]? { client.nextTransmit(at: now)?.bytes }

  private func transaction(of datagram: [UInt8]) throws -> UInt64 {
    let bytes = datagram.span
    return try Header.decode(bytes).header.connection
  }

  /// Answers with the right type and transaction, most of them lies.
  private func answers(to request: [UInt8], _ random: inout SeededGenerator) throws -> [[UInt8]] {
    let transaction = try transaction(of: request)
    let number = UInt32.random(in: 0...(.max), using: &random) >> UInt32.random(in: 0...31, using: &random)
    var registered = RegisteredPacket()
    registered.have = number
    registered.interval = UInt16(truncatingIfNeeded: number)
    var updated = UpdatedPacket()
    updated.have = number
    var mapped = MappedPacket()
    if request.count >= 4 && packetType(of: request) == .map {
      let bytes = request.span
      mapped.first = try MapPacket.decode(bytes).first
    }
    mapped.end = number
    mapped.have = [ChunkRun(first: number & 0x1f_ffff, count: 1 << 20)]
    var error = ErrorPacket()
    error.code = UInt16.random(in: 0...6, using: &random)
    let all: [[UInt8]] = [
      try ConnectedPacket().datagram(connection: transaction), try registered.datagram(connection: transaction),
      try updated.datagram(connection: transaction), try mapped.datagram(connection: transaction),
      try PeersPacket().datagram(connection: transaction), try DeregisteredPacket().datagram(connection: transaction),
      try error.datagram(connection: transaction),
    ]
    var damaged = all.randomElement(using: &random)!
    damaged[Int.random(in: 0..<damaged.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
    return [damaged] + (Bool.random(using: &random) ? all.shuffled(using: &random) : [])
  }
}
