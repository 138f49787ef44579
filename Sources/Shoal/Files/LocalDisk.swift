import ShoalBase
import ShoalContent
import ShoalStore
import ShoalSwarm
import ShoalTransport
import ShoalWire

/// The files of one loop on this machine: does what the store wants done to the disk, keeps the bytes of pieces that are
/// being gathered, and reads what is sent. Only its loop's thread touches it; workers post what they have done.
final class LocalDisk {
  /// Runs something on the loop's thread; false if the loop has ended.
  typealias Post = @Sendable (@escaping @Sendable (LocalDisk) -> Void) -> Void

  private let post: Post
  /// By the index of a file's key.
  private var files: [LocalFile?] = []
  private var store = Store()
  private var openFiles: [Int: File] = [:]
  /// Pieces that wait to be hashed and written.
  private var gathered: [StoreJobID: PieceBuffer] = [:]
  private var spans = SpanCache()
  private var buffers: PieceBuffers
  private var events = Queue<DiskEvent>()

  /// At most `bufferLimit` bytes of piece buffers that are not in use are kept.
  init(bufferLimit: Int, post: @escaping Post) {
    buffers = PieceBuffers(limit: bufferLimit)
    self.post = post
  }

  /// The next event.
  func nextEvent() -> DiskEvent? { events.popFirst() }

  // MARK: Files

  /// A file is here from now on: it can be sent, and pieces of it can be gathered. Nil if none of it is kept.
  func add(_ source: SourceFile?, _ cut: Cut, as key: FileKey) { set(LocalFile(key, source, cut), key) }

  /// A file is here no longer; what is on the disk stays.
  func remove(_ key: FileKey) { set(nil, key) }

  private func set(_ file: LocalFile?, _ key: FileKey) {
    while files.count <= key.index { files.append(nil) }
    files[key.index] = file
  }

  private func file(_ key: FileKey) -> LocalFile? { key.index < files.count ? files[key.index] : nil }

  // MARK: Storing

  /// Prepares a place for a file, and verifies what is there already; without a `target` nothing is kept.
  func prepare(_ key: FileKey, _ manifest: Manifest, target: String?, replacing: Bool) {
    // It may be the second, where the first was a false claim: what was prepared for that is let go.
    forget(key)
    store.prepare(key.index, manifest, target: target, replacing: replacing)
    work()
  }

  /// The file that was opened for a download.
  func openFile(_ key: FileKey) -> File? { openFiles[key.index] }

  /// Copies a block to its place in its piece.
  func place(_ key: FileKey, _ piece: Int, _ offset: Int, _ content: UnsafeRawBufferPointer) {
    file(key)?.place(piece, offset, content, &buffers)
  }

  /// A piece is gathered no longer.
  func drop(_ key: FileKey, _ piece: Int) { if let buffer = file(key)?.take(piece) { buffers.give(buffer) } }

  /// A piece is gathered: it is hashed, and written if it is right. Nothing wrong is ever written. `isBusy`: the loop has
  /// datagrams to receive, and others are to do the hashing.
  func settle(_ key: FileKey, _ piece: Int, isBusy: Bool) {
    guard let buffer = file(key)?.take(piece) else { return }
    guard let id = store.settle(piece, of: key.index) else { return buffers.give(buffer) }
    gathered[id] = buffer
    work(isBusy: isBusy)
  }

  /// All pieces are settled: the file gets its name.
  func finish(_ key: FileKey) {
    store.finish(key.index)
    work()
  }

  /// Nothing more is stored of a file.
  func forget(_ key: FileKey) {
    store.forget(key.index)
    openFiles[key.index] = nil
    for id in gathered.keys where id.file == key.index {
      if let buffer = gathered.removeValue(forKey: id) { buffers.give(buffer) }
    }
  }

  /// Nothing is being gathered: memory is given back.
  func emptyBuffers() { buffers.empty() }

  // MARK: Jobs

  /// Begins the jobs that there are, and takes what comes of them.
  private func work(isBusy: Bool = true) {
    while let (id, job) = store.nextJob() { begin(job, id, isBusy) }
    while let event = store.nextEvent() { take(event) }
  }

