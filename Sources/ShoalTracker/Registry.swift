import ShoalWire

/// Who has what: every registration, found by peer and file, by file, by name and by age.
struct Registry: Sendable {
  private let configuration: TrackerConfiguration
  /// Registrations stay in their slots; `free` are the empty ones.
  private var slots: [Registration?] = []
  private var free: [Int] = []
  private var places: [RegistrationKey: Int] = [:]
  private(set) var files: [Digest: TrackedFile] = [:]
  private var names: [String: [Digest]] = [:]
  private var hosts: [HostKey: Int] = [:]
  private var recency = RecencyList()
  private var serial: UInt64 = 0
  /// The bytes of all chunk maps.
  private(set) var mapBytes = 0

  init(_ configuration: TrackerConfiguration) { self.configuration = configuration }

  /// How many registrations there are.
  var count: Int { places.count }
  /// The registration heard longest ago.
  var oldest: Registration? { recency.oldest.flatMap { slots[$0] } }

  /// The slot of a peer's registration of a file.
  func place(_ key: RegistrationKey) -> Int? { places[key] }

  /// The registration in a slot that is occupied.
  subscript(place: Int) -> Registration { slots[place]! }

  /// The files of this name.
  func files(named name: String) -> [Digest] { names[name] ?? [] }

  /// A peer has a file, cut so, and these chunks of it. Whether the registration is new or of a new cut, and how
  /// many chunks are new.
  mutating func register(
    _ key: RegistrationKey, _ cut: Cut, name: String, _ have: [ChunkRun], at now: Instant
  ) throws(Refused) -> (isNew: Bool, gained: Int) {
    if let place = places[key], slots[place]!.cut == cut {
      let gained = try add(have, to: place, at: now)
      rename(place, name)
      return (false, gained)
    }
    let chunks = ChunkSet(capacity: Int(cut.chunks), runs: have)
    if let place = places[key] {
      let bytes = chunks.byteCount - slots[place]!.chunks.byteCount
      try admit(bytes: bytes)
      mapBytes += bytes
      slots[place]!.cut = cut
      slots[place]!.chunks = chunks
      refresh(place, at: now)
      rename(place, name)
    } else {
      try admit(key)
      try admit(bytes: chunks.byteCount)
      insert(Registration(key: key, cut: cut, name: name, chunks: chunks, heard: now, serial: serial))
    }
    return (true, chunks.count)
  }

  /// A registered peer has these chunks too; how many are new.
  mutating func add(_ runs: [ChunkRun], to place: Int, at now: Instant) throws(Refused) -> Int {
    let bytes = slots[place]!.chunks.byteCount
    let count = slots[place]!.chunks.count
    if bytes > 0 {
      for run in runs { slots[place]!.chunks.insert(run) }
    } else {
      var chunks = slots[place]!.chunks
      for run in runs { chunks.insert(run) }
      try admit(bytes: chunks.byteCount)
      slots[place]!.chunks = chunks
    }
    mapBytes += slots[place]!.chunks.byteCount - bytes
    refresh(place, at: now)
    return slots[place]!.chunks.count - count
  }

  /// Ends a registration.
  mutating func remove(_ place: Int) {
    let gone = slots[place]!
    slots[place] = nil
    free.append(place)
    places[gone.key] = nil
    recency.remove(place)
    mapBytes -= gone.chunks.byteCount
    let host = HostKey(gone.key.peer)
    hosts[host] = hosts[host].flatMap { $0 > 1 ? $0 - 1 : nil }

    let id = gone.key.id
    if files[id]!.eldest == place { unlist(id, gone.name) }
    files[id]!.members.removeAll { $0 == place }
    if files[id]!.members.isEmpty {
      files[id] = nil
    } else if files[id]!.eldest == place {
      files[id]!.eldest = files[id]!.members.min { slots[$0]!.serial < slots[$1]!.serial }!
      list(id)
    }
  }

  /// Whether the peer of this registration has a chunk, by its own cut.
  func has(_ chunk: UInt32, at place: Int) -> Bool { slots[place]!.chunks.contains(Int(chunk)) }

  private mutating func insert(_ registration: Registration) {
    let place = free.popLast() ?? slots.count
    if place == slots.count { slots.append(nil) }
    slots[place] = registration
    serial += 1
    let key = registration.key
    places[key] = place
    recency.insert(place)
    mapBytes += registration.chunks.byteCount
    hosts[HostKey(key.peer), default: 0] += 1
    files[key.id, default: TrackedFile(members: [], eldest: place)].members.append(place)
    list(key.id)
  }

  private mutating func refresh(_ place: Int, at now: Instant) {
    slots[place]!.heard = now
    recency.touch(place)
  }

  private mutating func rename(_ place: Int, _ name: String) {
    let id = slots[place]!.key.id
    let isEldest = files[id]!.eldest == place
    if isEldest && slots[place]!.name != name { unlist(id, slots[place]!.name) }
    slots[place]!.name = name
    if isEldest { list(id) }
  }

  /// Lets FIND find a file under the name that its eldest peer gives it.
  private mutating func list(_ id: Digest) {
    let name = slots[files[id]!.eldest]!.name
    guard !files[id]!.isListed, !name.isEmpty, files(named: name).count < configuration.filesPerName else { return }
    names[name, default: []].append(id)
    files[id]!.isListed = true
  }

  private mutating func unlist(_ id: Digest, _ name: String) {
    guard files[id]!.isListed else { return }
    names[name]!.removeAll { $0 == id }
    if names[name]!.isEmpty { names[name] = nil }
    files[id]!.isListed = false
  }

  private func admit(_ key: RegistrationKey) throws(Refused) {
    guard count < configuration.registrations else { throw Refused(.full, "registrations") }
    guard hosts[HostKey(key.peer), default: 0] < configuration.registrationsPerHost else {
      throw Refused(.full, "files of your host")
    }
    if let file = files[key.id] {
      guard file.members.count < configuration.peersPerFile else { throw Refused(.full, "peers of this file") }
    } else {
      guard files.count < configuration.files else { throw Refused(.full, "files") }
    }
  }

  private func admit(bytes: Int) throws(Refused) {
    guard mapBytes + bytes <= configuration.mapBytes else { throw Refused(.full, "chunk maps") }
  }
}
