import ShoalContent
import ShoalWire

extension Registrar {
  mutating func register(_ packet: RegisterPacket, for asker: Asker) throws(Refused) {
    guard packet.cut.isValid else { throw Refused(.malformed, "this cut is not valid") }
    try validate(packet.have, of: Int(packet.cut.chunks))
    guard packet.name.utf8.count <= configuration.nameLength else {
      throw Refused(.malformed, "name over \(configuration.nameLength) bytes")
    }
    let (entry, isNew, gained) = try registry.register(
      asker.peer, packet.id, packet.cut, name: packet.name, packet.have, at: asker.at)
    let have = registry.chunks(entry).have
    if isNew {
      log(
        .registered(
          peer: asker.peer, id: packet.id, name: packet.name, have: have, chunks: Int(packet.cut.chunks)))
    } else {
      log(gained: gained, packet.id, entry, for: asker)
    }
    var answer = RegisteredPacket()
    answer.have = UInt32(have)
    answer.interval = configuration.seconds
    answer.nearby = nearby(
      entry, packet.query, beside: RegisteredPacket.leastSize, after: packet.have.count, for: asker)
    reply(to: asker) { room throws(WireError) in try answer.put(asker.transaction, into: &room) }
  }

  mutating func update(_ packet: UpdatePacket, for asker: Asker) throws(Refused) {
    let entry = registry.find(asker.peer, registry.file(packet.id)).entry
    guard entry != chainEnd else { throw Refused(.notRegistered, "register first") }
    try validate(packet.gained, of: registry.chunks(entry).of)
    let gained = try registry.gain(packet.gained, to: entry, at: asker.at)
    log(gained: gained, packet.id, entry, for: asker)
    var answer = UpdatedPacket()
    answer.have = UInt32(registry.chunks(entry).have)
    answer.nearby = nearby(entry, packet.query, beside: UpdatedPacket.leastSize, after: packet.gained.count, for: asker)
    reply(to: asker) { room throws(WireError) in try answer.put(asker.transaction, into: &room) }
  }

  mutating func deregister(_ packet: DeregisterPacket, for asker: Asker) throws(Refused) {
    let entry = registry.find(asker.peer, registry.file(packet.id)).entry
    if entry != chainEnd {
      registry.remove(entry)
      log(.deregistered(peer: asker.peer, id: packet.id))
    }
    var answer = DeregisteredPacket()
    answer.epoch = EpochNote(epoch)
    reply(answer, to: asker)
  }

  private mutating func log(gained: Int, _ id: Digest, _ entry: UInt32, for asker: Asker) {
    guard gained > 0 else { return }
    let (have, chunks) = registry.chunks(entry)
    log(.updated(peer: asker.peer, id: id, have: have, chunks: chunks, gained: gained))
  }

  private func validate(_ runs: [ChunkRun], of chunks: Int) throws(Refused) {
    guard runs.last?.end ?? 0 <= chunks else { throw Refused(.malformed, "chunks beyond the last") }
  }
}
