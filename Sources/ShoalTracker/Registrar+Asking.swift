import ShoalBase
import ShoalContent
import ShoalWire

extension Registrar {
  mutating func find(_ packet: FindPacket, for asker: Asker) throws(Refused) {
    let named = registry.files(named: packet.name)
    var others = registry.files(idPrefix: packet.name.lowercased())
    others.removeAll { id in named?.claims.contains { $0.id == id } ?? false }
    guard named != nil || !others.isEmpty else { throw Refused(.unknownFile, "") }
    var answer = FoundPacket()
    answer.total = UInt16(clamping: (named?.claims.count ?? 0) + others.count)
    var room = Limits.smallestDatagram - answer.encodedSize
    let most = room / FoundEntry().encodedSize
    let registry = registry
    let files = named?.first(most, using: &random) { registry.files[$0]?.hostCount ?? 0 } ?? []
    for id in files + others.prefix(most - files.count) {
      guard let file = registry.files[id] else { continue }
      let eldest = registry[file.eldest]
      var entry = FoundEntry()
      entry.id = id
      entry.cut = eldest.cut
      entry.peers = UInt32(file.count)
      entry.claimant = eldest.key.peer.asSeen(from: asker.peer)
      room -= entry.encodedSize
      guard room >= 0 else { break }
      answer.files.append(entry)
    }
    reply(answer, to: asker)
  }

  mutating func list(_ packet: ListPacket, for asker: Asker) {
    var answer = ListedPacket()
    answer.after = packet.after
    answer.total = UInt32(registry.listed.count)
    var room = Limits.smallestDatagram - answer.encodedSize
    var files: [ListedEntry] = []
    answer.next = registry.listed.page(after: packet.after) { id in
      guard let file = registry.files[id] else { return true }
      let eldest = registry[file.eldest]
      var entry = ListedEntry()
      (entry.id, entry.cut, entry.peers, entry.name) = (id, eldest.cut, UInt32(file.count), eldest.name)
      room -= entry.encodedSize
      if room >= 0 { files.append(entry) }
      return room >= 0
    }
    answer.files = files
    reply(answer, to: asker)
  }

  mutating func lookup(_ packet: LookupPacket, for asker: Asker) throws(Refused) {
    guard let file = registry.files[packet.id] else { throw Refused(.unknownFile, "") }
    let own = registry.place(RegistrationKey(peer: asker.peer, id: packet.id))
    let isAny = packet.chunk == LookupPacket.anyChunk
    let registry = registry
    let isWanted = { place in place != own && (isAny || registry.has(packet.chunk, at: place)) }
    var answer = PeersPacket()
    answer.id = packet.id
    answer.name = registry[file.eldest].name
    answer.total = UInt32(isAny ? file.count - (own == nil ? 0 : 1) : file.members.count(where: isWanted))
    var room = Limits.smallestDatagram - answer.encodedSize
    let most = min(Int(packet.most), room / PeerEntry().encodedSize, Int(answer.total))
    for place in file.draw(most, using: &random, where: isWanted) {
      let entry = entry(at: place, for: asker)
      room -= entry.encodedSize
      guard room >= 0 else { break }
      answer.peers.append(entry)
    }
    reply(answer, to: asker)
  }

  mutating func map(_ packet: MapPacket, for asker: Asker) throws(Refused) {
    guard registry.files[packet.id] != nil else { throw Refused(.unknownFile, "") }
    guard let place = registry.place(of: packet.address, packet.id) else {
      throw Refused(.notRegistered, "no such peer of this file")
    }
    var answer = MappedPacket()
    answer.first = packet.first
    let room = Limits.smallestDatagram - answer.encodedSize
    let (runs, end) = registry[place].chunks.runs(from: Int(packet.first), fitting: room)
    answer.have = runs
    answer.end = UInt32(end)
    reply(answer, to: asker)
  }

  private func entry(at place: Int, for asker: Asker) -> PeerEntry {
    let registration = registry[place]
    var entry = PeerEntry()
    entry.address = registration.key.peer.asSeen(from: asker.peer)
    entry.cut = registration.cut
    entry.have = UInt32(registration.chunks.count)
    entry.age = UInt16(clamping: (asker.at - registration.heard) / .second)
    return entry
  }
}

extension Registry {
  /// The registration of a peer at the address by which others name it; one on the tracker's own host may be registered
  /// by a loopback address.
  fileprivate func place(of peer: Address, _ id: Digest) -> Int? {
    let loopback = [Address(ipv4: 0x7f00_0001, port: peer.port), Address(high: 0, low: 1, port: peer.port)]
    return ([peer] + loopback).lazy.compactMap { place(RegistrationKey(peer: $0, id: id)) }.first
  }
}

extension Address {
  /// The address given to others. A peer on the tracker's own host that is known by a loopback address is given as the
  /// unspecified address, which stands for the address at which the asker reaches the tracker.
  fileprivate func asSeen(from asker: Address) -> Address {
    isLoopback && !(asker.isLoopback && asker.isIPv4 == isIPv4) ? Address(ipv4: 0, port: port) : self
  }
}
