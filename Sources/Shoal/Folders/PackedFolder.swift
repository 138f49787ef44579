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
  private let stamps: [FolderScan.Stamp]
  /// The number of each entry's stamp.
  private let stampOf: [UInt32]
  private let state = Mutex(State())

  private struct State {
    var open = RecentlyUsed<File>(limit: PackedFolder.openFiles)
    var changed: String?
  }

  /// The most files open at a time: enough for those being sent at the same time, and no more than a process may open.
  static let openFiles = 64

  init(_ scan: FolderScan, folder: String, _ chunking: Chunking) throws(ListingFault) {
    listing = try scan.writer.draft(PackedFolder.chunking(chunking, scan.writer.counts.bytes))
    (self.folder, places, stamps) = (folder, scan.places, scan.stamps)
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

  /// The file of an entry; fails if it has changed.
  private func file(_ index: Int) throws(SystemError) -> File {
    let known = state.withLock { $0.open[index] }
    let file = if let known { known } else { try File.open(path(index)) }
    guard stamps[Int(stampOf[index])].fits(try file.status()) else { throw change(index) }
    if known == nil { state.withLock { $0.open[index] = file } }
    return file
  }

  private func change(_ index: Int) -> SystemError {
    let path = path(index)
    state.withLock { $0.changed = $0.changed ?? path }
    return SystemError(ESTALE, .read, path)
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int) throws(SystemError) -> Int {
    let end = min(UInt64(offset + buffer.count), listing.cut.size)
    guard UInt64(offset) < end else { return 0 }
    for part in listing.parts(UInt64(offset)..<end) {
      var room = buffer._mutatingExtracting(part.range)
      let file: File
      do throws(SystemError) { file = try self.file(part.entry) } catch {
        throw error.code == ENOENT ? change(part.entry) : error
      }
      guard try file.read(into: &room, at: part.offset) == part.range.count else { throw change(part.entry) }
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
    let size = Int(listing.entries[index].size)
    let file: File
    do throws(SystemError) { file = try File.open(path(index)) } catch {
      throw error.code == ENOENT ? change(index) : error
    }
    guard stamps[Int(stampOf[index])].fits(try file.status()) else { throw change(index) }
    guard let digest = try file.hash(size, until: flag, progress) else { throw change(index) }
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
      if count == size { return memory.read(0..<count) { Blake3.hash($0) }.told(progress, count) }
      memory.read(0..<count) { hasher.update($0) }
      offset += count
      progress(count)
    }
    return hasher.finalize()
  }
}

extension Digest {
  fileprivate func told(_ progress: (Int) -> Void, _ count: Int) -> Digest {
    progress(count)
    return self
  }
}
