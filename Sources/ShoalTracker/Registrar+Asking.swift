import ShoalBase
import ShoalContent
import ShoalWire

extension Registrar {
  /// The end of an answer to a registered peer: other peers of the file, if it asks for them.
  /// What was done for its `runs` already is not done for the peers.
  mutating func nearby(
    _ own: UInt32, _ query: PeerQuery?, beside size: Int, after runs: Int, for asker: Asker
  ) -> Nearby {
    var answer = Nearby()
    let label = registry.entries[own].label
    let file = registry.labels[label].file
    let claimed = registry.entries[registry.files[file].claimant].label
    answer.epoch = epoch
    answer.total = UInt32(registry.files[file].count - 1)
    guard let query, query.want > 0, answer.total > 0 else { return answer }
    if claimed != label { answer.name = registry.name(of: claimed) }
    let room = Limits.smallestDatagram - size - answer.encodedSize
    var wish = PeerWish(most: Int(query.want), room: room, sizes: Nearby.sizes, own: own)
    wish.isComplete = registry.member(own).share == .max
    if registry.entries[own].map != WordArena.none { wish.comparisons = max(0, Registrar.mostCompared - runs / 2) }
    if query.cursor == 0 {
      registry.pick(file, wish)
      answer.next = registry.picks.count < Int(answer.total) ? 1 : 0
    } else {
      let next = registry.pickPage(file, from: Int(query.cursor) - 1, wish)
      answer.next = next == 0 ? 0 : UInt32(next) + 1
    }
    registry.prefetchPicks()
    registry.tellPicks(to: asker.peer, in: &answer)
    return answer
  }

  /// The most peers whose chunks are compared with the asker's: bounds the work.
  private static let mostCompared = 16

  mutating func find(_ search: FileSearch) throws(Refused) {
    var search = search
    var mine = registry.found(search.name, isPart: part.count > 1)
    search.left -= 1
    if search.left > 0 || !search.found.isEmpty {
      for index in mine.indices { mine[index].entry = entry(mine[index].file, for: search.asker) }
    }
    search.found += mine
    guard search.left == 0 else { return searches.append(search) }
    guard !search.found.isEmpty else { throw Refused(.unknownFile, "") }
    var answer = FoundPacket()
    answer.epoch = EpochNote(epoch)
    answer.total = UInt16(clamping: search.found.count)
    var room = Limits.smallestDatagram - answer.encodedSize
    for index in search.found.ranking() {
      let entry = search.found[index].entry ?? entry(search.found[index].file, for: search.asker)
      room -= entry.encodedSize
      guard room >= 0 else { break }
      answer.files.append(entry)
    }
    reply(answer, to: search.asker)
  }

  private func entry(_ file: UInt32, for asker: Asker) -> FoundEntry {
    let claimant = registry.files[file].claimant
    var entry = FoundEntry()
    entry.id = registry.files[file].id
    entry.cut = registry.labels[registry.entries[claimant].label].cut
    entry.peers = UInt32(registry.files[file].count)
    entry.claimant = registry.member(claimant).address.asSeen(from: asker.peer)
    return entry
  }

  mutating func list(_ packet: ListPacket, for asker: Asker) {
    var answer = ListedPacket()
    answer.epoch = EpochNote(epoch)
    answer.after = packet.after
    answer.total = UInt32(clamping: registry.listed.count + listedElsewhere)
    var room = Limits.smallestDatagram - answer.encodedSize
    var files: [ListedEntry] = []
    let (own, mask) = (UInt64(part.index) << RegistrarPart.cursorBits, UInt64(1) << RegistrarPart.cursorBits - 1)
    let isBeyond = packet.after >> RegistrarPart.cursorBits > UInt64(part.index)
    let next = registry.listed.page(after: isBeyond ? mask : packet.after & mask) { file in
      let label = registry.entries[registry.files[file].claimant].label
      var entry = ListedEntry()
      (entry.id, entry.cut) = (registry.files[file].id, registry.labels[label].cut)
      (entry.peers, entry.name) = (UInt32(registry.files[file].count), registry.name(of: label))
      room -= entry.encodedSize
      if room >= 0 { files.append(entry) }
      return room >= 0
    }
    if next != 0 {
      answer.next = own | next
    } else if !isBeyond, part.index + 1 < part.count {
      // The next part's first page.
      answer.next = own + 1 << RegistrarPart.cursorBits
    }
    answer.files = files
    reply(answer, to: asker)
  }

