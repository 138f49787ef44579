import ShoalBase
import ShoalContent
import ShoalWire

/// Who has what: every registration, found by peer and file, by file and by name.
///
/// Everything is in slabs and blocks that never move, and in tables that grow by one chain at a time, so that no
/// request costs more because more is stored. When a limit is reached, hosts that have much give way to those that have
/// less.
struct Registry: ~Copyable {
  let configuration: RegistrarConfiguration
  let hash: SecretHash
  var random: SeededGenerator
  var arena = WordArena()
  var entries = Slab<Entry>(segmentBits: 14)
  private var freeEntries = chainEnd
  private(set) var entryIndex = ChainIndex()
  var labels = Slab<Label>(segmentBits: 10)
  private var freeLabels = chainEnd
  private var labelIndex = ChainIndex()
  private var labelsMade: UInt32 = 0
  var files = Slab<TrackedFile>(segmentBits: 10)
  private var freeFiles = chainEnd
  private(set) var fileIndex = ChainIndex()
  var names = NameTable(), shortIDs = NameTable()
  var listed = ListedFiles()
  var registrationsByHost: HostSketch, mapsByHost: HostSketch
  /// The bytes for which all chunk maps are counted.
  private(set) var mapBytes = 0
  /// How many changes there have been, apart from renewals.
  private(set) var changes = 0
  var expiry = ExpirySweep()
  /// How long this machine has been asleep: nobody could be heard then, so it does not count as silence.
  var asleep: Nanoseconds = 0
  /// The registrations that ended because others needed the room; the registrar fetches them.
  var displaced: [RegistrationKey] = []
  /// The members picked last.
  var picks = Picks()
  /// The members that were passed over because they have nothing that the asker lacks.
  var useless = Picks()
  /// The requests that are read ahead.
  var ahead: [RequestAhead] = []

  init(_ configuration: RegistrarConfiguration, seed: UInt64) {
    self.configuration = configuration
    random = SeededGenerator(seed: seed)
    hash = SecretHash(random.next(), random.next(), random.next())
    registrationsByHost = HostSketch(for: configuration.registrations)
    mapsByHost = HostSketch(for: configuration.registrations)
  }

  /// How many registrations there are.
  var count: Int { entryIndex.count }
  /// How many files are registered.
  var fileCount: Int { fileIndex.count }
  /// The bytes of memory that all this takes.
  var byteCount: Int {
    let tables = entryIndex.byteCount + labelIndex.byteCount + fileIndex.byteCount
    let sketches = registrationsByHost.byteCount + mapsByHost.byteCount
    return arena.byteCount + entries.byteCount + labels.byteCount + files.byteCount + tables + sketches
      + names.byteCount + shortIDs.byteCount + listed.byteCount
  }

  // MARK: Finding

  /// The file of an id, or `chainEnd`.
  func file(_ id: Digest) -> UInt32 {
    let hash = fileHash(id)
    var place = fileIndex.first(hash)
    while place != chainEnd, files[place].hash != hash || files[place].id != id { place = files[place].next }
    return place
  }

  /// The registration of a file by a peer.
  func find(_ peer: Address, _ file: UInt32) -> Found {
    guard file != chainEnd else { return Found() }
    var found = Found()
    let firstHash = firstHash(peer, file)
    var place = entryIndex.first(firstHash)
    while place != chainEnd {
      let entry = entries[place]
      if entry.hash == firstHash, labels[entry.label].file == file {
        let address = member(place).address
        if address.isSameHost(as: peer) {
          found.first = place
          if address == peer { found.entry = place }
          break
        }
      }
      place = entry.next
    }
    guard found.entry == chainEnd else { return found }
    let furtherHash = furtherHash(peer, file)
    place = entryIndex.first(furtherHash)
    while place != chainEnd {
      let entry = entries[place]
      if entry.hash == furtherHash, labels[entry.label].file == file, member(place).address == peer {
        found.entry = place
        break
      }
      place = entry.next
    }
    return found
  }

