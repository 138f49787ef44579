import ShoalContent
import ShoalWire
import Testing

@testable import shoal_dump

@Suite struct TrackerLineTests {
  private let cut = Cut(size: 734_003_200, pieceExponent: 20, chunks: 700)

  @Test func connectAndRegister() throws {
    let capture = TestCapture()
    try capture.add(ConnectPacket(), connection: 0x51d0_c2e7 << 32, from: alice, to: tracker)
    var connected = ConnectedPacket()
    (connected.cookie, connected.observed) = (0x9f31_a6c4_0000_0001, alice)
    try capture.add(connected, connection: 0x51d0_c2e7 << 32, from: tracker, to: alice, after: 310)
    var register = RegisterPacket()
    (register.id, register.cut, register.name) = (film, cut, "film.mkv")
    register.have = [ChunkRun(first: 0, count: 3), ChunkRun(first: 9, count: 1)]
    try capture.add(register, connection: 1, from: alice, to: tracker)
    var registered = RegisteredPacket()
    (registered.have, registered.interval) = (4, 300)
    try capture.add(registered, connection: 1, from: tracker, to: alice, after: 400)
    let outcome = try inspect(capture.bytes)
    #expect(outcome.status == 0 && outcome.error == "")
    #expect(
      outcome.lines == [
        "   1  0.000000 10.0.0.2:7402 > 10.0.0.1:7400 CONNECT tx=51d0c2e7 len=64",
        "   2  0.000310 10.0.0.1:7400 > 10.0.0.2:7402 CONNECTED tx=51d0c2e7 cookie=9f31a6c4 observed=10.0.0.2:7402 "
          + "len=31 [reply to 1, 0.310 ms]",
        "   3  0.001310 10.0.0.2:7402 > 10.0.0.1:7400 REGISTER tx=00000000 id=6b0c12d4 name=\"film.mkv\" have=4/700 "
          + "len=84",
        "   4  0.001710 10.0.0.1:7400 > 10.0.0.2:7402 REGISTERED tx=00000000 have=4 interval=300 len=22 "
          + "[reply to 3, 0.400 ms]",
      ])
  }

  @Test func lookupAndFind() throws {
    let capture = TestCapture()
    var lookup = LookupPacket()
    (lookup.id, lookup.most) = (film, 50)
    try capture.add(lookup, connection: 2, from: alice, to: tracker)
    var peers = PeersPacket()
    (peers.id, peers.name, peers.total) = (film, "film.mkv", 2)
    for port in [7_401, 7_403] as [UInt16] {
      var entry = PeerEntry()
      (entry.address, entry.cut, entry.have) = (bob.with(port: port), cut, port == 7_401 ? 700 : 318)
      peers.peers.append(entry)
    }
    try capture.add(peers, connection: 2, from: tracker, to: alice, after: 295)
    var find = FindPacket()
    find.name = "film.mkv"
    try capture.add(find, connection: 3, from: alice, to: tracker)
    var found = FoundPacket()
    var entry = FoundEntry()
    (entry.id, entry.cut, entry.peers, entry.claimant) = (film, cut, 3, bob)
    (found.total, found.files) = (1, [entry])
    try capture.add(found, connection: 3, from: tracker, to: alice)
    let lines = try inspect(capture.bytes).packets
    #expect(
      lines == [
        "LOOKUP tx=00000000 id=6b0c12d4 chunk=any most=50 len=61",
        "PEERS tx=00000000 id=6b0c12d4 name=\"film.mkv\" 2 of 2: 10.0.0.1:7401 700/700, 10.0.0.1:7403 318/700 len=114 "
          + "[reply to 1, 0.295 ms]",
        "FIND tx=00000000 name=\"film.mkv\" len=33",
        "FOUND tx=00000000 1 of 1: 6b0c12d4 size=734003200 peers=3 claimant=10.0.0.1:7401 len=75 "
          + "[reply to 3, 1.000 ms]",
      ])
  }

  @Test func updatesMapsAndErrors() throws {
    let capture = TestCapture()
    var update = UpdatePacket()
    (update.id, update.gained) = (film, [ChunkRun(first: 18, count: 12)])
    try capture.add(update, connection: 4, to: tracker)
    var error = ErrorPacket()
    (error.code, error.message) = (TrackerError.staleCookie.rawValue, "connect again")
    try capture.add(error, connection: 4, from: tracker, to: alice)
    var map = MapPacket()
    (map.id, map.address, map.first) = (film, bob, 100)
    try capture.add(map, connection: 5, to: tracker)
    var mapped = MappedPacket()
    (mapped.first, mapped.end, mapped.have) = (100, 700, [ChunkRun(first: 100, count: 1)])
    // An answer to somebody who never asked.
    try capture.add(mapped, connection: 6, from: tracker, to: alice)
    var deregister = DeregisterPacket()
    deregister.id = film
    try capture.add(deregister, connection: 7, to: tracker)
    error.code = 99
    try capture.add(error, connection: 7, from: tracker, to: alice)
    let lines = try inspect(capture.bytes).packets
    #expect(
      lines == [
        "UPDATE tx=00000000 id=6b0c12d4 gained=18-29 len=60",
        "ERROR tx=00000000 code=stale_cookie \"connect again\" len=32 [reply to 1, 1.000 ms]",
        "MAP tx=00000000 id=6b0c12d4 address=10.0.0.1:7401 first=100 len=67",
        "MAPPED tx=00000000 first=100 end=700 have=100 len=29",
        "DEREGISTER tx=00000000 id=6b0c12d4 len=56",
        "ERROR tx=00000000 code=99 \"connect again\" len=32 [reply to 5, 1.000 ms]",
      ])
  }
}
