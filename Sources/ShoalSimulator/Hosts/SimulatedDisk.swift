import ShoalBase
import ShoalContent
import ShoalStore

/// A disk in memory that does the jobs of a `Store`, and may be slow, full or failing. In a crash it loses what was not
/// synced: of each write since the last sync some sectors, or all, or none; of the names, the latest.
///
/// A file's length and the names are lost in the order in which they were changed, as in file systems with a journal;
/// the content is not.
package struct SimulatedDisk {
  /// The most bytes in all files together.
  package var capacity = UInt64.max
  /// How long a job takes.
  package var latency: @Sendable (StoreJob) -> Nanoseconds = { _ in 0 }
  /// Why a job fails; nil if it does not.
  package var fault: @Sendable (StoreJob) -> DiskError? = { _ in nil }
  /// The number of jobs that were done.
  package private(set) var jobsDone = 0

  /// The time, which files' times are taken from.
  package var now = Instant.zero
  /// The pieces that other disks hold too.
  var pool = PiecePool()

  private static let sector = 512

  /// A file, whatever its name.
  private struct Inode {
    /// What programs see.
    var content = DiskContent()
    /// What a crash leaves at the least.
    var synced = DiskContent()
    /// The writes and lengths since the last sync.
    var unsynced: [Change] = []
    /// The id of the file as whose part it is marked; survives a crash.
    var mark: Digest?
    var syncedMark: Digest?
    /// When the content last changed, and when it did before, since the last sync.
    var modified: Int64 = 0
    var formerTimes: [Int64] = []

    enum Change {
      case write(offset: Int, [UInt8])
      case length(Int)
    }
  }

  private enum NameChange {
    case set(String, Int)
    case remove(String)
  }

  private var inodes: [Inode] = []
  private var names: [String: Int] = [:]
  private var syncedNames: [String: Int] = [:]
  private var unsyncedNames: [NameChange] = []

  /// An empty disk.
  package init() {}

  /// The bytes of the file with this name; nil if there is none.
  package subscript(path: String) -> [UInt8]? { names[path].map { inodes[$0].content.bytes } }

  /// Creates a file, as if another program had done so long ago.
  package mutating func put(_ content: [UInt8], at path: String) {
    inodes.append(Inode(content: DiskContent(content), synced: DiskContent(content)))
    names[path] = inodes.count - 1
    syncedNames[path] = inodes.count - 1
  }

  /// The bytes of a file that take room.
  package func room(of path: String) -> Int { names[path].map { inodes[$0].content.written } ?? 0 }

  /// Changes bytes of a file, as if another program did so now.
  package mutating func write(_ bytes: [UInt8], at offset: Int, _ path: String) {
    write(bytes, at: offset, names[path])
  }

  /// The power fails, and comes back.
  package mutating func crash(using random: inout SeededGenerator) {
    for change in unsyncedNames.prefix(Int.random(in: 0...unsyncedNames.count, using: &random)) {
      SimulatedDisk.apply(change, to: &syncedNames)
    }
    (names, unsyncedNames) = (syncedNames, [])
    for i in inodes.indices {
      inodes[i].mark = inodes[i].syncedMark
      var content = inodes[i].synced
      for change in inodes[i].unsynced {
        switch change {
        case .length(let length): if random.next() % 2 == 0 { content.resize(length) }
        case .write(let offset, let bytes): SimulatedDisk.tear(bytes, at: offset, into: &content, using: &random)
        }
      }
      inodes[i].content = content
      inodes[i].synced = content
      inodes[i].unsynced = []
      inodes[i].modified = (inodes[i].formerTimes + [inodes[i].modified]).randomElement(using: &random) ?? 0
      inodes[i].formerTimes = []
    }
  }

  /// Applies what reached the disk of a write: nothing, all of it, or some sectors.
  private static func tear(
    _ bytes: [UInt8], at offset: Int, into content: inout DiskContent, using random: inout SeededGenerator
  ) {
    let fate = random.next() % 3
    if fate == 0 { content.write(bytes, at: offset) }
    guard fate == 1 else { return }
    for start in stride(from: 0, to: bytes.count, by: sector) where random.next() % 2 == 0 {
      content.write(Array(bytes[start..<min(start + sector, bytes.count)]), at: offset + start)
    }
  }

  private static func apply(_ change: NameChange, to names: inout [String: Int]) {
    switch change {
    case .set(let path, let inode): names[path] = inode
    case .remove(let path): names[path] = nil
    }
  }

  private mutating func rename(_ change: NameChange) {
    SimulatedDisk.apply(change, to: &names)
    unsyncedNames.append(change)
  }

  /// Whether these pieces of a file are right in what has this name.
  func holds(_ pieces: BitSet, of manifest: Manifest, at path: String) -> Bool {
    verify(manifest, pieces, names[path]).isSuperset(of: pieces)
  }

  // MARK: Jobs

  /// Does a job on the file that is open as `handle`, which a job that opens a file sets. `content` is a gathered
  /// piece.
  package mutating func perform(
    _ job: StoreJob, _ handle: inout Int?, piece content: [UInt8]
  ) -> Result<StoreFinding, DiskError> {
    jobsDone += 1
    if let error = fault(job) { return .failure(error) }
    switch job {
    case .examine(let path): return .success(.status(names[path].map { .file(size: UInt64(inodes[$0].content.count)) }))
    case .openTarget(let path):
      guard let inode = names[path] else { return .failure(error(.other, "open", path)) }
      handle = inode
    case .openPart(let path):
      let wasThere = names[path] != nil
      if !wasThere {
        inodes.append(Inode())
        rename(.set(path, inodes.count - 1))
      }
      handle = names[path]
      let size = handle.map { inodes[$0].content.count } ?? 0
      let mark = handle.flatMap { inodes[$0].mark }
      return .success(.opened(wasThere: wasThere, isRegular: true, size: UInt64(size), mark: mark))
    case .mark(let id): if let handle { inodes[handle].mark = id }
    case .unmark: if let handle { inodes[handle].mark = nil }
    case .lock: break
    case .verify(let manifest, let pieces): return .success(.verified(verify(manifest, pieces, handle)))
    case .verifyWritten(let manifest, let pieces):
      return .success(.verified(verify(manifest, pieces, handle, skippingHoles: true)))
    case .readJournal(let path, let part):
      let reading = names[path].map { Journal.read(inodes[$0].content.bytes) } ?? .none
      return .success(.journal(reading, (handle ?? names[part]).map(stamp)))
    case .hashTarget(let path, let cut):
      guard let inode = names[path], inodes[inode].content.count == Int(cut.size) else { return .success(.hashed(nil)) }
      return .success(.hashed(SimulatedDisk.manifest(of: inodes[inode].content, cut)))
    case .beginJournal(let path, let manifest):
      let (bytes, end) = Journal.beginning(manifest)
      inodes.append(Inode())
      rename(.set(path, inodes.count - 1))
      write(bytes, at: 0, inodes.count - 1)
      return .success(.noted(end))
    case .note(let path, let pieces, let isProven, var end):
      guard let journal = names[path], let handle else { return .failure(error(.other, "open", path)) }
      setLength(Int(end.offset), journal)
      let offset = Int(end.offset)
      write(Journal.note(pieces, stamp(handle), isProven: isProven, at: &end), at: offset, journal)
      sync(journal)
      return .success(.noted(end))
    case .removeJournal(let path): if names[path] != nil { rename(.remove(path)) }
    case .probe: return .success(.content(handle.map { inodes[$0].content.hasContent } ?? false))
    case .resize(let size): setLength(Int(size), handle)
    case .allocate(let size):
      let others = inodes.indices.reduce(0) { $0 + ($1 == handle ? 0 : UInt64(inodes[$1].content.count)) }
      guard others + size <= capacity else { return .failure(error(.full, "allocate", "")) }
      if let handle, inodes[handle].content.count < Int(size) { setLength(Int(size), handle) }
    case .settle(let number, let manifest):
      guard manifest.verify(number, content.span) else { return .success(.piece(isRight: false)) }
      let offset = Int(manifest.cut.pieceOffset(number))
      guard content.contains(where: { $0 != 0 }) else {
        clear(offset, content.count, handle)
        return .success(.piece(isRight: true, isZeros: true))
      }
      write(pool.shared(content, of: manifest.id, at: offset), at: offset, handle)
      return .success(.piece(isRight: true))
    case .findZeros(let manifest, let pieces):
      var found = BitSet(capacity: pieces.capacity)
      for run in pieces.runs() {
        for piece in Int(run.first)..<Int(run.end) where findZeros(manifest, piece, handle) { found.insert(piece) }
      }
      return .success(.verified(found))
    case .followZeros(let manifest, let run):
      let order = run.isDescending ? Array(run.pieces.reversed()) : Array(run.pieces)
      return .success(.zeros(order.prefix { findZeros(manifest, $0, handle) }.count))
    case .sync: if let handle { sync(handle) }
    case .rename(let from, let to, let replacing):
      guard let inode = names[from] else { return .failure(error(.other, "rename", from)) }
      guard replacing || names[to] == nil else { return .failure(error(.exists, "rename", to)) }
      rename(.remove(from))
      rename(.set(to, inode))
    case .syncDirectory: (syncedNames, unsyncedNames) = (names, [])
    case .discard(let path):
      rename(.remove(path))
      handle = nil
    case .openSource(let path):
      guard let inode = names[path] else { return .failure(error(.other, "open", path)) }
      handle = inode
      return .success(.status(.file(size: UInt64(inodes[inode].content.count))))
    case .hash(let cut):
      guard let handle, inodes[handle].content.count == Int(cut.size) else { return .success(.hashed(nil)) }
      return .success(.hashed(SimulatedDisk.manifest(of: inodes[handle].content, cut)))
    case .reexamine(let manifest):
      let isSame = handle.map { inodes[$0].content.count == Int(manifest.cut.size) } ?? false
      return .success(.unchanged(isSame && verify(manifest, .full(capacity: manifest.cut.pieces), handle).isComplete))
    case .read(let offset, let length):
      // What is shared from the start has no file: its bytes are generated as they are sent.
      guard let handle else { break }
      guard Int(offset) + length <= inodes[handle].content.count else { return .failure(error(.other, "read", "")) }
    }
    return .success(.done)
  }

  private static func manifest(of content: DiskContent, _ cut: Cut) -> Manifest {
    func piece(_ number: Int) -> [UInt8] {
      let start = Int(cut.pieceOffset(number))
      return content.bytes(in: start..<start + cut.pieceLength(number))
    }
    let values = (0..<(cut.pieces > 1 ? cut.pieces : 0)).map { number in
      let bytes = piece(number)
      return Blake3.chainingValue(of: bytes.span, firstLeaf: cut.pieceOffset(number) / UInt64(Blake3.leafBytes))
    }
    let last = cut.pieces > 0 ? piece(cut.pieces - 1) : []
    return Manifest(cut: cut, values: values, lastPiece: last.span)
  }

  private func error(_ kind: DiskError.Kind, _ action: String, _ subject: String) -> DiskError {
    DiskError(kind, code: 0, action: action, subject: subject)
  }

  private func stamp(_ inode: Int) -> FileStamp {
    FileStamp(
      device: 1, inode: UInt64(inode), size: UInt64(inodes[inode].content.count), modified: inodes[inode].modified,
      changed: inodes[inode].modified, time: now.nanoseconds)
  }

  private mutating func sync(_ inode: Int) {
    (inodes[inode].synced, inodes[inode].unsynced) = (inodes[inode].content, [])
    inodes[inode].syncedMark = inodes[inode].mark
    inodes[inode].formerTimes = []
  }

  private func verify(
    _ manifest: Manifest, _ pieces: BitSet, _ handle: Int?, skippingHoles: Bool = false
  ) -> BitSet {
    var right = BitSet(capacity: manifest.cut.pieces)
    guard let handle else { return right }
    for piece in 0..<manifest.cut.pieces where pieces.contains(piece) {
      let (start, length) = (Int(manifest.cut.pieceOffset(piece)), manifest.cut.pieceLength(piece))
      guard start + length <= inodes[handle].content.count else { break }
      if skippingHoles, inodes[handle].content.isHole(start..<start + length) { continue }
      let bytes = inodes[handle].content.bytes(in: start..<start + length)
      if manifest.verify(piece, bytes.span) { right.insert(piece) }
    }
    return right
  }

  private mutating func setLength(_ length: Int, _ handle: Int?) {
    guard let handle else { return }
    inodes[handle].content.resize(length)
    touch(handle)
    inodes[handle].unsynced.append(.length(length))
  }

  private mutating func write(_ bytes: [UInt8], at offset: Int, _ handle: Int?) {
    guard let handle else { return }
    inodes[handle].content.write(bytes, at: offset)
    touch(handle)
    inodes[handle].unsynced.append(.write(offset: offset, bytes))
  }

  private mutating func findZeros(_ manifest: Manifest, _ piece: Int, _ handle: Int?) -> Bool {
    guard manifest.isZeros(piece) else { return false }
    clear(Int(manifest.cut.pieceOffset(piece)), manifest.cut.pieceLength(piece), handle)
    return true
  }

  /// Makes bytes zeros, unless they are a hole.
  private mutating func clear(_ offset: Int, _ length: Int, _ handle: Int?) {
    guard let handle, !inodes[handle].content.isHole(offset..<offset + length) else { return }
    write([UInt8](repeating: 0, count: length), at: offset, handle)
  }

  private mutating func touch(_ inode: Int) {
    inodes[inode].formerTimes.append(inodes[inode].modified)
    inodes[inode].modified = now.nanoseconds
  }
}
