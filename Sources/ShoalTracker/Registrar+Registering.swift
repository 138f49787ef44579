import ShoalContent
import ShoalWire

extension Registrar {
  mutating func register(_ packet: RegisterPacket, for asker: Asker) throws(Refused) {
    guard packet.cut.isValid else { throw Refused(.malformed, "this cut is not valid") }
    try validate(packet.have, of: packet.cut)
    guard packet.name.utf8.count <= configuration.nameLength else {
      throw Refused(.malformed, "name over \(configuration.nameLength) bytes")
    }
    let key = RegistrationKey(peer: asker.peer, id: packet.id)
    let (isNew, gained) = try registry.register(key, packet.cut, name: packet.name, packet.have, at: asker.at)
    guard let place = registry.place(key) else { return }
    let have = registry[place].chunks.count
    if isNew {
      log(
        .registered(
          peer: asker.peer, id: packet.id, name: packet.name, have: have, chunks: Int(packet.cut.chunks)))
    } else {
      log(gained: gained, at: place)
    }
    var answer = RegisteredPacket()
    answer.have = UInt32(have)
    answer.interval = configuration.seconds
    reply(answer, to: asker)
  }

  mutating func update(_ packet: UpdatePacket, for asker: Asker) throws(Refused) {
    guard let place = registry.place(RegistrationKey(peer: asker.peer, id: packet.id)) else {
      throw Refused(.notRegistered, "register first")
    }
    try validate(packet.gained, of: registry[place].cut)
    let gained = try registry.add(packet.gained, to: place, at: asker.at)
    log(gained: gained, at: place)
    var answer = UpdatedPacket()
    answer.have = UInt32(registry[place].chunks.count)
    reply(answer, to: asker)
  }

  mutating func deregister(_ packet: DeregisterPacket, for asker: Asker) throws(Refused) {
    if let place = registry.place(RegistrationKey(peer: asker.peer, id: packet.id)) {
      registry.remove(place)
      log(.deregistered(peer: asker.peer, id: packet.id))
    }
    reply(DeregisteredPacket(), to: asker)
  }

  private mutating func log(gained: Int, at place: Int) {
    guard gained > 0 else { return }
    let registration = registry[place]
    let key = registration.key
    let (have, chunks) = (registration.chunks.count, registration.chunks.capacity)
    log(.updated(peer: key.peer, id: key.id, have: have, chunks: chunks, gained: gained))
  }

  private func validate(_ runs: [ChunkRun], of cut: Cut) throws(Refused) {
    guard runs.last?.end ?? 0 <= cut.chunks else { throw Refused(.malformed, "chunks beyond the last") }
  }
}
