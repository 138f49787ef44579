import ShoalBase
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
        peer.jobs.append(.verify(key, piece: piece, content: content, at: now + peer.verificationDelay))
      case .pieceDropped(let key, let piece):
        peer.files[key.index].dropped += 1
        peer.files[key.index].gathering[piece] = nil
      case .manifest(let key):
        peer.events.append(event)
        peer.jobs.append(.begin(key, at: now + peer.verificationDelay))
      case .completed(let key):
        peer.events.append(event)
        completed(key, peer)
      default: peer.events.append(event)
      }
      if peer.verificationDelay == 0 { finishJobs(peer) }
    }
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

  /// Does what a peer's workers are done with by now.
  func finishJobs(_ peer: WorldPeer) {
    while let i = peer.jobs.firstIndex(where: { $0.at <= now }) {
      switch peer.jobs.remove(at: i) {
      case .begin(let key, _):
        recut(key, peer)
        peer.swarm.begin(key, have: peer.files[key.index].written, at: now)
      case .verify(let key, let piece, let content, _):
        // The swarm may have given it up meanwhile.
        guard let manifest = peer.swarm.manifest(key) else { continue }
        let isRight = content.withUnsafeBytes { manifest.verify(piece, $0) }
        verified(piece, key, peer, isRight, content)
        peer.swarm.pieceVerified(key, piece: piece, isRight: isRight, at: now)
      }
    }
  }

  /// The peer that gave the manifest may cut the file another way. A size that is false leaves all as it was.
  private func recut(_ key: FileKey, _ peer: WorldPeer) {
    let file = peer.files[key.index].file
    guard let cut = peer.swarm.manifest(key)?.cut, cut.size == file.cut.size, cut != file.cut else { return }
    peer.files[key.index].file = WorldFile(seed: file.seed, cut: cut)
    peer.files[key.index].written = BitSet(capacity: cut.pieces)
    peer.files[key.index].had = 0
  }

  private func verified(_ piece: Int, _ key: FileKey, _ peer: WorldPeer, _ isRight: Bool, _ content: [UInt8]) {
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
  }
}
