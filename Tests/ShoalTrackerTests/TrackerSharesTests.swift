import ShoalTracker
import ShoalWire
import Testing

/// One host, with as many ports as it likes, and peers of other hosts that want to be known beside it.
struct TrackerSharesTests {
  private func greedy(_ port: Int) -> Address { Address(ipv4: 0x0a01_0001, port: UInt16(port)) }
  private func greedySix(_ number: Int) -> Address {
    Address(high: 0x2001_0db8 << 32, low: UInt64(number), port: UInt16(number))
  }

  @Test func aFileThatOneHostFillsHasRoomForOthers() throws {
    var harness = TrackerHarness { $0.peersPerFile = 64 }
    for port in 1...64 { try harness.register(digest(1), from: port % 2 == 0 ? greedy(port) : greedySix(port)) }
    for number in 1...20 { try harness.register(digest(1), from: peer(number)) }
    #expect(harness.tracker.registrationCount == 64 && harness.tracker.counters.displaced == 20)
    let displaced = harness.events().filter { if case .displaced = $0 { true } else { false } }
    #expect(displaced.count == 20)
    // The greedy host is refused, however often it comes, and moves nobody.
    for port in 1_000...1_050 {
      let packet = try harness.registering(digest(1), from: greedy(port))
      #expect(try harness.error(packet, from: greedy(port)) == .full)
    }
    let packet = try harness.lookingUp(digest(1), from: peer(99))
    let peers: PeersPacket = try harness.ask(packet, from: peer(99))
    #expect(Set(peers.peers.map(\.address)).isSuperset(of: (1...20).map { peer($0) }))
  }

  @Test func hostsShareAFileEvenly() throws {
    var harness = TrackerHarness { $0.peersPerFile = 30 }
    for port in 1...30 { try harness.register(digest(1), from: greedy(port)) }
    // Another that takes all it can get gets half of it, and no more.
    var admitted = 0
    for port in 1...30 {
      let address = peer(1).with(port: UInt16(port))
      let packet = try harness.registering(digest(1), from: address)
      if packetType(of: try harness.reply(to: packet, from: address)) == .registered { admitted += 1 }
    }
    #expect((14...15).contains(admitted))
    #expect(harness.tracker.registrationCount == 30)
  }

