import ShoalBase
import ShoalContent
import ShoalWire

/// Who has what: every registration, found by peer and file, by file, by name and by age.
///
/// When a limit is reached, the host that takes the most gives way to one that takes less.
struct Registry: Sendable {
  private let configuration: RegistrarConfiguration
  /// Registrations stay in their slots; `free` are the empty ones.
  private var slots: [Registration?] = []
  private var free: [Int] = []
  private var places: [RegistrationKey: Int] = [:]
  private(set) var files: [Digest: TrackedFile] = [:]
  private var names: [String: NamedFiles] = [:]
  /// All files that have a name.
  private(set) var listed = ListedFiles()
  /// The files that have a name, by the first eight digits of their ids.
  private var shortIDs: [String: NamedFiles] = [:]
  private var registrations: SharedBudget
  private var maps: SharedBudget
  private var recency = RecencyList()
  private var serial: UInt64 = 0
  private var random: SeededGenerator
  /// The registrations that ended because others needed the room, until they are fetched.
  private var displaced: [RegistrationKey] = []

  init(_ configuration: RegistrarConfiguration, seed: UInt64) {
    self.configuration = configuration
    registrations = SharedBudget(limit: configuration.registrations)
    maps = SharedBudget(limit: configuration.mapBytes)
    random = SeededGenerator(seed: seed)
  }

  /// How many registrations there are.
  var count: Int { places.count }
  /// The bytes of all chunk maps.
  var mapBytes: Int { maps.taken }
  /// The registration heard from longest ago.
  var oldest: Registration? { recency.oldest.flatMap { slots[$0] } }

  /// The slot of a peer's registration of a file.
  func place(_ key: RegistrationKey) -> Int? { places[key] }

  /// The registration in a slot that is occupied.
  subscript(place: Int) -> Registration { slots[place]! }

  /// The files of this name: nil if there is none.
  func files(named name: String) -> NamedFiles? { names[name] }

  /// The listed files whose ids begin with these digits, of which there must be eight or more. The id of an unlisted
  /// file is a secret.
  func files(idPrefix digits: String) -> [Digest] {
    let missing = 2 * Digest.byteCount - digits.utf8.count
    guard digits.utf8.count >= Registry.shortest, missing >= 0,
      let least = Digest(hex: digits + String(repeating: "0", count: missing)),
      let most = Digest(hex: digits + String(repeating: "f", count: missing))
    else { return [] }
    let claims = shortIDs[least.short]?.claims ?? []
    return claims.map(\.id).filter { !($0 < least) && !(most < $0) }
  }

  private static let shortest = 8

  /// Registers a peer's file with this cut and these chunks. Returns whether the registration is new or has a new cut,
  /// and how many chunks are new.
  mutating func register(
    _ key: RegistrationKey, _ cut: Cut, name: String, _ have: [ChunkRun], at now: Instant
  ) throws(Refused) -> (isNew: Bool, gained: Int) {
    if let place = places[key], slots[place]!.cut == cut {
      let gained = try add(have, to: place, at: now)
      rename(place, name)
      return (false, gained)
    }
    let chunks = BitSet(capacity: Int(cut.chunks), runs: have)
    if let place = places[key] {
      try makeRoom(bytes: chunks.byteCount - slots[place]!.chunks.byteCount, for: key)
      slots[place]!.cut = cut
      slots[place]!.chunks = chunks
      account(place)
      refresh(place, at: now)
      rename(place, name)
    } else {
      try makeRoom(for: key, bytes: chunks.byteCount)
      insert(Registration(key: key, cut: cut, name: name, chunks: chunks, heard: now, serial: serial))
    }
    return (true, chunks.count)
  }

  /// Adds chunks of a registered peer; returns how many are new.
  mutating func add(_ runs: [ChunkRun], to place: Int, at now: Instant) throws(Refused) -> Int {
    let bytes = slots[place]!.chunks.byteCount
    let count = slots[place]!.chunks.count
    if bytes > 0 {
      for run in runs { slots[place]!.chunks.insert(run) }
    } else {
      var chunks = slots[place]!.chunks
      for run in runs { chunks.insert(run) }
      try makeRoom(bytes: chunks.byteCount, for: slots[place]!.key)
      slots[place]!.chunks = chunks
    }
    account(place)
    refresh(place, at: now)
    return slots[place]!.chunks.count - count
  }

  /// Ends a registration.
  mutating func remove(_ place: Int) {
    let gone = slots[place]!
    let host = HostKey(gone.key.peer)
    slots[place] = nil
    free.append(place)
    places[gone.key] = nil
    recency.remove(place)
    maps.set(place, of: host, to: 0)
    registrations.set(place, of: host, to: 0)

    let id = gone.key.id
    let wasEldest = files[id]!.eldest == place
    if wasEldest { unlist(id, gone.name) }
    files[id]!.remove(place, of: host)
    if files[id]!.count == 0 {
      files[id] = nil
    } else if wasEldest {
      files[id]!.eldest = files[id]!.members.min { slots[$0]!.serial < slots[$1]!.serial }!
      list(id)
    }
    assertCounts()
  }

