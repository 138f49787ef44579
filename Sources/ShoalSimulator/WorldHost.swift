import ShoalBase
import ShoalStore
import ShoalSwarm
import ShoalWire

// What the host of a peer does with the swarm's events.
extension World {
  /// Takes what a swarm has to tell; `bytes` is the datagram that it was just handed.
  func take(_ peer: WorldPeer, _ bytes: [UInt8]) {
    while let event = peer.swarm.nextEvent() {
      switch event {
      case .block(let key, let piece, let offset, let content):
        place(bytes, content, piece, offset, key, peer)
      case .pieceGathered(let key, let piece):
        guard let content = peer.files[key.index].gathering.removeValue(forKey: piece) else {
          violate("piece \(piece) is gathered of nothing")
          continue
        }
        if let id = peer.store.settle(piece, of: key.index) { peer.gathered[id] = content }
      case .wanted(let read, let key, let offset, let length):
        peer.reads[peer.store.read(.download(key.index), offset: offset, length: length)] = read
      case .pieceDropped(let key, let piece):
        peer.files[key.index].dropped += 1
        peer.files[key.index].gathering[piece] = nil
      case .manifest(let key):
        peer.events.append(event)
        prepare(key, peer)
      case .completed(let key):
        peer.events.append(event)
        completed(key, peer)
      default: peer.events.append(event)
      }
      if peer.verificationDelay == 0 { work(peer) }
    }
    work(peer)
    if peer.swarm.buffered > max(peer.configuration.bufferLimit, 4 << 20) {
      violate("\(peer.address) buffers \(peer.swarm.buffered) bytes")
    }
  }

  private func place(
    _ bytes: [UInt8], _ content: ByteRange, _ piece: Int, _ offset: Int, _ key: FileKey, _ peer: WorldPeer
  ) {
    guard content.end <= bytes.count, let cut = peer.swarm.manifest(key)?.cut,
      offset + content.count <= cut.pieceLength(piece)
    else { return violate("a block outside its datagram or piece") }
    let length = cut.pieceLength(piece)
    bytes.withUnsafeBytes { bytes in
      peer.files[key.index].gathering[piece, default: Array(repeating: 0, count: length)].withUnsafeMutableBytes {
        UnsafeMutableRawBufferPointer(rebasing: $0[offset...])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[content.offset..<content.end]))
      }
    }
  }

  /// Does what a peer's disk is done with by now, and what follows on that.
  func work(_ peer: WorldPeer) {
    while true {
      takeStoreEvents(peer)
      while let (id, job) = peer.store.nextJob() {
        peer.jobs.append((id, job, now + peer.verificationDelay(of: job) + peer.disk.latency(job)))
      }
      guard let i = peer.jobs.firstIndex(where: { $0.at <= now }) else { return }
      let (id, job, _) = peer.jobs.remove(at: i)
      let content = peer.gathered.removeValue(forKey: id) ?? []
      // The swarm may have given it up meanwhile.
      guard peer.store.expects(id) else { continue }
      guard case .download(let file) = id.key else { continue }
      let result = peer.disk.perform(job, &peer.handles[file], piece: content)
      if case .settle(let piece, _) = job, case .success(.piece(let isRight)) = result {
        settled(piece, FileKey(source: UInt32(file)), peer, isRight, content)
      }
      peer.store.complete(id, result)
    }
  }

  private func takeStoreEvents(_ peer: WorldPeer) {
    while let event = peer.store.nextEvent() {
      switch event {
      case .prepared(let file, let have, _):
        peer.files[file].written = have
        peer.files[file].had = have.count
        peer.swarm.begin(FileKey(source: UInt32(file)), have: have, at: now)
      case .settled(let file, let piece, let isRight):
        peer.swarm.pieceVerified(FileKey(source: UInt32(file)), piece: piece, isRight: isRight, at: now)
      case .finished(let file): peer.files[file].storedAt = now
      case .failed(let file, let failure):
        peer.files[file].failure = failure
        peer.swarm.withdraw(FileKey(source: UInt32(file)), at: now)
      case .read(let id, let error):
        guard let read = peer.reads.removeValue(forKey: id) else { continue }
        peer.swarm.readEnded(read, isReadable: error == nil, at: now)
      case .hashed, .unchanged, .unshared: violate("\(peer.address) was told of a file that it did not share")
      }
    }
  }

  /// The manifest is known: a place is prepared. The peer that gave it may cut the file another way; a size that is false
  /// leaves all as it was.
  private func prepare(_ key: FileKey, _ peer: WorldPeer) {
    guard let manifest = peer.swarm.manifest(key) else { return }
    let file = peer.files[key.index].file
    if manifest.cut.size == file.cut.size, manifest.cut != file.cut {
      peer.files[key.index].file = WorldFile(seed: file.seed, cut: manifest.cut)
    }
    let isKept = peer.files[key.index].isKept
    peer.store.prepare(key.index, manifest, target: isKept ? WorldCopy.path(manifest.id) : nil, replacing: false)
  }

  private func settled(_ piece: Int, _ key: FileKey, _ peer: WorldPeer, _ isRight: Bool, _ content: [UInt8]) {
    peer.files[key.index].verified += 1
    guard isRight else {
      peer.files[key.index].wrong += 1
      return
    }
    let file = peer.files[key.index].file
    var expected = [UInt8](repeating: 0, count: content.count)
    expected.withUnsafeMutableBytes { WorldFile.fill($0, seed: file.seed, offset: file.cut.pieceOffset(piece)) }
    if content != expected { violate("\(peer.address) takes wrong bytes for piece \(piece)") }
    if !peer.files[key.index].written.insert(piece) { violate("\(peer.address) writes piece \(piece) again") }
  }

  private func completed(_ key: FileKey, _ peer: WorldPeer) {
    peer.files[key.index].completedAt = now
    let copy = peer.files[key.index]
    if !copy.written.isComplete { violate("\(peer.address) believes to have all of file \(key.index)") }
    let missing = copy.file.cut.pieces - copy.had
    if copy.verified - copy.wrong != missing {
      violate("\(peer.address) verified \(copy.verified) pieces of \(missing), \(copy.wrong) wrong")
    }
    if !copy.gathering.isEmpty { violate("\(peer.address) still gathers \(copy.gathering.keys)") }
    peer.store.finish(key.index)
  }
}
