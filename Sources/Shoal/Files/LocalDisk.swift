import ShoalBase
import ShoalContent
import ShoalStore
import ShoalSwarm
import ShoalTransport
import ShoalWire

/// The files of one loop on this machine: carries out the store's jobs on the disk, holds the bytes of pieces that are
/// being gathered, and reads what is sent. Only its loop's thread uses it; workers post their results.
final class LocalDisk {
  /// Runs something on the loop's thread; false if the loop has ended.
  typealias Post = @Sendable (@escaping @Sendable (LocalDisk) -> Void) -> Void

  private let post: Post
  let hashes: HashMemory?
  /// The files, by their keys' indices.
  private var files: [LocalFile?] = []
  var store = Store()
  var openFiles: [StoreKey: File] = [:]
  /// The folders whose contents are fetched, by their downloads' numbers.
  private var folders: [Int: RestoredFolder] = [:]
  /// The status of each shared file when it was hashed.
  var hashed: [Int: FileStatus] = [:]
  var shares: [Int: Share] = [:]
  var sharesMade = 0
  /// What is being read for peers.
  private var reads: [StoreJobID: Read] = [:]
  /// The hashing of whole files, each with all cores.
  private var scans = JobLane<StoreKey>(most: 2)
  /// Reads for peers: a few at a time keep a disk busy, and no peer's reads wait behind all those of another.
  private var fetches = JobLane<LinkKey>(most: 4)
  /// Pieces that are waiting to be hashed and written.
  private var gathered: [StoreJobID: PieceBuffer] = [:]
  private var spans = SpanCache()
  private var buffers: PieceBuffers
  private var events = Queue<DiskEvent>()

  /// Keeps at most `bufferLimit` bytes of unused piece buffers, and the hashes of large files in `hashes`.
  init(bufferLimit: Int, hashes: HashMemory? = nil, post: @escaping Post) {
    self.hashes = hashes
    buffers = PieceBuffers(limit: bufferLimit)
    self.post = post
  }

  /// The next event.
  func nextEvent() -> DiskEvent? { events.popFirst() }

  func file(_ key: FileKey) -> LocalFile? { key.index < files.count ? files[key.index] : nil }

  func set(_ file: LocalFile?, _ key: FileKey) {
    while files.count <= key.index { files.append(nil) }
    files[key.index] = file
  }

  /// Forgets a file; what is on the disk stays.
  func remove(_ key: FileKey) {
    if let share = file(key)?.share {
      store.forget(share: share)
      close(share)
    }
    set(nil, key)
  }

  // MARK: Storing

  /// Prepares a place for a file, or for the content of a `folder`, and verifies what is already there. Without a
  /// `target`, nothing is kept.
  func prepare(
    _ key: FileKey, _ manifest: Manifest, target: String?, replacing: Bool, folder: RestoredFolder? = nil
  ) {
    // If the first manifest made a false claim, this is the second: what was prepared for the first is dropped.
    forget(key)
    folders[key.index] = folder
    store.prepare(key.index, manifest, target: target, replacing: replacing)
    work()
  }

  /// Finds out what an earlier run knew about a file that is to be written to `target`; `.recalled` follows.
  func recall(_ key: FileKey, _ id: Digest, target: String) {
    store.recall(key.index, id, target: target)
    work()
  }

  /// Finds out whether a file is already at `target`; `.recalled` follows.
  func recognize(_ key: FileKey, _ id: Digest, _ cut: Cut, target: String) {
    store.recognize(key.index, id, cut, target: target)
    work()
  }

  /// When `expire` is due.
  var deadline: Instant { store.deadline }

  /// Does what is due.
  func expire(at now: Instant) {
    guard store.deadline <= now else { return }
    store.expire(at: now)
    work()
  }

  /// The part of a download, or the file itself, while it is open.
  func openFile(_ key: FileKey) -> File? { openFiles[.download(key.index)] }

  /// Begins a download: from now on its pieces can be gathered, and those that are here can be sent. `pieces` receives
  /// them if they are not kept.
  func begin(_ key: FileKey, _ cut: Cut, readBy pieces: PieceFlow? = nil) {
    let source = openFile(key).map { SourceFile($0, asHashed: nil) }
    set(LocalFile(key, source, cut, readBy: pieces), key)
  }

