import ShoalBase
import ShoalContent
import ShoalWire

/// A request that has arrived and will be handled soon.
struct RequestAhead {
  let peer: Address
  let idHash: UInt32
  var file = chainEnd, entry = chainEnd
  /// What the entry is looked for by: first as the first of its host, then as a further one.
  var hash: UInt32 = 0, further: UInt32 = 0
}

// Each request reads memory at five or six places, each of which is found in the one before, and in a large registry
// none of them is in the processor's cache. Handled one after the other, requests would wait for each; so what a batch
// of them needs is brought in first, place by place, for all of them at a time. This changes nothing.
extension Registry {
  /// The most that are read ahead: what they need must stay in the cache until they are handled.
  static let mostAhead = 64

  /// Notes a request about a file.
  mutating func expect(_ id: Digest, from peer: Address) {
    guard ahead.count < Registry.mostAhead else { return }
    let hash = fileHash(id)
    fileIndex.prefetch(hash)
    ahead.append(RequestAhead(peer: peer, idHash: hash))
  }

  /// Brings what the noted requests are about into the processor's cache, and what replies will name, if there are any.
  mutating func readAhead(forReplies: Bool = true) {
    var noted: [RequestAhead] = []
    swap(&noted, &ahead)
    if noted.count > 1 {
      var requests = noted.mutableSpan
      findFiles(&requests)
      findEntries(&requests)
      prefetchMembers(requests)
      if forReplies { prefetchNext(requests) }
    }
    noted.removeAll(keepingCapacity: true)
    swap(&noted, &ahead)
  }

  private func prefetchMembers(_ requests: borrowing MutableSpan<RequestAhead>) {
    for index in requests.indices {
      guard requests[index].entry != chainEnd else {
        registrationsByHost.prefetch(hostHash(requests[index].peer))
        prefetch(placeIn: requests[index], 0)
        continue
      }
      let entry = entries[requests[index].entry]
      labels.prefetch(Int(entry.label))
      entries.prefetch(Int(files[requests[index].file].claimant))
      prefetch(blockOf: entry, requests[index].file)
    }
    for index in requests.indices {
      if requests[index].entry != chainEnd {
        prefetch(memberOf: entries[requests[index].entry], requests[index].file)
      } else {
        prefetch(placeIn: requests[index], 1)
      }
    }
    for index in requests.indices where requests[index].entry == chainEnd { prefetch(placeIn: requests[index], 2) }
  }

  /// Where a new peer's member will be: the blocks, then the members, then the entry of the one whose place it takes,
  /// if most peers of the file are alike.
  private func prefetch(placeIn request: RequestAhead, _ step: Int) {
    guard request.file != chainEnd else { return }
    let family = request.peer.isIPv4 ? 0 : 1
    let members = files[request.file].members[family]
    guard members.count > 1 else { return }
    let group = (0..<MemberGroup.further).max { members.places($0).count < members.places($1).count } ?? 0
    let places = members.places(group)
    guard !places.isEmpty else { return }
    let place = places.place(lot(of: request.file, members.count))
    switch step {
    case 0 where members.listed > 0:
      arena.prefetch(Int(members.block) + place >> 5)
      arena.prefetch(Int(members.block) + (members.count - 1) >> 5)
      entries.prefetch(Int(files[request.file].claimant))
    case 0: entries.prefetch(Int(files[request.file].claimant))
    case 1:
      arena.prefetch(base(members, family, place))
      arena.prefetch(base(members, family, members.count - 1) + Registry.words(family))
    default: entries.prefetch(Int(entry(members, family, place)))
    }
  }

  private func findFiles(_ requests: inout MutableSpan<RequestAhead>) {
    for index in requests.indices {
      requests[index].file = fileIndex.first(requests[index].idHash)
      files.prefetch(Int(requests[index].file))
    }
    for index in requests.indices {
      var file = requests[index].file
      while file != chainEnd, files[file].hash != requests[index].idHash { file = files[file].next }
      requests[index].file = file
      guard file != chainEnd else { continue }
      requests[index].hash = firstHash(requests[index].peer, file)
      requests[index].further = furtherHash(requests[index].peer, file)
      entryIndex.prefetch(requests[index].hash)
      entryIndex.prefetch(requests[index].further)
    }
  }

  private func findEntries(_ requests: inout MutableSpan<RequestAhead>) {
    for index in requests.indices where requests[index].file != chainEnd {
      requests[index].entry = entryIndex.first(requests[index].hash)
      entries.prefetch(Int(requests[index].entry))
      entries.prefetch(Int(entryIndex.first(requests[index].further)))
    }
    // A chain has one entry on average: those further down are left out.
    for step in 0..<3 {
      for index in requests.indices {
        let place = requests[index].entry
        guard place != chainEnd, entries[place].hash != requests[index].hash else { continue }
        requests[index].entry = step == 2 ? chainEnd : entries[place].next
        entries.prefetch(Int(requests[index].entry))
      }
    }
    for index in requests.indices where requests[index].entry == chainEnd && requests[index].file != chainEnd {
      let place = entryIndex.first(requests[index].further)
      if place != chainEnd, entries[place].hash == requests[index].further { requests[index].entry = place }
    }
  }

  private func prefetchNext(_ requests: borrowing MutableSpan<RequestAhead>) {
    for index in requests.indices where requests[index].file != chainEnd { prefetchNext(of: requests[index].file) }
  }

  /// The members that the next reply about a file is likely to name.
  private func prefetchNext(of file: UInt32) {
    for family in 0..<2 {
      let members = files[file].members[family]
      for group in 0..<MemberGroup.further {
        let places = members.places(group)
        guard !places.isEmpty else { continue }
        let start = places.place(files[file].lot)
        let end = min(places.upperBound, start + Registry.likely)
        for place in stride(from: start, to: end, by: family == 0 ? 5 : 2) {
          arena.prefetch(base(members, family, place))
        }
      }
    }
  }

  /// How many members are read ahead.
  private static let likely = 50

  private func prefetch(blockOf entry: Entry, _ file: UInt32) {
    let members = files[file].members[entry.family]
    guard members.listed > 0 else { return }
    arena.prefetch(Int(members.block) + entry.position >> 5)
  }

  private func prefetch(memberOf entry: Entry, _ file: UInt32) {
    let members = files[file].members[entry.family]
    // An entry with the same hash may be one of another file.
    guard entry.position < members.count else { return }
    arena.prefetch(base(members, entry.family, entry.position))
  }
}

extension Registrar {
  /// Notes a datagram that will be passed to `receive` soon. `readAhead` makes use of it; nothing else changes.
  package mutating func expect(_ bytes: Span<UInt8>, from address: Address) {
    switch Header.peek(bytes).packetType {
    case .register, .update, .lookup, .deregister: break
    default: return
    }
    var id = Digest.zero
    var decoder = Decoder(bytes, from: Limits.headerLength + MemoryLayout<UInt64>.size)
    guard (try? decoder.digest("id", &id)) != nil else { return }
    registry.expect(id, from: address)
    budgets.prefetch(registry.hostHash(address))
  }

  /// Prepares for the datagrams that were noted, all at a time.
  package mutating func readAhead() { registry.readAhead() }
}