  @Test func lookupDrawsHostsBeforePorts() throws {
    var harness = TrackerHarness()
    for port in 1...400 { try harness.register(digest(1), from: greedy(port), have: [run(0, 1)]) }
    for number in 1...9 { try harness.register(digest(1), from: peer(number), have: [run(0, 1)]) }
    for chunk in [LookupPacket.anyChunk, 0] {
      var seen: [Address: Int] = [:]
      for _ in 0..<300 {
        let packet = try harness.lookingUp(digest(1), from: peer(99), chunk: chunk, most: 5)
        let peers: PeersPacket = try harness.ask(packet, from: peer(99))
        #expect(peers.total == 409 && peers.peers.count == 5)
        #expect(peers.peers.count { $0.address.ipv4 == greedy(1).ipv4 } <= 1)
        for entry in peers.peers {
          seen[entry.address.with(port: 1), default: 0] += 1
        }
      }
      // Ten hosts share 1,500 places.
      #expect(seen.count == 10 && seen.values.allSatisfy { (110...190).contains($0) })
    }
    // When every host had its turn, there is room for more of one.
    let all: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(99)), from: peer(99))
    #expect(all.peers.count == 43 && Set(all.peers.map(\.address)).isSuperset(of: (1...9).map { peer($0) }))
    #expect(Set(all.peers.map(\.address)).count == 43)
  }

  @Test func portsOfAHostTakeTurns() throws {
    var harness = TrackerHarness()
    for port in 1...60 { try harness.register(digest(1), from: greedy(port), have: [run(0, 1)]) }
    for number in 1...9 { try harness.register(digest(1), from: peer(number), have: [run(0, 1)]) }
    var ports: Set<UInt16> = []
    for _ in 0..<10 {
      for port in 1...60 { try harness.register(digest(1), from: greedy(port)) }
      let peers: PeersPacket = try harness.ask(
        try harness.lookingUp(digest(1), from: peer(99), most: 10), from: peer(99))
      let seen = peers.peers.map(\.address).filter { $0.ipv4 == greedy(1).ipv4 }
      #expect(seen.count == 1)
      ports.formUnion(seen.map(\.port))
    }
    #expect(ports.count > 3)
  }

  @Test func mapsOfOneHostLeaveRoomForOthers() throws {
    var harness = TrackerHarness { $0.mapBytes = 10 * 1_000 }
    // Ten maps of 8,000 chunks use it all up.
    for port in 1...10 { try harness.register(digest(1), from: greedy(port), chunks: 8_000, have: [run(0, 1)]) }
    #expect(harness.tracker.mapBytes == 10_000)
    try harness.register(digest(2), from: peer(1), chunks: 8_000, have: [run(5, 1)])
    #expect(harness.tracker.mapBytes == 10_000 && harness.tracker.counters.displaced == 1)
    // A peer that has nothing yet, and gains a chunk, has its share too.
    try harness.register(digest(2), from: peer(2), chunks: 16_000)
    let update = try harness.updating(digest(2), from: peer(2), gained: [run(0, 1)])
    let updated: UpdatedPacket = try harness.ask(update, from: peer(2))
    #expect(updated.have == 1 && harness.tracker.mapBytes == 10_000 && harness.tracker.counters.displaced == 3)
    // So has a peer whose file is cut anew.
    try harness.register(digest(2), from: peer(1), chunks: 24_000, have: [run(5, 1)])
    #expect(harness.tracker.mapBytes == 10_000 && harness.tracker.counters.displaced == 5)
    let more = try harness.registering(digest(3), from: greedy(11), chunks: 8_000, have: [run(0, 1)])
    #expect(try harness.error(more, from: greedy(11)) == .full)
    // Anything that takes no room is accepted from anyone.
    try harness.register(digest(3), from: greedy(11), chunks: 8_000, have: [run(0, 8_000)])
    // Peers whose maps had to go learn of it, and are no longer registered.
    var told = 0
    for port in 1...10 {
      let update = try harness.updating(digest(1), from: greedy(port), gained: [run(1, 1)])
      if packetType(of: try harness.reply(to: update, from: greedy(port))) == .error { told += 1 }
    }
    #expect(told == 5)
  }

  @Test func oneRequestEndsNoMoreThanSoMany() throws {
    var harness = TrackerHarness {
      $0.mapBytes = 800
      $0.displacedAtOnce = 4
    }
    for port in 1...100 { try harness.register(digest(1), from: greedy(port), have: [run(0, 1)]) }
    let packet = try harness.registering(digest(2), from: peer(1), chunks: 1_280, have: [run(0, 1)])
    for rounds in 1...3 {
      #expect(try harness.error(packet, from: peer(1)) == .full)
      #expect(harness.tracker.counters.displaced == 4 * rounds)
    }
    let registered: RegisteredPacket = try harness.ask(packet, from: peer(1))
    // What is missing then, a sixteenth at most, is made up for by the next requests.
    #expect(registered.have == 1 && harness.tracker.counters.displaced == 16 && harness.tracker.mapBytes == 832)
    try harness.register(digest(3), from: peer(2), have: [run(0, 1)])
    #expect(harness.tracker.counters.displaced == 20 && harness.tracker.mapBytes == 808)
  }

  @Test func aTrackerThatOneHostFillsHasRoomForOthers() throws {
    var harness = TrackerHarness { $0.registrations = 40 }
    for number in 1...40 { try harness.register(digest(UInt64(number)), from: greedy(7)) }
    for number in 1...10 { try harness.register(digest(100), from: peer(number)) }
    #expect(harness.tracker.registrationCount == 40 && harness.tracker.counters.displaced == 10)
    #expect(harness.tracker.fileCount == 31)
    let packet = try harness.registering(digest(200), from: greedy(7))
    #expect(try harness.error(packet, from: greedy(7)) == .full)
  }

  @Test func aNameThatOneHostFillsIsFoundOfOthersToo() throws {
    var harness = TrackerHarness { $0.filesPerName = 30 }
    for number in 1...60 { try harness.register(digest(UInt64(number)), from: greedy(number)) }
    // The greedy host's files have many ports, which count for nothing.
    for port in 100...140 { try harness.register(digest(1), from: greedy(port)) }
    for number in 101...103 { try harness.register(digest(UInt64(number)), from: peer(number)) }
    try harness.register(digest(103), from: peer(104))
    let found: FoundPacket = try harness.ask(try harness.finding("film.mkv", from: peer(9)), from: peer(9))
    #expect(found.total == 30 && found.files.count == 21)
    #expect(found.files.first?.id == digest(103), "two hosts have it")
    #expect(Set(found.files.prefix(4).map(\.id)).isSuperset(of: [digest(101), digest(102), digest(103)]))
    #expect(harness.tracker.counters.displaced == 0, "what is not found by name is registered all the same")
  }
}