  /// Copies a block to its place in its piece.
  func place(_ key: FileKey, _ piece: Int, _ offset: Int, _ content: Span<UInt8>) {
    file(key)?.place(piece, offset, content, &buffers)
  }

  /// Gives up gathering a piece.
  func drop(_ key: FileKey, _ piece: Int) { if let buffer = file(key)?.take(piece) { buffers.give(buffer) } }

  /// Settles a complete piece: it is hashed and, if it is correct, written. Nothing wrong is ever written. With
  /// `isBusy`, the loop has datagrams to receive, so the hashing is left to workers.
  func settle(_ key: FileKey, _ piece: Int, isBusy: Bool) {
    guard let buffer = file(key)?.take(piece) else { return }
    guard let id = store.settle(piece, of: key.index, at: SystemClock.now()) else { return buffers.give(buffer) }
    gathered[id] = buffer
    work(isBusy: isBusy)
  }

  /// Gives the file its name, now that all its pieces are settled.
  func finish(_ key: FileKey) {
    store.finish(key.index)
    work()
  }

  /// Stops storing a file.
  func forget(_ key: FileKey) {
    store.forget(key.index)
    openFiles[.download(key.index)] = nil
    folders[key.index] = nil
    for id in gathered.keys where id.key == .download(key.index) {
      if let buffer = gathered.removeValue(forKey: id) { buffers.give(buffer) }
    }
  }

  /// Frees memory, because nothing is being gathered.
  func emptyBuffers() { buffers.empty() }

  // MARK: Jobs

  /// Begins the jobs that are waiting, and takes their results.
  func work(isBusy: Bool = true) {
    while let (id, job) = store.nextJob() { begin(job, id, isBusy) }
    while let event = store.nextEvent() { take(event) }
  }

  private func begin(_ job: StoreJob, _ id: StoreJobID, _ isBusy: Bool) {
    switch job {
    case .settle(let piece, let manifest): settle(piece, manifest, id, isBusy)
    case .hash, .hashTarget, .verify, .verifyWritten, .reexamine:
      let job = scans.add({ [unowned self] in scan(job, id) }, of: id.key)
      run(job, in: \.scans)
    case .read:
      guard let owner = reads[id]?.read.link else { return }
      let job = fetches.add({ [unowned self] in fetch(job, id) }, of: owner)
      run(job, in: \.fetches)
    default: start(job, id, on: WorkerPool.shared.run) { _ in }
    }
  }

  /// Begins a job of a lane, or if there is nothing to do for it, the next one.
  private func run<Owner>(_ job: JobLane<Owner>.Job?, in lane: ReferenceWritableKeyPath<LocalDisk, JobLane<Owner>>) {
    var next = job
    while let job = next, !job() { next = self[keyPath: lane].next() }
  }

  private func scan(_ job: StoreJob, _ id: StoreJobID) -> Bool {
    start(job, id, on: { SystemThread.run("shoal-hash", $0) }) { $0.run($0.scans.next(), in: \.scans) }
  }

  private func fetch(_ job: StoreJob, _ id: StoreJobID) -> Bool {
    // The peer that asked may have gone by now, or may no longer want it.
    guard let read = reads[id], read.isWanted() else {
      reads[id] = nil
      store.complete(id, .success(.done))
      return false
    }
    return start(job, id, on: WorkerPool.shared.run) { $0.run($0.fetches.next(), in: \.fetches) }
  }

  /// Does a job on a worker, takes its result and calls `then`; false if nobody expects the result any more.
  @discardableResult
  private func start(
    _ job: StoreJob, _ id: StoreJobID, on thread: (@escaping @Sendable () -> Void) -> Void,
    then: @escaping @Sendable (LocalDisk) -> Void
  ) -> Bool {
    guard store.expects(id) else { return false }
    let file = reads[id]?.file ?? openFiles[id.key]
    let progress = progress(of: job, id)
    let flag = if case .share(let share) = id.key { shares[share]?.flag } else { Flag?.none }
    let folder =
      if case .download(let number) = id.key, reads[id] == nil { folders[number] } else { RestoredFolder?.none }
    thread { [post, hashes] in
      let outcome =
        folder.map { FolderWork.perform(job, $0, on: file, progress) }
        ?? StoreWork.perform(job, on: file, until: flag, hashes, progress)
      post { disk in
        disk.take(outcome, id)
        then(disk)
      }
    }
    return true
  }