  mutating func lookup(_ packet: LookupPacket, for asker: Asker) throws(Refused) {
    let file = registry.file(packet.id)
    guard file != chainEnd else { throw Refused(.unknownFile, "") }
    let own = registry.find(asker.peer, file).entry
    var answer = PeersPacket()
    answer.epoch = EpochNote(epoch)
    answer.id = packet.id
    answer.name = registry.name(of: registry.entries[registry.files[file].claimant].label)
    let room = Limits.smallestDatagram - answer.encodedSize
    let wish = PeerWish(most: Int(packet.most), room: room, sizes: PeerEntry.sizes, own: own)
    if packet.chunk == LookupPacket.anyChunk {
      registry.pick(file, wish)
      answer.total = UInt32(registry.files[file].count - (own == chainEnd ? 0 : 1))
    } else {
      answer.total = UInt32(registry.pick(file, having: packet.chunk, wish))
    }
    answer.peers.reserveCapacity(registry.picks.count)
    registry.prefetchPicks()
    registry.prefetchEntriesOfPicks()
    registry.prefetchMapsOfPicks()
    for run in registry.picks.runs {
      let members = registry.picks.members(run)
      for place in run.places { answer.peers.append(entry(place, run.family, members, for: asker)) }
    }
    reply(to: asker) { room throws(WireError) in try answer.put(asker.transaction, into: &room) }
  }

  mutating func map(_ packet: MapPacket, for asker: Asker) throws(Refused) {
    let file = registry.file(packet.id)
    guard file != chainEnd else { throw Refused(.unknownFile, "") }
    let peer = registry.entry(of: packet.address, file)
    guard peer != chainEnd else { throw Refused(.notRegistered, "no such peer of this file") }
    var answer = MappedPacket()
    answer.epoch = EpochNote(epoch)
    answer.first = packet.first
    let room = Limits.smallestDatagram - answer.encodedSize
    let (runs, end) = registry.runs(peer, from: Int(packet.first), fitting: room)
    answer.have = runs
    answer.end = UInt32(end)
    reply(answer, to: asker)
  }

  private func entry(_ place: Int, _ family: Int, _ members: Members, for asker: Asker) -> PeerEntry {
    let index = registry.entry(members, family, place)
    let known = registry.entries[index]
    let (address, share) = registry.member(members, family, place)
    var entry = PeerEntry()
    entry.address = address.asSeen(from: asker.peer)
    entry.cut = registry.labels[known.label].cut
    entry.have = share == .max ? entry.cut.chunks : share == 0 ? 0 : UInt32(registry.arena.count(ofMap: known.map))
    entry.age = UInt16(clamping: registry.age(index, at: asker.at) / .second)
    return entry
  }
}

extension PeerEntry {
  /// The bytes of an entry with an IPv4 address, and of one with an IPv6 address.
  fileprivate static let sizes: (Int, Int) = {
    var entry = PeerEntry()
    let short = entry.encodedSize
    entry.address = Address(high: 1, low: 0, port: 0)
    return (short, entry.encodedSize)
  }()
}

extension Registry {
  /// The registration of a peer at the address by which others name it; one on the tracker's own host may be registered
  /// by a loopback address.
  fileprivate func entry(of peer: Address, _ file: UInt32) -> UInt32 {
    for address in [peer, Address(ipv4: 0x7f00_0001, port: peer.port), Address(high: 0, low: 1, port: peer.port)] {
      let entry = find(address, file).entry
      if entry != chainEnd { return entry }
    }
    return chainEnd
  }

  /// The most runs of a MAPPED: bounds the work.
  private static let mostMapped = 128

  /// As many runs of a peer's chunks from `first` on as fit into so many bytes, and the chunk up to which they are all.
  func runs(_ index: UInt32, from first: Int, fitting bytes: Int) -> (runs: [ChunkRun], end: Int) {
    let (have, chunks) = chunks(index)
    guard have > 0, first < chunks else { return ([], chunks) }
    let map = entries[index].map
    guard map != WordArena.none else {
      return ([ChunkRun(first: UInt32(first), count: UInt32(chunks - first))], chunks)
    }
    let (all, end) = arena.runs(ofMap: map, capacity: chunks, from: first, limit: min(bytes / 2, Registry.mostMapped))
    let fitting = all.prefix(fitting: bytes)
    return (fitting, fitting.count == all.count ? end : Int(fitting.last?.end ?? UInt32(first)))
  }
}

extension Address {
  /// The address given to others. A peer on the tracker's own host that is known by a loopback address is given as the
  /// unspecified address, which stands for the address at which the asker reaches the tracker.
  func asSeen(from asker: Address) -> Address {
    isLoopback && !(asker.isLoopback && asker.isIPv4 == isIPv4) ? Address(ipv4: 0, port: port) : self
  }
}