  func fileHash(_ id: Digest) -> UInt32 { hash(id[word: 0], id[word: 1], id[word: 2], id[word: 3]) }
  func hostHash(_ peer: Address) -> UInt32 { hash(peer.high, peer.isIPv4 ? peer.low : 0, 1) }
  func firstHash(_ peer: Address, _ file: UInt32) -> UInt32 {
    hash(peer.high, peer.isIPv4 ? peer.low : 0, UInt64(file), 2)
  }
  func furtherHash(_ peer: Address, _ file: UInt32) -> UInt32 {
    hash(peer.high, peer.low, UInt64(file), UInt64(peer.port) << 8 | 3)
  }

  /// Makes the tables large enough for so many registrations, so that they need not grow.
  mutating func expect(registrations: Int) { entryIndex.reserve(min(registrations, configuration.registrations)) }

  // MARK: Registering

  /// Registers a peer's file with this cut and these chunks. Returns the entry, whether it is new or has a new cut, and
  /// how many chunks are new.
  mutating func register(
    _ peer: Address, _ id: Digest, _ cut: Cut, name: String, _ have: [ChunkRun], at now: Instant
  ) throws(Refused) -> (entry: UInt32, isNew: Bool, gained: Int) {
    let file = file(id)
    let found = find(peer, file)
    let bytes = mapBytes(of: have, cut.chunks)
    guard found.entry != chainEnd else {
      let before = changes
      try makeRoom(for: peer, file, isFirst: found.first == chainEnd, bytes: bytes)
      let isComplete = isAll(have, of: cut.chunks)
      // Those that made room may have been the file's.
      let place = changes == before ? (file, found.first) : place(for: peer, id)
      let entry = insert(peer, id, place, cut, name: name, share: isComplete ? .max : 0, at: now)
      return (entry, true, isComplete ? Int(cut.chunks) : add(have, to: entry))
    }
    let entry = found.entry
    if labels[entries[entry].label].cut == cut {
      let gained = try gain(have, to: entry, at: now)
      relabel(entry, cut, name)
      if found.first != entry { refresh(entry, find(peer, labels[entries[entry].label].file)) }
      return (entry, false, gained)
    }
    try makeRoom(bytes: bytes - mapBytes(of: entry), for: peer, except: entry)
    dropMap(entry)
    relabel(entry, cut, name)
    setShare(entry)
    touch(entry, at: now)
    if found.first != entry { refresh(entry, find(peer, labels[entries[entry].label].file)) }
    return (entry, true, add(have, to: entry))
  }

  /// Adds chunks of a registered peer; returns how many are new.
  mutating func gain(_ runs: [ChunkRun], to entry: UInt32, at now: Instant) throws(Refused) -> Int {
    touch(entry, at: now)
    guard !runs.isEmpty else { return 0 }
    let (address, share) = member(entry)
    if share == 0 {
      try makeRoom(bytes: mapBytes(of: runs, labels[entries[entry].label].chunks), for: address, except: entry)
    }
    return share == .max ? 0 : add(runs, to: entry)
  }

  /// Ends a registration.
  mutating func remove(_ index: UInt32) {
    changes += 1
    let address = member(index).address
    let label = entries[index].label
    let file = labels[label].file
    dropMap(index)
    registrationsByHost.add(-1, of: hostHash(address))
    removeMember(index, of: file)
    entryIndex.remove(index, in: &entries)
    entries[index] = Entry(next: freeEntries)
    freeEntries = index
    if files[file].claimant == index { replaceClaimant(of: file, label) }
    release(label)
    if files[file].count == 0 {
      fileIndex.remove(file, in: &files)
      files[file] = TrackedFile(.zero)
      files[file].next = freeFiles
      freeFiles = file
    }
    if count == 0 { expiry = ExpirySweep() }
  }

  private func place(for peer: Address, _ id: Digest) -> (file: UInt32, first: UInt32) {
    let file = file(id)
    return (file, find(peer, file).first)
  }