  private func progress(of job: StoreJob, _ id: StoreJobID) -> @Sendable (UInt64) -> Void {
    switch (job, id.key) {
    case (.hash(let cut), .share(let share)):
      guard let progress = shares[share]?.progress else { break }
      return { progress($0, cut.size) }
    case (.verify, .download(let number)), (.verifyWritten, .download(let number)):
      let key = FileKey(source: UInt32(number))
      return { [post] bytes in post { $0.events.append(.checked(key, bytes: bytes)) } }
    default: break
    }
    return { _ in }
  }

  private func take(_ outcome: StoreWork.Outcome, _ id: StoreJobID) {
    if store.expects(id) {
      if let opened = outcome.opened { openFiles[id.key] = opened }
      if let status = outcome.hashed, case .share(let share) = id.key { hashed[share] = status }
    }
    store.complete(id, outcome.result)
    work()
  }

  /// Hashes a piece, here while its bytes are still in this processor's caches, or on a worker if datagrams are
  /// waiting; if it is correct, a worker writes it.
  private func settle(_ piece: Int, _ manifest: Manifest, _ id: StoreJobID, _ isBusy: Bool) {
    guard let buffer = gathered.removeValue(forKey: id) else { return }
    guard store.expects(id), case .download(let number) = id.key, let file = files[number] else {
      return buffers.give(buffer)
    }
    let length = manifest.cut.pieceLength(piece)
    let known = isBusy ? nil : buffer.read(0..<length) { manifest.verify(piece, $0) }
    let target = file.source?.file
    if let known, !known || target == nil {
      if known, let pieces = file.pieces { buffer.read(0..<length) { pieces.deliver(piece, $0) } }
      if known { buffers.give(buffer) } else { file.keep(piece, buffer) }
      return store.complete(id, .success(.piece(isRight: known)))
    }
    WorkerPool.shared.run { [post, writes = file.writes, pieces = file.pieces] in
      let isRight = known ?? buffer.read(0..<length) { manifest.verify(piece, $0) }
      if isRight, let pieces { buffer.read(0..<length) { pieces.deliver(piece, $0) } }
      writes.perform {
        let result: Result<StoreFinding, DiskError> =
          isRight ? StoreWork.write(buffer, piece, manifest, to: target) : .success(.piece(isRight: false))
        post { disk in
          if !isRight, disk.store.expects(id) {
            disk.files[number]?.keep(piece, buffer)
          } else {
            disk.buffers.give(buffer)
          }
          disk.store.complete(id, result)
          disk.work()
        }
      }
    }
  }

  private func take(_ event: StoreEvent) {
    switch event {
    case .hashed(let share, let manifest): shares[share]?.done(.success((manifest, share)))
    case .unchanged(let share): unchanged(share)
    case .unshared(let share, let failure): unshared(share, failure)
    case .read(let id, let error): ended(id, error)
    case .settled(let index, let piece, let isRight):
      if isRight, let cut = files[index]?.cut {
        spans.invalidate(UInt32(index), cut.pieceOffset(piece), cut.pieceLength(piece))
      }
      events.append(.stored(event))
    case .prepared, .finished, .failed, .recalled, .journalSetAside, .lost, .found, .reserved:
      events.append(.stored(event))
    }
  }

  // MARK: Blocks

  /// The values of the blocks of a piece that was found wrong.
  func blockValues(_ key: FileKey, _ piece: Int) -> [Digest] { file(key)?.blockValues(piece) ?? [] }

