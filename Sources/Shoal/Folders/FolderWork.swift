import Glibc
import ShoalBase
import ShoalContent
import ShoalStore

/// The jobs of a store for the content of a folder, which the store treats as a file.
enum FolderWork {
  /// Does a job other than `.settle` for a folder whose content is `file`; `progress` is called with the bytes hashed
  /// so far.
  static func perform(
    _ job: StoreJob, _ folder: RestoredFolder, on file: File?, _ progress: @escaping @Sendable (UInt64) -> Void
  ) -> StoreWork.Outcome {
    do throws(SystemError) {
      switch job {
      // Each file in it is examined later, on its own.
      case .examine: return StoreWork.Outcome(result: .success(.status(nil)))
      case .openPart:
        try folder.open()
        let finding = StoreFinding.opened(wasThere: true, isRegular: true, size: 0, mark: folder.contentMark)
        return StoreWork.Outcome(
          result: .success(finding), opened: File(folder.part, of: folder))
      case .readJournal: return StoreWork.Outcome(result: .success(folder.recall()))
      case .verifyWritten(let manifest, let pieces):
        guard let file else { break }
        let right = try folder.verify(manifest, file, believed: pieces.complement, progress)
        return StoreWork.Outcome(result: .success(.verified(right)))
      case .verify(let manifest, let pieces):
        guard let file else { break }
        return StoreWork.Outcome(result: .success(.verified(try folder.prove(manifest, file, pieces, progress))))
      case .findZeros(let manifest, _):
        // Looking for holes is for large files; a folder's small ones have none.
        return StoreWork.Outcome(result: .success(.verified(BitSet(capacity: manifest.cut.pieces))))
      case .followZeros: return StoreWork.Outcome(result: .success(.zeros(0)))
      case .allocate: try folder.checkRoom()
      case .beginJournal(_, let manifest):
        return StoreWork.Outcome(result: .success(.noted(try folder.beginJournal(manifest))))
      case .note(_, let pieces, let isProven, let end):
        let end = try folder.note(pieces, isProven: isProven, at: end)
        return StoreWork.Outcome(result: .success(.noted(end)))
      // The journal is removed with the mark, when everything is in its place.
      case .removeJournal: break
      case .sync: try folder.sync()
      case .rename: try folder.finish()
      case .syncDirectory(let path): try FileSystem.syncDirectory(FileSystem.parent(path))
      default: break
      }
    } catch {
      folder.forgetEmptyPart()
      return StoreWork.Outcome(result: .failure(DiskError(error)))
    }
    return StoreWork.Outcome(result: .success(.done))
  }
}

extension RestoredFolder {
  /// The mark of its content; a folder's part needs none on the disk.
  fileprivate var contentMark: Digest { listing.contentID }

  /// The file that says which folder the part belongs to.
  var journal: String { journalPath(of: part) }

  // MARK: The beginning

  /// Opens the target, if it exists, and the part, which is created if necessary.
  func open() throws(SystemError) {
    var targetTree: FolderTree?
    do throws(SystemError) {
      targetTree = FolderTree(try Directory.open(target, followsLinks: followsTarget))
    } catch {
      guard error.code == ENOENT else { throw noFolder(target, error) }
    }
    let wasThere = try FileSystem.status(part) != nil || FileSystem.isDanglingLink(part)
    try Directory.make(part)
    let root: Directory
    do throws(SystemError) { root = try Directory.open(part, followsLinks: false) } catch {
      throw noFolder(part, error)
    }
    try lock(root)
    if wasThere { try claim(root) }
    if let (first, second) = listing.alike(among: { wanted.contains($0) }), try !root.tellsNamesApart() {
      let (path, other) = (listing.path(first), listing.path(second))
      let words = "\(path) and \(other) differ only by case or in how letters are written, which the file system of "
      state.withLock { [target] in
        $0.fault = ShoalError(.file, words + "\(target) does not tell apart", remedy: .namedDestination)
      }
      throw SystemError(EEXIST, .create, part)
    }
    try FolderMark.write(listing, listingID, to: journal)
    state.withLock { state in
      (state.targetTree, state.partTree, state.madePart) = (targetTree, FolderTree(root), !wasThere)
    }
  }

  /// Claims the part. A download of this process that has just ended may still be syncing it.
  private func lock(_ root: Directory) throws(SystemError) {
    for _ in 0..<100 {
      do throws(SystemError) { return try root.lock() } catch {
        guard error.code == EWOULDBLOCK else { throw error }
      }
      usleep(20_000)
    }
    try root.lock()
  }

  private func noFolder(_ path: String, _ error: SystemError) -> SystemError {
    guard error.code == ENOTDIR, (try? FileSystem.status(path)) != .some(nil) else { return error }
    let words =
      followsTarget || path == part ? "is not a folder" : "is neither a folder nor a link to one"
    state.withLock { $0.fault = ShoalError(.exists, "\(path) \(words)", remedy: .removeOrOtherDestination) }
    return error
  }

  /// Makes sure that the part belongs to this folder. In a part of another folder, what does not belong here is
  /// removed; a directory that is not a part is not touched.
  private func claim(_ root: Directory) throws(SystemError) {
    guard let mark = FolderMark.read(journal) else {
      guard try root.names().isEmpty else {
        state.withLock {
          $0.fault = ShoalError(
            .exists, "\(part) exists, and is not part of a download", remedy: .removeOrOtherDestination)
        }
        throw SystemError(EEXIST, .create, part)
      }
      return
    }
    if mark != listingID { try prune(root, nil, childrenByFolder()) }
  }

  /// The entries of each folder, by name; those of the top under -1.
  private func childrenByFolder() -> [Int: [String: Int]] {
    var children: [Int: [String: Int]] = [:]
    for index in listing.entries.indices {
      children[listing.entries[index].parent ?? -1, default: [:]][listing.name(index)] = index
    }
    return children
  }