  /// `place` is the file, and its first peer of the same host; `chainEnd` if there is none.
  private mutating func insert(
    _ peer: Address, _ id: Digest, _ place: (file: UInt32, first: UInt32), _ cut: Cut, name: String, share: UInt8,
    at now: Instant
  ) -> UInt32 {
    let file = place.file == chainEnd ? makeFile(id) : place.file
    let first = place.first
    let index = takeEntry()
    changes += 1
    entries[index].label = label(file, cut, name)
    entries[index].hash = first == chainEnd ? firstHash(peer, file) : furtherHash(peer, file)
    labels[entries[index].label].users += 1
    entryIndex.insert(index, in: &entries)
    registrationsByHost.add(1, of: hostHash(peer))
    let group = MemberGroup.of(share: share) + (first == chainEnd ? 0 : MemberGroup.further)
    addMember(index, peer, share: share, to: group, of: file)
    touch(index, at: now)
    if files[file].claimant == chainEnd { files[file].claimant = index }
    list(file)
    return index
  }

  private mutating func makeFile(_ id: Digest) -> UInt32 {
    var file = freeFiles
    if file == chainEnd {
      file = UInt32(files.count)
      files.append(TrackedFile(id))
    } else {
      freeFiles = files[file].next
      files[file] = TrackedFile(id)
    }
    files[file].hash = fileHash(id)
    files[file].lot = UInt32(truncatingIfNeeded: random.next())
    fileIndex.insert(file, in: &files)
    return file
  }

  private mutating func takeEntry() -> UInt32 {
    guard freeEntries != chainEnd else {
      entries.append(Entry())
      return UInt32(entries.count - 1)
    }
    let index = freeEntries
    freeEntries = entries[index].next
    entries[index] = Entry()
    return index
  }

  private mutating func touch(_ index: UInt32, at now: Instant) {
    entries[index].heard = UInt32(truncatingIfNeeded: awake(now).milliseconds)
    expiry.touched(at: awake(now), silence: configuration.silence)
  }

  /// If a host's first peer of a file has gone, one of its others becomes the first when it is heard from; and if a
  /// file has more peers than fit into a reply, those of a host take turns.
  private mutating func refresh(_ index: UInt32, _ found: Found) {
    let (address, share) = member(index)
    let file = labels[entries[index].label].file
    if found.first != chainEnd {
      guard files[file].count > Registry.mostInReply, random.below(4) == 0 else { return }
      let other = member(found.first)
      rehash(found.first, furtherHash(other.address, file))
      setMember(found.first, share: other.share, isFurther: true, of: file)
    }
    rehash(index, firstHash(address, file))
    setMember(index, share: share, isFurther: false, of: file)
  }

  private static let mostInReply = 40

  private mutating func rehash(_ index: UInt32, _ hash: UInt32) {
    entryIndex.remove(index, in: &entries)
    entries[index].hash = hash
    entryIndex.insert(index, in: &entries)
  }

  /// Whether a peer is not the first of its host for the file.
  private func isFurther(_ index: UInt32) -> Bool {
    let entry = entries[index]
    return files[labels[entry.label].file].members[entry.family].group(of: entry.position) >= MemberGroup.further
  }

  // MARK: Chunks

  /// Adds chunks, for whose map there is room.
  private mutating func add(_ runs: [ChunkRun], to index: UInt32) -> Int {
    let chunks = Int(labels[entries[index].label].chunks)
    let before = self.chunks(index).have
    guard before < chunks, !runs.isEmpty else { return 0 }
    changes += 1
    if isAll(runs, of: UInt32(chunks)) {
      dropMap(index)
      setShare(index, .max)
      return chunks - before
    }
    var map = entries[index].map
    if map == WordArena.none {
      map = arena.makeMap(capacity: chunks)
      entries[index].map = map
      count(map: 1, of: index)
    }
    let gained = arena.insert(runs, intoMap: map, capacity: chunks)
    if before + gained == chunks { dropMap(index) }
    setShare(index, shareByte(have: before + gained, of: chunks))
    return gained
  }

