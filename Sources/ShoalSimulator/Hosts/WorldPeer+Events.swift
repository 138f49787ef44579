import ShoalBase
import ShoalContent
import ShoalStore
import ShoalSwarm
import ShoalWire

// How a peer's host handles the events of its swarm and its store.
extension WorldPeer {
  /// Handles the swarm's events; `bytes` is the datagram that it was just given.
  func take(_ bytes: [UInt8]) {
    while let event = swarm.nextEvent() {
      switch event {
      case .block(let key, let piece, let offset, let content):
        place(bytes, content, piece, offset, key)
      case .held(let key, let piece, let offset, let content):
        place(content, ByteRange(count: content.count), piece, offset, key)
      case .pieceGathered(let key, let piece):
        guard let content = self[key].gathering.removeValue(forKey: piece) else {
          violate("piece \(piece) is gathered of nothing")
          continue
        }
        if let id = store.settle(piece, of: key.index, at: now) { gathered[id] = content }
      case .wanted(let read, let key, let offset, let length):
        reads[store.read(.download(key.index), offset: offset, length: length)] = read
      case .treeWanted(let read, let key, let offset, let length):
        swarm.treeRead(read, values: tree(key, offset, length), at: now)
      case .pieceDropped(let key, let piece):
        self[key].dropped += 1
        self[key].gathering[piece] = nil
      case .manifest(let key):
        events.append(event)
        prepare(key)
      case .completed(let key):
        events.append(event)
        completed(key)
      default: events.append(event)
      }
      if verificationDelay == 0 { work() }
    }
    work()
    if swarm.buffered > max(configuration.bufferLimit, 4 << 20) {
      violate("\(address) buffers \(swarm.buffered) bytes")
    }
  }

  private func place(
    _ bytes: [UInt8], _ content: ByteRange, _ piece: Int, _ offset: Int, _ key: FileKey
  ) {
    // A disk that failed meanwhile has ended the download.
    guard let cut = swarm.manifest(key)?.cut else { return }
    guard content.end <= bytes.count, offset + content.count <= cut.pieceLength(piece) else {
      return violate("a block outside its datagram or piece")
    }
    let length = cut.pieceLength(piece)
    var gathered = self[key].gathering.removeValue(forKey: piece) ?? Array(repeating: 0, count: length)
    var room = gathered.mutableSpan
    room.copy(bytes.span.extracting(content.offset..<content.end), to: offset)
    self[key].gathering[piece] = gathered
  }

  /// Completes the jobs that the disk has finished by now, and does what follows from them.
  func work() {
    while true {
      takeStoreEvents()
      while let (id, job) = store.nextJob() {
        jobs.append((id, job, now + verificationDelay(of: job) + disk.latency(job)))
      }
      guard let i = jobs.firstIndex(where: { $0.at <= now }) else { return }
      let (id, job, _) = jobs.remove(at: i)
      let content = gathered.removeValue(forKey: id) ?? []
      // The swarm may have given the job up in the meantime.
      guard store.expects(id) else { continue }
      guard case .download(let file) = id.key else { continue }
      disk.now = now
      let result = disk.perform(job, &handles[file], piece: content)
      if case .settle(let piece, _) = job, case .success(.piece(let isRight, _)) = result {
        settled(piece, FileKey(source: UInt32(file)), isRight, content)
      }
      store.complete(id, result)
    }
  }

