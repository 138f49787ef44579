import ShoalBase
import ShoalContent
import ShoalStore

// The hashes of shared folders, kept so that a folder in which nothing has been touched since need not be read again.
//
// Those of a folder are one file, whose name is derived from what the system says about all of the folder's files:
// Protocol.md, Appendix C.
extension HashMemory {
  /// What is known of a folder.
  struct KnownFolder: Sendable {
    /// The manifest of its content.
    var manifest: Manifest
    /// The hashes of its files, in order.
    var ids: [Digest]
  }

  /// A folder with fewer files than this, and fewer bytes than `least`, is hashed as fast as it is looked up.
  private static let leastFiles = 1_000
  private static let magic = Array("shoalfol".utf8) + [0, 0, 0, 1]

  /// What is known of a folder whose files are in the state in which they were just found.
  func recall(_ folder: PackedFolder) -> KnownFolder? {
    guard isWorthKeeping(folder), let bytes = JournalFile.bytes(path(folder), upTo: HashMemory.mostBytes) else {
      return nil
    }
    let key = folder.key
    let head = HashMemory.magic.count + Digest.byteCount + 8
    let end = bytes.count - Digest.byteCount
    guard end >= head, bytes.starts(with: HashMemory.magic), Digest(bytes.span, at: HashMemory.magic.count) == key,
      Blake3.hash(bytes.span.extracting(..<end)) == Digest(bytes.span, at: end)
    else { return nil }
    let length = bytes.span.bigEndian(at: head - 8, as: UInt64.self)
    let count = folder.listing.fileCount
    guard length <= UInt64(end - head), end - head - Int(length) == count * Digest.byteCount,
      case .journal(let journal) = Journal.read(Array(bytes[head..<head + Int(length)])),
      journal.manifest.cut == folder.listing.cut
    else { return nil }
    FileSystem.touch(path(folder))
    let ids = (0..<count).map { Digest(bytes.span, at: head + Int(length) + $0 * Digest.byteCount) }
    return KnownFolder(manifest: journal.manifest, ids: ids)
  }

  /// Remembers a folder, if that is possible.
  func remember(_ known: KnownFolder, of folder: PackedFolder) {
    guard isWorthKeeping(folder) else { return }
    let (journal, _) = Journal.beginning(known.manifest)
    var bytes = HashMemory.magic + folder.key.array
    bytes += (0..<8).map { UInt8(truncatingIfNeeded: journal.count >> (56 - 8 * $0)) }
    bytes += journal
    for id in known.ids { bytes += id.array }
    bytes += Blake3.hash(bytes.span).array
    if bytes.count <= HashMemory.mostBytes / 2 { keep(bytes, as: path(folder)) }
  }

  private func isWorthKeeping(_ folder: PackedFolder) -> Bool {
    folder.listing.cut.pieces > 1
      && (folder.listing.cut.size >= HashMemory.least || folder.listing.fileCount >= HashMemory.leastFiles)
  }

  private func path(_ folder: PackedFolder) -> String { self.folder + "/folder-" + folder.key.short }
}

extension Digest {
  fileprivate var array: [UInt8] { (0..<Digest.byteCount).map { self[$0] } }
}

extension PackedFolder {
  /// A hash of what the system says about all files, in order, and of the cut: it changes when any of them does.
  var key: Digest {
    var hasher = Blake3.Hasher()
    var bytes: [UInt8] = []
    func add(_ number: UInt64) {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
      }
    }
    for number in [listing.cut.size, UInt64(listing.cut.pieceExponent), UInt64(listing.cut.chunks)] { add(number) }
    for stamp in state.withLock({ $0.stamps }) {
      for number in [stamp.device, stamp.inode, UInt64(bitPattern: Int64(stamp.size))] { add(number) }
      for time in [stamp.modified, stamp.changed] { add(UInt64(bitPattern: time)) }
      hasher.update(bytes.span)
      bytes.removeAll(keepingCapacity: true)
    }
    hasher.update(bytes.span)
    return hasher.finalize()
  }

  /// Uses what was remembered of the folder, if that fits. Otherwise its hashes will be remembered, provided that every
  /// change to its files shows in their times. Call this on a thread that may wait, before anything is hashed.
  func begin(_ memory: HashMemory?) {
    guard let memory else { return }
    if let known = memory.recall(self) { return state.withLock { $0.known = known } }
    if isResting { state.withLock { $0.memory = memory } }
  }

  /// The hashes of its files, if they are remembered.
  var knownIDs: [Digest]? { state.withLock { $0.known?.ids } }

  /// The manifest of its content, if that is remembered.
  var knownManifest: Manifest? { state.withLock { $0.known?.manifest } }

  /// Takes the manifest of its content, whose files have been hashed before, and remembers the folder.
  func hashed(_ manifest: Manifest) {
    let (memory, ids, changed) = state.withLock { ($0.memory, $0.ids, $0.changed) }
    guard let memory, changed == nil, ids.count == listing.fileCount else { return }
    memory.remember(HashMemory.KnownFolder(manifest: manifest, ids: ids), of: self)
  }

  /// Whether any change to a file from now on shows in its times: see `FileStamp`. A write through a mapping changes
  /// them only when it makes a page dirty, so dirty pages are written to the disk first. A memory file system never
  /// does that.
  private var isResting: Bool {
    let files = listing.entries.indices.filter { listing.entries[$0].kind.isFile }
    let stamps = state.withLock { $0.stamps }
    var devices: Set<UInt64> = []
    for (number, stamp) in stamps.enumerated() where devices.insert(stamp.device).inserted {
      guard devices.count <= 8, let file = try? File.open(path(files[number])), !file.isInMemory,
        (try? file.syncFileSystem()) != nil
      else { return false }
    }
    let now = SystemClock.wall()
    return zip(files, stamps).allSatisfy { index, stamp in
      guard let status = try? FileSystem.status(path(index)), stamp.fits(status) else { return false }
      let time = FileStamp(
        device: stamp.device, inode: stamp.inode, size: UInt64(max(stamp.size, 0)), modified: stamp.modified,
        changed: stamp.changed, time: now)
      return time.isUntouched(in: time)
    }
  }
}
