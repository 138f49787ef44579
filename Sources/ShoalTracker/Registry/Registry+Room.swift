import ShoalBase
import ShoalContent
import ShoalWire

// Limits. Which registration has to make room is decided by looking at a few at random, which costs the same however
// many there are; the more a host has, the more surely it is one of that host's.
extension Registry {
  private static let samples = 12
  /// The limit of maps may be exceeded by this part of it.
  private static let mapSlack = 16

  /// Makes room for a new registration with a map of this many bytes, if its host is not among the greediest.
  mutating func makeRoom(for peer: Address, _ file: UInt32, isFirst: Bool, bytes: Int) throws(Refused) {
    let own = registrationsByHost.estimate(hostHash(peer))
    guard own < configuration.registrationsPerHost else { throw Refused(.full, "files of your host") }
    var victim: UInt32?
    if count >= configuration.registrations || byteCount >= configuration.memory {
      victim = greediest(than: own)
      guard victim != nil, byteCount / 5 < configuration.memory / 4 else { throw Refused(.full, "registrations") }
    }
    var crowder: UInt32?
    if file != chainEnd, files[file].count >= configuration.peersPerFile {
      crowder = self.crowder(of: file, than: isFirst ? -1 : own)
      guard crowder != nil else { throw Refused(.full, "peers of this file") }
    }
    try makeRoom(bytes: bytes, for: peer, except: chainEnd)
    if let victim, entries[victim].label != chainEnd { displace(victim) }
    if let crowder, crowder != victim, entries[crowder].label != chainEnd { displace(crowder) }
  }

  /// Makes room for this many more bytes of chunk maps, if the peer's host is not among the greediest. As only so many
  /// registrations are ended at once, the next requests may have to make room for this one.
  mutating func makeRoom(bytes: Int, for peer: Address, except: UInt32) throws(Refused) {
    guard bytes > 0, mapBytes + bytes > configuration.mapBytes else { return }
    let own = mapsByHost.estimate(hostHash(peer)) * 8
    var left = configuration.displacedAtOnce
    while left > 0, bytes <= configuration.mapBytes, mapBytes + bytes > configuration.mapBytes,
      let victim = hoarder(than: own + bytes, except: except)
    {
      displace(victim)
      left -= 1
    }
    let most = configuration.mapBytes + (left == 0 ? configuration.mapBytes / Registry.mapSlack : 0)
    guard mapBytes + bytes <= most else { throw Refused(.full, "chunk maps") }
  }

  /// Whether runs, which do not overlap, are all of so many chunks.
  func isAll(_ runs: [ChunkRun], of chunks: UInt32) -> Bool { runs.reduce(0) { $0 + Int($1.count) } >= Int(chunks) }

  /// Of some registrations, one of the host with the most, if that has more than `own` + 1.
  private mutating func greediest(than own: Int) -> UInt32? {
    var (most, victim) = (own + 1, UInt32?.none)
    for _ in 0..<Registry.samples {
      let index = UInt32(random.below(entries.count))
      guard entries[index].label != chainEnd else { continue }
      let count = registrationsByHost.estimate(hostHash(member(index).address))
      if count > most { (most, victim) = (count, index) }
    }
    return victim
  }

  /// Of some peers of a file, one of the host with the most, if that has others there and more than `own` + 1.
  private mutating func crowder(of file: UInt32, than own: Int) -> UInt32? {
    var (most, victim) = (own + 1, UInt32?.none)
    let further = (0..<2).map { files[file].members[$0].count - files[file].members[$0].hostCount }
    guard further[0] + further[1] > 0 else { return nil }
    for _ in 0..<Registry.samples {
      let family = random.below(further[0] + further[1]) < further[0] ? 0 : 1
      let members = files[file].members[family]
      let index = entry(members, family, members.hostCount + random.below(further[family]))
      let count = registrationsByHost.estimate(hostHash(member(index).address))
      if count > most { (most, victim) = (count, index) }
    }
    return victim
  }

  /// A registration with a map, of a host whose maps take more than this.
  private mutating func hoarder(than own: Int, except: UInt32) -> UInt32? {
    var (most, victim) = (own, UInt32?.none)
    for _ in 0..<Registry.samples {
      let index = UInt32(random.below(entries.count))
      guard entries[index].map != WordArena.none, index != except else { continue }
      let bytes = mapsByHost.estimate(hostHash(member(index).address)) * 8
      if bytes > most { (most, victim) = (bytes, index) }
    }
    return victim
  }

  private mutating func displace(_ index: UInt32) {
    displaced.append(key(index))
    remove(index)
  }
}