  private func takeStoreEvents() {
    while let event = store.nextEvent() {
      switch event {
      case .prepared(let file, let have, let wasThere):
        checkPresence(have, of: file, wasThere)
        files[file].written = have
        files[file].had = have.count
        swarm.begin(FileKey(source: UInt32(file)), have: have, at: now)
      case .settled(let file, let piece, let isRight):
        let content = isRight ? nil : files[file].gathering[piece]
        let values = content.map { BlockTree.values(of: $0.span, at: files[file].file.cut.pieceOffset(piece)) }
        let key = FileKey(source: UInt32(file))
        swarm.pieceVerified(key, piece: piece, isRight: isRight, values: values ?? [], at: now)
      case .finished(let file): files[file].storedAt = now
      case .failed(let file, let failure):
        files[file].failure = failure
        swarm.withdraw(FileKey(source: UInt32(file)), at: now)
      case .read(let id, let error):
        guard let read = reads.removeValue(forKey: id) else { continue }
        swarm.readEnded(read, isReadable: error == nil, at: now)
      case .recalled(let file, let manifest?): swarm.recall(manifest, for: FileKey(source: UInt32(file)), at: now)
      case .recalled(_, nil): break
      case .journalSetAside(let file, _, let fault): files[file].journalFault = fault
      case .lost(let file, let pieces):
        if !mayLose { violate("\(address) believed to have \(pieces.rangesDescription) of file \(file)") }
        files[file].written.subtract(pieces)
        files[file].had -= pieces.count
        swarm.lost(pieces, of: FileKey(source: UInt32(file)), at: now)
      case .reserved(let file, let pieces): swarm.reserve(pieces, of: FileKey(source: UInt32(file)), at: now)
      case .found(let file, let pieces):
        let new = pieces.subtracting(swarm.pieces(FileKey(source: UInt32(file))))
        swarm.found(pieces, of: FileKey(source: UInt32(file)), at: now)
        // Pieces on their way are counted when they arrive.
        let here = new.subtracting(swarm.pieces(FileKey(source: UInt32(file))).complement)
        files[file].written.formUnion(here)
        files[file].had += here.count
      case .hashed, .unchanged, .unshared: violate("\(address) was told of a file that it did not share")
      }
    }
  }

  /// Prepares a place for the file, as the manifest is now known. The peer that gave the manifest may cut the file
  /// differently; a wrong size leaves everything as it was.
  private func prepare(_ key: FileKey) {
    guard let manifest = swarm.manifest(key) else { return }
    let file = self[key].file
    if manifest.cut.size == file.cut.size, manifest.cut != file.cut {
      self[key].file = WorldFile(seed: file.seed, cut: manifest.cut, holes: file.holes)
    }
    let isKept = self[key].isKept
    store.prepare(key.index, manifest, target: isKept ? WorldCopy.path(manifest.id) : nil, replacing: false)
  }

  /// Checks that what the store believes to be on the disk is there.
  private func checkPresence(_ have: BitSet, of number: Int, _ wasThere: Bool) {
    let copy = files[number]
    guard copy.isKept else { return }
    let path = WorldCopy.path(copy.file.id)
    let isThere = disk.holds(have, of: copy.file.manifest, at: wasThere ? path : partPath(of: path))
    if !isThere, !mayLose { violate("\(address) believes to have pieces that are not on its disk") }
  }

  private func settled(_ piece: Int, _ key: FileKey, _ isRight: Bool, _ content: [UInt8]) {
    self[key].verified += 1
    guard isRight else {
      self[key].wrong += 1
      self[key].gathering[piece] = content
      return
    }
    let file = self[key].file
    var expected = [UInt8](repeating: 0, count: content.count)
    var room = expected.mutableSpan
    file.fill(&room, offset: file.cut.pieceOffset(piece))
    if content != expected { violate("\(address) takes wrong bytes for piece \(piece)") }
    if !self[key].written.insert(piece) { violate("\(address) writes piece \(piece) again") }
  }

  /// The values of the blocks in these bytes of a file.
  private func tree(_ key: FileKey, _ offset: UInt64, _ length: Int) -> [Digest] {
    let cut = self[key].file.cut
    let pieces = cut.piece(at: offset)...cut.piece(at: offset + UInt64(length) - 1)
    if !pieces.allSatisfy(self[key].written.contains) { violate("\(address) serves the tree of what it lacks") }
    var content = [UInt8](repeating: 0, count: length)
    var room = content.mutableSpan
    self[key].file.fill(&room, offset: offset)
    var values = BlockTree.values(of: content.span, at: offset)
    if pieces.contains(where: treeLies) { values[0] = .zero }
    return values
  }

  private func completed(_ key: FileKey) {
    self[key].completedAt = now
    let copy = self[key]
    if !copy.written.isComplete { violate("\(address) believes to have all of file \(key.index)") }
    let missing = copy.file.cut.pieces - copy.had
    if copy.verified - copy.wrong != missing {
      violate("\(address) verified \(copy.verified) pieces of \(missing), \(copy.wrong) wrong")
    }
    if !copy.gathering.isEmpty { violate("\(address) still gathers \(copy.gathering.keys)") }
    store.finish(key.index)
  }
}