  private func begin(_ job: StoreJob, _ id: StoreJobID, _ isBusy: Bool) {
    if case .settle(let piece, let manifest) = job { return settle(piece, manifest, id, isBusy) }
    guard store.expects(id) else { return }
    let file = openFiles[id.file]
    WorkerPool.shared.run { [post] in
      let (result, opened) = StoreWork.perform(job, on: file) { bytes in
        post { $0.events.append(.checked(FileKey(source: UInt32(id.file)), bytes: bytes)) }
      }
      post { disk in
        if let opened, disk.store.expects(id) { disk.openFiles[id.file] = opened }
        disk.store.complete(id, result)
        disk.work()
      }
    }
  }

  /// Hashes a piece, here while its bytes are still in this processor's caches, or on a worker if datagrams wait; and
  /// writes it if it is right, on a worker.
  private func settle(_ piece: Int, _ manifest: Manifest, _ id: StoreJobID, _ isBusy: Bool) {
    guard let buffer = gathered.removeValue(forKey: id) else { return }
    guard store.expects(id), let file = files[id.file] else { return buffers.give(buffer) }
    let content = buffer.content(manifest.cut.pieceLength(piece))
    let known = isBusy ? nil : manifest.verify(piece, content)
    let target = file.source?.file
    if let known, !known || target == nil {
      buffers.give(buffer)
      return store.complete(id, .success(.piece(isRight: known)))
    }
    WorkerPool.shared.run { [post, writes = file.writes] in
      let isRight = known ?? manifest.verify(piece, buffer.content(manifest.cut.pieceLength(piece)))
      writes.perform {
        let content = buffer.content(manifest.cut.pieceLength(piece))
        let result: Result<StoreFinding, DiskError> =
          isRight ? StoreWork.write(content, piece, manifest, to: target) : .success(.piece(isRight: false))
        post { disk in
          disk.buffers.give(buffer)
          disk.store.complete(id, result)
          disk.work()
        }
      }
    }
  }

  private func take(_ event: StoreEvent) {
    if case .settled(let index, let piece, true) = event, let cut = files[index]?.cut {
      spans.invalidate(UInt32(index), cut.pieceOffset(piece), cut.pieceLength(piece))
    }
    events.append(.stored(event))
  }

  // MARK: Reading

  /// Copies bytes of a file that are to be sent, and continues a checksum over them; false if they cannot be had. The
  /// `ahead` bytes that follow are to be sent next.
  func gather(
    _ payload: Payload, _ manifest: Manifest?, ahead: Int, into room: UnsafeMutableRawBufferPointer,
    _ checksum: inout UInt32
  ) -> Bool {
    let key = FileKey(source: payload.source)
    guard let file = file(key), let source = file.source, !file.isInDoubt else { return false }
    if spans.read(source, payload.source, payload.offset, payload.length, ahead: ahead, into: room, &checksum) {
      return true
    }
    if source.isDoubtful(), let manifest {
      file.isInDoubt = true
      examine(key, source, manifest)
    } else {
      withdraw(key, source.fault(at: payload.offset))
    }
    return false
  }

  /// A file that is served was touched: it is served again once it is known to be the same.
  private func examine(_ key: FileKey, _ source: SourceFile, _ manifest: Manifest) {
    SystemThread.run("shoal-hash") { [post] in
      let same = source.examined(manifest)
      post { disk in
        guard disk.file(key)?.isInDoubt == true else { return }
        if let same {
          disk.add(same, manifest.cut, as: key)
        } else {
          disk.withdraw(key, source.fault(at: 0))
        }
      }
    }
  }

  /// A file that is served was changed or has become unreadable: what is sent of it would fit nobody's hash.
  private func withdraw(_ key: FileKey, _ fault: ShoalError) {
    guard let path = file(key)?.source?.file.path else { return }
    remove(key)
    events.append(.unreadable(key, path: path, fault))
  }
}

/// What the files of a loop tell it.
enum DiskEvent {
  /// Of a download.
  case stored(StoreEvent)
  /// So many bytes of what was there for a download have been looked at.
  case checked(FileKey, bytes: UInt64)
  /// A file cannot be sent any more.
  case unreadable(FileKey, path: String, ShoalError)
}