  /// Hashes the blocks in bytes of a file that a peer asked about; `.hashed` follows. `isWanted` says whether they are
  /// still wanted.
  func hashBlocks(_ read: ReadKey, _ key: FileKey, offset: UInt64, length: Int, isWanted: @escaping () -> Bool) {
    guard let file = file(key), let source = file.source, !file.isInDoubt else {
      return events.append(.hashed(read, nil))
    }
    let job: () -> Bool = { [unowned self] in
      guard isWanted() else { return false }
      let opened = source.file
      WorkerPool.shared.run { [post] in
        let buffer = PieceBuffer(length)
        let count = try? opened.read(into: buffer, 0..<length, at: Int(offset))
        let values = count == length ? buffer.read(0..<length) { BlockTree.values(of: $0, at: offset) } : nil
        post { disk in
          // A changed file has other values now, and sending them would make this peer look like a liar.
          disk.events.append(.hashed(read, disk.file(key)?.source?.isUnchanged() == true ? values : nil))
          disk.run(disk.fetches.next(), in: \.fetches)
        }
      }
      return true
    }
    run(fetches.add(job, of: read.link), in: \.fetches)
  }

  // MARK: Reading

  private struct Read {
    let read: ReadKey
    let key: FileKey
    let file: File
    let offset: UInt64
    let isWanted: () -> Bool
  }

  /// Makes bytes of a file ready to be sent: either they are in memory, or a worker reads them. `.read` follows.
  /// `isWanted` says whether they are still wanted.
  func read(_ read: ReadKey, _ key: FileKey, offset: UInt64, length: Int, isWanted: @escaping () -> Bool) {
    guard let file = file(key), let source = file.source else {
      return events.append(.read(read, isReadable: false))
    }
    guard !source.file.isAtHand(Int(offset), length) else { return events.append(.read(read, isReadable: true)) }
    let id = store.read(file.share.map { .share($0) } ?? .download(key.index), offset: offset, length: length)
    reads[id] = Read(read: read, key: key, file: source.file, offset: offset, isWanted: isWanted)
    work()
  }

  private func ended(_ id: StoreJobID, _ error: DiskError?) {
    guard let read = reads.removeValue(forKey: id) else { return }
    events.append(.read(read.read, isReadable: error == nil))
    guard let error, let file = file(read.key), let source = file.source, source.file === read.file else { return }
    fail(file, source, source.isUnchanged() ? ShoalError(error.systemError) : source.fault(at: read.offset))
  }

  /// Copies bytes of a file that are to be sent, and continues a checksum over them; false if they cannot be read. The
  /// `ahead` bytes that follow will be sent next.
  func gather(
    _ payload: Payload, ahead: Int, into room: inout MutableSpan<UInt8>, _ checksum: inout UInt32
  ) -> Bool {
    guard let file = file(FileKey(source: payload.source)), let source = file.source, !file.isInDoubt else {
      return false
    }
    let isRead = spans.read(
      source, payload.source, payload.offset, payload.length, ahead: ahead, into: &room, &checksum)
    if !isRead { fail(file, source, source.fault(at: payload.offset)) }
    return isRead
  }

  /// Handles bytes that cannot be read, or that may no longer be those that were hashed: if the file was touched, it is
  /// served again once it is known to be unchanged.
  private func fail(_ file: LocalFile, _ source: SourceFile, _ fault: ShoalError) {
    guard !file.isInDoubt else { return }
    if let folder = source.file.parts as? PackedFolder { return review(folder, file.key) }
    guard let share = file.share, source.isDoubtful() else { return withdraw(file.key, fault) }
    file.isInDoubt = true
    store.touched(share: share)
    work()
  }

  /// Finds out which files of a folder are still as they were.
  private func review(_ folder: PackedFolder, _ key: FileKey) {
    guard folder.beginReview(at: SystemClock.now().nanoseconds) else { return }
    SystemThread.run("shoal-hash") { [post] in
      let loss = folder.review()
      post { disk in
        if let loss, disk.file(key)?.source?.file.parts === folder { disk.events.append(.changed(key, loss)) }
      }
    }
  }

  /// Stops serving a file that was changed or has become unreadable: its bytes would no longer match the hashes.
  func withdraw(_ key: FileKey, _ fault: ShoalError) {
    guard let path = file(key)?.source?.file.path else { return }
    remove(key)
    events.append(.unreadable(key, path: path, fault))
  }
}