  /// Every registration has one slot, one key, and one part of the budget.
  private func assertCounts() {
    assert(places.count + free.count == slots.count && registrations.taken == places.count)
    assert(maps.taken >= 0 && maps.taken <= maps.limit && files.count <= places.count)
  }

  /// The next registration that was ended to make room.
  mutating func nextDisplaced() -> RegistrationKey? { displaced.popLast() }

  /// Whether the peer of this registration has a chunk, by its own cut.
  func has(_ chunk: UInt32, at place: Int) -> Bool { slots[place]!.chunks.contains(Int(chunk)) }

  private mutating func insert(_ registration: Registration) {
    let place = free.popLast() ?? slots.count
    if place == slots.count { slots.append(nil) }
    slots[place] = registration
    serial += 1
    let key = registration.key
    let host = HostKey(key.peer)
    places[key] = place
    recency.insert(place)
    registrations.set(place, of: host, to: 1)
    account(place)
    files[key.id, default: TrackedFile(eldest: place)].insert(place, of: host)
    list(key.id)
    assertCounts()
  }

  private mutating func account(_ place: Int) {
    let registration = slots[place]!
    maps.set(place, of: HostKey(registration.key.peer), to: registration.chunks.byteCount)
  }

  private mutating func refresh(_ place: Int, at now: Instant) {
    slots[place]!.heard = now
    recency.touch(place)
  }
}

// Names.
extension Registry {
  private mutating func rename(_ place: Int, _ name: String) {
    let id = slots[place]!.key.id
    let isEldest = files[id]!.eldest == place
    if isEldest && slots[place]!.name != name { unlist(id, slots[place]!.name) }
    slots[place]!.name = name
    if isEldest { list(id) }
  }

  /// Lets FIND find a file under the name that its eldest peer gives it.
  private mutating func list(_ id: Digest) {
    let eldest = slots[files[id]!.eldest]!
    let host = HostKey(eldest.key.peer)
    guard !eldest.name.isEmpty else { return }
    listByID(id, of: host)
    guard files[id]?.isListed == false else { return }
    if let named = names[eldest.name], named.claims.count >= configuration.filesPerName {
      guard let victim = named.victim(for: host) else { return }
      unlist(victim, eldest.name, keepingID: true)
    }
    names[eldest.name, default: NamedFiles()].insert(id, of: host)
    listed.insert(id)
    files[id]!.isListed = true
  }

  private mutating func listByID(_ id: Digest, of host: HostKey) {
    guard files[id]?.isListedByID == false else { return }
    if let short = shortIDs[id.short], short.claims.count >= configuration.filesPerName {
      guard let victim = short.victim(for: host) else { return }
      unlistByID(victim)
    }
    shortIDs[id.short, default: NamedFiles()].insert(id, of: host)
    files[id]?.isListedByID = true
  }

  private mutating func unlistByID(_ id: Digest) {
    guard files[id]?.isListedByID == true else { return }
    shortIDs[id.short]?.remove(id)
    if shortIDs[id.short]?.claims.isEmpty == true { shortIDs[id.short] = nil }
    files[id]?.isListedByID = false
  }

  private mutating func unlist(_ id: Digest, _ name: String, keepingID: Bool = false) {
    if !keepingID { unlistByID(id) }
    guard files[id]!.isListed else { return }
    names[name]!.remove(id)
    listed.remove(id)
    if names[name]!.claims.isEmpty { names[name] = nil }
    files[id]!.isListed = false
  }
}

// Room.
extension Registry {
  /// Makes room for a new registration with a map of this many bytes, if its host is not among the greediest.
  private mutating func makeRoom(for key: RegistrationKey, bytes: Int) throws(Refused) {
    let host = HostKey(key.peer)
    guard registrations.taken(by: host) < configuration.registrationsPerHost else {
      throw Refused(.full, "files of your host")
    }
    guard registrations.grants(1, to: host) else { throw Refused(.full, "registrations") }
    guard !isFull(key.id) || files[key.id]!.victim(for: host, using: &random) != nil else {
      throw Refused(.full, "peers of this file")
    }
    try makeRoom(bytes: bytes, for: key)
    if let victim = registrations.victim(for: host, taking: 1, using: &random) { displace(victim) }
    if isFull(key.id), let victim = files[key.id]!.victim(for: host, using: &random) { displace(victim) }
  }

  /// Makes room for this many more bytes of chunk maps, if the peer's host is not among the greediest.
  private mutating func makeRoom(bytes: Int, for key: RegistrationKey) throws(Refused) {
    let host = HostKey(key.peer)
    guard maps.grants(bytes, to: host) else { throw Refused(.full, "chunk maps") }
    var left = configuration.displacedAtOnce
    while left > 0, let victim = maps.victim(for: host, taking: bytes, using: &random) {
      displace(victim)
      left -= 1
    }
    guard maps.taken + bytes <= maps.limit else { throw Refused(.full, "chunk maps") }
  }

  private func isFull(_ id: Digest) -> Bool { files[id]?.count ?? 0 >= configuration.peersPerFile }

  private mutating func displace(_ place: Int) {
    displaced.append(slots[place]!.key)
    remove(place)
  }
}
