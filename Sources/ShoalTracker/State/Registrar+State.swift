import ShoalBase
import ShoalContent
import ShoalWire

/// What a tracker keeps for its state file.
struct StateKeeper: Sendable {
  /// The changes that have not been fetched.
  var changes = StateRecords()
  /// The latest part of a snapshot, and the entry with which the next part begins; nil if none is being made.
  var snapshot = StateRecords()
  var hand: Int?

}

// The state file begins with a snapshot: all registrations, as requests that peers might have sent. The requests that
// have changed something since then follow. While a new snapshot is made, changes are written to the new file too, so
// that there as well a registration is followed by all that has become of it.
extension Registrar {
  /// From now on, changes are kept until they are fetched.
  package mutating func keepState() { keeper = keeper ?? StateKeeper() }

  /// The first record of a state file.
  package var stateHeader: [UInt8] {
    var header = StateHeader()
    (header.epoch, header.key) = (epoch, key)
    return header.bytes
  }

  /// The changes since it was last called, as records.
  package mutating func takeChanges() -> [UInt8] { keeper?.changes.take() ?? [] }

  /// Begins a snapshot.
  package mutating func beginSnapshot() { keeper?.hand = 0 }

  /// Whether a snapshot is being made.
  package var isMakingSnapshot: Bool { keeper?.hand != nil }

  /// The next records of the snapshot, of at most `most` entries.
  package mutating func takeSnapshot(_ most: Int) -> [UInt8] {
    guard var index = keeper?.hand else { return [] }
    var left = most
    while left > 0, index < registry.entries.count {
      if registry.entries[index].label != chainEnd { record(UInt32(index)) }
      index += 1
      left -= 1
    }
    keeper?.hand = index < registry.entries.count ? index : nil
    return keeper?.snapshot.take() ?? []
  }

  private mutating func record(_ index: UInt32) {
    let label = registry.entries[index].label
    let claimant = registry.files[registry.labels[label].file].claimant
    // Whoever is read first becomes the claimant.
    if claimant > index { record(one: claimant) }
    record(one: index)
  }

  private mutating func record(one index: UInt32) {
    let key = registry.key(index)
    let label = registry.entries[index].label
    let (have, chunks) = registry.chunks(index)
    var register = RegisterPacket()
    (register.id, register.cut) = (key.id, registry.labels[label].cut)
    register.name = registry.name(of: label)
    let room = Limits.smallestDatagram - register.encodedSize
    var end = chunks
    if have > 0 { (register.have, end) = registry.runs(index, from: 0, fitting: room) }
    keeper?.snapshot.append(register, from: key.peer)
    while end < chunks {
      var update = UpdatePacket()
      update.id = key.id
      let start = end
      (update.gained, end) = registry.runs(index, from: start, fitting: Limits.smallestDatagram - update.encodedSize)
      guard end > start else { return }
      if !update.gained.isEmpty { keeper?.snapshot.append(update, from: key.peer) }
    }
  }

  /// Notes that a request has changed something.
  mutating func keep(_ request: Span<UInt8>, from peer: Address) { keeper?.changes.append(request, from: peer) }

  /// Notes that a registration has ended by itself.
  mutating func keepEnd(of key: RegistrationKey) {
    guard keeper != nil else { return }
    var packet = DeregisterPacket()
    packet.id = key.id
    keeper?.changes.append(packet, from: key.peer)
  }

  /// Prepares for the records of so many bytes of a state file.
  package mutating func expectRecords(_ bytes: Int) {
    registry.expect(registrations: bytes / Registrar.usualRecord / part.count)
  }

  /// The bytes of a registration's record, with a short name.
  private static let usualRecord = 140

  /// Takes records of a state file, after its header; of the files of other parts, none. Returns the length of those that
  /// are complete and intact; what follows is damaged, or the rest of it has yet to be read.
  package mutating func restore(_ bytes: Span<UInt8>, at now: Instant) -> Int {
    var offset = 0
    var batch: [(peer: Address, request: Range<Int>)] = []
    repeat {
      batch.removeAll(keepingCapacity: true)
      while batch.count < Registry.mostAhead, let (kind, range) = StateRecords.first(bytes, at: offset) {
        offset = range.upperBound
        var from = StateAddress()
        var decoder = Decoder(bytes, from: range.lowerBound + StateFrame.byteCount, to: range.upperBound)
        guard kind == StateFrame.request, (try? from.fields(&decoder)) != nil else { continue }
        let request = range.lowerBound + StateFrame.byteCount + StateAddress.byteCount..<range.upperBound
        guard isMine(bytes.extracting(request)) else { continue }
        batch.append((from.address, request))
        expect(bytes.extracting(request), from: from.address)
      }
      registry.readAhead(forReplies: false)
      for (peer, request) in batch { restore(bytes.extracting(request), from: peer, at: now) }
    } while batch.count == Registry.mostAhead
    registry.displaced.removeAll()
    return offset
  }

  private func isMine(_ request: Span<UInt8>) -> Bool {
    guard part.count > 1 else { return true }
    var id = Digest.zero
    var decoder = Decoder(request, from: Limits.headerLength + MemoryLayout<UInt64>.size)
    return (try? decoder.digest("id", &id)) != nil && part.owner(of: id) == part.index
  }

  private mutating func restore(_ request: Span<UInt8>, from peer: Address, at now: Instant) {
    guard let type = try? Header.decode(request).type else { return }
    switch type {
    case .register:
      guard let packet = try? RegisterPacket.read(request), packet.cut.isValid,
        packet.have.last?.end ?? 0 <= packet.cut.chunks
      else { return }
      _ = try? registry.register(peer, packet.id, packet.cut, name: packet.name, packet.have, at: now)
    case .update:
      guard let packet = try? UpdatePacket.read(request) else { return }
      let entry = registry.find(peer, registry.file(packet.id)).entry
      guard entry != chainEnd, Int(packet.gained.last?.end ?? 0) <= registry.chunks(entry).of else { return }
      _ = try? registry.gain(packet.gained, to: entry, at: now)
    case .deregister:
      guard let packet = try? DeregisterPacket.decode(request) else { return }
      let entry = registry.find(peer, registry.file(packet.id)).entry
      if entry != chainEnd { registry.remove(entry) }
    default: break
    }
  }
}
