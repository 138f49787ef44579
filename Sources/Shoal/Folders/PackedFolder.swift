import Glibc
import ShoalBase
import ShoalContent
import Synchronization

/// The files of a shared folder, one after another. Few of them are open at a time, and each must be unchanged since
/// the folder was scanned.
final class PackedFolder: FileParts {
  /// The listing, without ids.
  let listing: Listing
  private let folder: String
  private let places: [String: String]
  /// The number of each entry's stamp.
  let stampOf: [UInt32]
  let state: Mutex<State>

  struct State {
    var stamps: [FolderScan.Stamp]
    var open = RecentlyUsed<File>(limit: PackedFolder.openFiles)
    /// The first file that was found changed while the folder was hashed.
    var changed: String?
    /// The hashes of the files, in order, once the folder is served.
    var ids: [Digest] = []
    /// The files that could not be read since the last review, and those that are no longer served.
    var doubtful: Set<Int> = []
    var gone: Set<Int> = []
    var isReviewing = false
    var reviewedAt: Nanoseconds?
    /// What was remembered of the folder, or where it is to be remembered.
    var known: HashMemory.KnownFolder?
    var memory: HashMemory?
  }

  /// The most files open at a time: enough for those being sent at the same time, and no more than a process may open.
  static let openFiles = 64

  init(_ scan: FolderScan, folder: String, _ chunking: Chunking) throws(ListingFault) {
    listing = try scan.writer.draft(PackedFolder.chunking(chunking, scan.writer.counts.bytes))
    (self.folder, places) = (folder, scan.places)
    state = Mutex(State(stamps: scan.stamps))
    var next: UInt32 = 0
    stampOf = listing.entries.map { entry in
      defer { if entry.kind.isFile { next += 1 } }
      return next
    }
  }

  /// Smaller pieces than those of a file of that size, so that less has to be fetched again when a small file has
  /// changed.
  static func chunking(_ chunking: Chunking, _ size: UInt64) -> Chunking {
    guard chunking == .automatic else { return chunking }
    var each = 1 << 16
    while each < 4 << 20, size / UInt64(each) > mostPieces { each *= 2 }
    return .size(each)
  }

  /// A map of this many pieces takes 2 KiB.
  private static let mostPieces: UInt64 = 1 << 14

  var changed: String? { state.withLock { $0.changed } }

  /// The path of an entry.
  func path(_ index: Int) -> String {
    let path = listing.path(index)
    guard !places.isEmpty else { return folder + "/" + path }
    let top = path.unicodeScalars.prefix { $0 != "/" }
    let place = places[String(top)] ?? String(top)
    return place + String(path.unicodeScalars.dropFirst(top.count))
  }

  /// The file of an entry, opened if it has not changed.
  private func file(_ index: Int) throws(SystemError) -> File {
    let (known, isGone) = state.withLock { ($0.open[index], $0.gone.contains(index)) }
    guard !isGone else { throw SystemError(ESTALE, .read, path(index)) }
    if let known { return known }
    let file: File
    do throws(SystemError) { file = try File.open(path(index)) } catch { throw doubt(index, error) }
    guard try isUntouched(file, index) else { throw doubt(index) }
    state.withLock { $0.open[index] = file }
    return file
  }

  private func isUntouched(_ file: File, _ index: Int) throws(SystemError) -> Bool {
    let status = try file.status()
    return state.withLock { $0.stamps[Int(stampOf[index])].fits(status) }
  }

  /// Notes that a file has changed, or cannot be read.
  private func doubt(_ index: Int, _ error: SystemError? = nil) -> SystemError {
    let path = path(index)
    state.withLock { state in
      state.open[index] = nil
      if state.ids.isEmpty, error == nil || error?.code == ENOENT { state.changed = state.changed ?? path }
      state.doubtful.insert(index)
    }
    return error ?? SystemError(ESTALE, .read, path)
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int) throws(SystemError) -> Int {
    let end = min(UInt64(offset + buffer.count), listing.cut.size)
    guard UInt64(offset) < end else { return 0 }
    for part in listing.parts(UInt64(offset)..<end) {
      var room = buffer._mutatingExtracting(part.range)
      let file = try self.file(part.entry)
      let count: Int
      do throws(SystemError) { count = try file.read(into: &room, at: part.offset) } catch {
        throw doubt(part.entry, error)
      }
      // Its state is read after that, so it is known that nobody has written to it since it was hashed.
      guard count == part.range.count, try isUntouched(file, part.entry) else { throw doubt(part.entry) }
    }
    return Int(end) - offset
  }

  func isAtHand(_ offset: Int, _ length: Int) -> Bool {
    listing.parts(UInt64(offset)..<UInt64(offset + length)).allSatisfy { part in
      (try? file(part.entry))?.isAtHand(part.offset, part.range.count) ?? false
    }
  }

  func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) { throw SystemError(EROFS, .write, folder) }
  func clear(_ range: Range<Int>) throws(SystemError) { throw SystemError(EROFS, .write, folder) }

  func status() throws(SystemError) -> FileStatus {
    if let changed { throw SystemError(ESTALE, .read, changed) }
    return FileStatus(size: Int(listing.cut.size))
  }

  // MARK: Hashing

  /// The hash of each file, in order, computed on all cores; nil once `flag` is set. `progress` is called with the
  /// bytes so far.
  func hashFiles(until flag: Flag, _ progress: @escaping @Sendable (UInt64) -> Void) throws(SystemError) -> [Digest]? {
    let files = listing.entries.indices.filter { listing.entries[$0].kind.isFile }
    let done = Mutex<UInt64>(0)
    let hashes = try Crew.map(count: files.count, until: flag) { [self] (number) throws(SystemError) -> Digest in
      let digest = try hash(files[number], until: flag) { count in
        progress(
          done.withLock { done in
            done += UInt64(count)
            return done
          })
      }
      return digest
    }
    return hashes
  }

  private func hash(_ index: Int, until flag: Flag, _ progress: (Int) -> Void) throws(SystemError) -> Digest {
    let file: File
    do throws(SystemError) { file = try File.open(path(index)) } catch { throw doubt(index, error) }
    let size = Int(listing.entries[index].size)
    guard try isUntouched(file, index), let digest = try file.hash(size, until: flag, progress),
      try isUntouched(file, index)
    else { throw doubt(index) }
    return digest
  }
}

extension File {
  /// The hash of its first `size` bytes; nil if there are fewer. It means nothing once `flag` is set.
  func hash(_ size: Int, until flag: Flag? = nil, _ progress: (Int) -> Void) throws(SystemError) -> Digest? {
    let memory = Memory(max(min(size, 1 << 20), 1))
    var hasher = Blake3.Hasher()
    var offset = 0
    while offset < size, flag?.isSet != true {
      let count = min(memory.count, size - offset)
      guard try read(into: memory, 0..<count, at: offset) == count else { return nil }
      if count == size {
        let hash = memory.read(0..<count) { Blake3.hash($0) }
        progress(count)
        return hash
      }
      memory.read(0..<count) { hasher.update($0) }
      offset += count
      progress(count)
    }
    return hasher.finalize()
  }
}
