import ShoalBase
import ShoalContent
import ShoalStore
import ShoalSwarm
import ShoalWire

// Does what the store wants done to the disk.
extension NodeLoop {
  /// A piece is gathered: it is hashed, and written if it is right. Nothing wrong is ever written.
  func settle(_ piece: Int, _ key: FileKey) {
    guard let buffer = files[key.index]?.take(piece) else { return }
    guard let id = store.settle(piece, of: key.index) else { return buffers.give(buffer) }
    gathered[id] = buffer
    workForStore()
  }

  /// Begins the jobs that there are, and takes what comes of them.
  func workForStore() {
    while let (id, job) = store.nextJob() { begin(job, id) }
    takeStoreEvents()
  }

  private func begin(_ job: StoreJob, _ id: StoreJobID) {
    if case .settle(let piece, let manifest) = job { return settle(piece, manifest, id) }
    guard store.expects(id) else { return }
    let node = node
    let file = openFiles[id.file]
    WorkerPool.shared.run {
      let (result, opened) = StoreWork.perform(job, on: file) { bytes in
        node.post { loop in loop.downloads[id.file]?.checked(bytes) }
      }
      node.post { loop in
        if let opened, loop.store.expects(id) { loop.openFiles[id.file] = opened }
        loop.store.complete(id, result)
        loop.workForStore()
        loop.takeEvents(nil)
      }
    }
  }

  /// Hashes a piece, here while its bytes are still in this processor's caches, or on a worker if datagrams wait; and
  /// writes it if it is right, on a worker.
  private func settle(_ piece: Int, _ manifest: Manifest, _ id: StoreJobID) {
    guard let buffer = gathered.removeValue(forKey: id) else { return }
    guard store.expects(id), let file = files[id.file] else { return buffers.give(buffer) }
    let content = buffer.content(manifest.cut.pieceLength(piece))
    let known = isBusy ? nil : manifest.verify(piece, content)
    let target = file.source?.file
    if let known, !known || target == nil {
      buffers.give(buffer)
      return store.complete(id, .success(.piece(isRight: known)))
    }
    let (node, writes) = (node, file.writes)
    WorkerPool.shared.run {
      let isRight = known ?? manifest.verify(piece, buffer.content(manifest.cut.pieceLength(piece)))
      writes.perform {
        let content = buffer.content(manifest.cut.pieceLength(piece))
        let result: Result<StoreFinding, DiskError> =
          isRight ? StoreWork.write(content, piece, manifest, to: target) : .success(.piece(isRight: false))
        node.post { loop in
          loop.buffers.give(buffer)
          loop.store.complete(id, result)
          loop.workForStore()
          loop.takeEvents(nil)
        }
      }
    }
  }

  private func takeStoreEvents() {
    while let event = store.nextEvent() {
      switch event {
      case .prepared(let file, let have, let wasThere):
        downloads[file]?.prepared(openFiles[file], have: have, wasThere: wasThere, self)
      case .settled(let file, let piece, let isRight):
        let key = FileKey(source: UInt32(file))
        let cut = swarm.manifest(key)?.cut ?? Cut()
        if isRight { spans.invalidate(key.source, cut.pieceOffset(piece), cut.pieceLength(piece)) }
        swarm.pieceVerified(key, piece: piece, isRight: isRight, at: SystemClock.now())
      case .finished(let file): downloads[file]?.finished(self)
      case .failed(let file, let failure): downloads[file]?.fail(failure, self)
      }
    }
  }

  /// Nothing more is stored of a file.
  func forgetStored(_ file: Int) {
    store.forget(file)
    openFiles[file] = nil
    for id in gathered.keys where id.file == file {
      if let buffer = gathered.removeValue(forKey: id) { buffers.give(buffer) }
    }
  }
}