  private mutating func setShare(_ index: UInt32, _ share: UInt8? = nil) {
    let label = labels[entries[index].label]
    setMember(
      index, share: share ?? (label.chunks == 0 ? .max : 0), isFurther: isFurther(index), of: label.file)
  }

  private mutating func dropMap(_ index: UInt32) {
    guard entries[index].map != WordArena.none else { return }
    count(map: -1, of: index)
    arena.releaseMap(entries[index].map, capacity: Int(labels[entries[index].label].chunks))
    entries[index].map = WordArena.none
  }

  private mutating func count(map sign: Int, of index: UInt32) {
    let bytes = sign * WordArena.nominalBytes(ofMap: Int(labels[entries[index].label].chunks))
    mapBytes += bytes
    mapsByHost.add(bytes / 8, of: hostHash(member(index).address))
  }

  private func mapBytes(of index: UInt32) -> Int {
    entries[index].map == WordArena.none ? 0 : WordArena.nominalBytes(ofMap: Int(labels[entries[index].label].chunks))
  }

  /// The bytes of the map of a peer that has these chunks and no others.
  private func mapBytes(of runs: [ChunkRun], _ chunks: UInt32) -> Int {
    let count = runs.reduce(0) { $0 + Int($1.count) }
    return count == 0 || count >= Int(chunks) ? 0 : WordArena.nominalBytes(ofMap: Int(chunks))
  }

  // MARK: Labels

  private mutating func label(_ file: UInt32, _ cut: Cut, _ name: String) -> UInt32 {
    // Most peers say the same as the claimant.
    let claimant = files[file].claimant
    if claimant != chainEnd, isLabel(entries[claimant].label, file, cut, name) { return entries[claimant].label }
    let number = UInt64(cut.chunks) << 8 | UInt64(cut.pieceExponent)
    let hash = hash(cut.size, number, UInt64(file), UInt64(name.byteHash))
    var place = labelIndex.first(hash)
    while place != chainEnd {
      if labels[place].hash == hash, isLabel(place, file, cut, name) { return place }
      place = labels[place].next
    }
    var label = Label(hash: hash, file: file, chunks: cut.chunks, size: cut.size, pieceExponent: cut.pieceExponent)
    (label.name, label.nameLength) = arena.store(name)
    label.serial = labelsMade
    labelsMade &+= 1
    place = freeLabels
    if place == chainEnd {
      place = UInt32(labels.count)
      labels.append(label)
    } else {
      freeLabels = labels[place].next
      labels[place] = label
    }
    labelIndex.insert(place, in: &labels)
    return place
  }

  private func isLabel(_ label: UInt32, _ file: UInt32, _ cut: Cut, _ name: String) -> Bool {
    labels[label].file == file && labels[label].cut == cut
      && arena.text(labels[label].name, Int(labels[label].nameLength), is: name)
  }

  private mutating func release(_ label: UInt32) {
    labels[label].users -= 1
    guard labels[label].users == 0 else { return }
    arena.releaseText(labels[label].name, Int(labels[label].nameLength))
    labelIndex.remove(label, in: &labels)
    labels[label] = Label(next: freeLabels)
    freeLabels = label
  }

  /// Gives a registration, which has no map if the cut changes, another cut and name.
  private mutating func relabel(_ index: UInt32, _ cut: Cut, _ name: String) {
    let before = entries[index].label
    let file = labels[before].file
    let isClaimant = files[file].claimant == index
    guard !isLabel(before, file, cut, name) else { return isClaimant ? list(file) : () }
    changes += 1
    if isClaimant, !arena.text(labels[before].name, Int(labels[before].nameLength), is: name) { unlist(file) }
    let after = label(file, cut, name)
    labels[after].users += 1
    entries[index].label = after
    release(before)
    if isClaimant { list(file) }
  }
}

extension Instant {
  /// Whole milliseconds since the clock's beginning.
  var milliseconds: Int64 { nanoseconds / .millisecond }
}

extension Address {
  /// Whether both are addresses of one host, as `HostKey` has it.
  func isSameHost(as other: Address) -> Bool { HostKey(self) == HostKey(other) }
}