  private func prune(
    _ directory: Directory, _ index: Int?, _ children: [Int: [String: Int]]
  ) throws(SystemError) {
    for bytes in try directory.names() {
      let name = String(decoding: bytes, as: UTF8.self)
      guard let status = try directory.status(name) else { continue }
      let entry = children[index ?? -1]?[name]
      switch (status.kind, entry.map { listing.entries[$0].kind }) {
      case (.directory, .folder?): try prune(directory.directory(name), entry, children)
      case (.regular, .file?) where !status.isExecutable: break
      case (.regular, .executable?) where status.isExecutable: break
      case (.directory, _):
        try directory.directory(name).removeAll()
        try directory.remove(name, isDirectory: true)
      default: try directory.remove(name)
      }
    }
  }

  /// Deletes the part, which is open here; false if there is none.
  func discard() -> Bool {
    let root = state.withLock { state in
      state.open.removeAll()
      defer { state.partTree = nil }
      return state.partTree?.root
    }
    guard let root else { return false }
    try? root.removeAll()
    try? FileSystem.removeFolder(part)
    try? FileSystem.remove(journal)
    return true
  }

  /// Removes a part that was created and not used.
  func forgetEmptyPart() {
    let (isOurs, isPrepared) = state.withLock { ($0.madePart, $0.isPrepared) }
    guard isOurs, !isPrepared, (try? FileSystem.removeFolder(part)) != nil else { return }
    try? FileSystem.remove(journal)
  }

  /// Checks that there is room for what is missing, so that a full disk is reported before anything is fetched.
  func checkRoom() throws(SystemError) {
    let (missing, root) = state.withLock { state in
      (
        listing.entries.indices.filter { state.places[$0] == .absent }.reduce(0 as UInt64) {
          $0 + listing.entries[$1].size
        }, state.partTree?.root
      )
    }
    state.withLock { $0.isPrepared = true }
    guard let free = root?.free, free < missing else { return }
    state.withLock { state in
      state.isPrepared = false
      state.fault = ShoalError(
        .diskFull, "\(target): disk full, \(ShoalError.megabytes(missing - free)) short; free space and try again")
    }
    throw SystemError(ENOSPC, .allocate, part)
  }

  // MARK: The end

  func sync() throws(SystemError) {
    let root = state.withLock { $0.partTree?.root }
    try root?.syncFileSystem()
  }

  /// Creates the entries without content, and gives the folder its name; or moves what is new into the existing folder.
  func finish() throws(SystemError) {
    try state.withLock { (state) throws(SystemError) in
      state.open.removeAll()
      for index in wantedEntries { try complete(index, &state) }
      if state.targetTree == nil {
        setFolderTimes(wantedFolders, &state.partTree)
        try FileSystem.rename(part, to: target, replacing: false)
      } else {
        try merge(&state)
      }
      for index in wantedEntries { state.places[index] = .target }
      state.targetTree = FolderTree(try Directory.open(target, followsLinks: followsTarget))
      state.partTree = nil
    }
    try? FileSystem.remove(journal)
  }

  private var wantedFolders: [Int] { wantedEntries.filter { listing.entries[$0].kind == .folder } }

  private func complete(_ index: Int, _ state: inout State) throws(SystemError) {
    guard state.places[index] != .target else { return }
    let entry = listing.entries[index]
    switch entry.kind {
    case .folder:
      // A folder that exists in the target is not made a second time.
      if state.targetTree == nil { _ = try state.partTree?.directory(index, of: listing, making: true) }
    case .file, .executable:
      // Files that came in a single piece already have their times, unless an earlier run left them.
      guard entry.size == 0 || listing.pieces(index).count > 1 || state.places[index] == .done,
        let directory = try state.partTree?.directory(entry.parent, of: listing, making: entry.size == 0)
      else { return }
      let file = try directory.create(listing.name(index), isExecutable: entry.kind == .executable)
      file.setModified(entry.modified)
    case .link:
      let directory = try state.partTree?.directory(entry.parent, of: listing, making: true)
      try directory?.makeLink(listing.name(index), to: listing.target(index))
    }
  }

  /// The innermost first: creating an entry changes the time of the folder that it is in.
  private func setFolderTimes(_ folders: [Int], _ tree: inout FolderTree?) {
    for index in folders.reversed() {
      let directory = try? tree?.directory(listing.entries[index].parent, of: listing)
      directory?.setModified(listing.name(index), listing.entries[index].modified)
    }
  }

  private func merge(_ state: inout State) throws(SystemError) {
    var made: [Int] = []
    for index in wantedEntries where state.places[index] != .target {
      let entry = listing.entries[index]
      guard let parent = try state.targetTree?.directory(entry.parent, of: listing) else { return }
      if entry.kind == .folder {
        if try parent.status(listing.name(index)) == nil { made.append(index) }
        _ = try state.targetTree?.directory(index, of: listing, making: true)
      } else if let source = try state.partTree?.directory(entry.parent, of: listing) {
        try source.move(listing.name(index), to: parent, replacing: replacing)
        state.places[index] = .target
      }
    }
    setFolderTimes(made, &state.targetTree)
    // Nothing is left but the empty folders.
    try state.partTree?.root.removeAll()
    state.partTree = nil
    try? FileSystem.removeFolder(part)
  }
}

extension Directory {
  /// Removes its contents.
  func removeAll() throws(SystemError) {
    for bytes in try names() {
      let name = String(decoding: bytes, as: UTF8.self)
      let isDirectory = try status(name)?.kind == .directory
      if isDirectory { try directory(name).removeAll() }
      try remove(name, isDirectory: isDirectory)
    }
  }
}
