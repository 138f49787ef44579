import ShoalBase
import ShoalContent

/// One file of a swarm: how much of it is here, its download while it is wanted, and the peers that want it.
struct SharedFile {
  let id: Digest
  var name: String
  /// Whether it was shared here, under a name that the user gave it.
  let isOurs: Bool
  /// The name by which a tracker lists it. For a file that others share, trackers are sent only this name.
  var listedName: String?
  /// Whether it may be served to others, which requires that it is kept.
  let isServed: Bool
  /// The download, while the file is wanted.
  var download: Download?
  /// The complete copy, once there is one.
  private(set) var whole: LocalCopy?
  var upload = Upload()
  private var finalProgress = FileProgress()

  /// A file that is wanted.
  init(name: String, download: Download) {
    id = download.id
    self.name = name
    isServed = download.isServed
    isOurs = false
    self.download = download
  }

  /// A file that is here.
  init(name: String, whole: LocalCopy) {
    id = whole.manifest.id
    self.name = name
    (isServed, isOurs) = (true, true)
    finish(with: whole, FileProgress())
  }

  var isWanted: Bool { download.map { $0.phase != .stopped } ?? false }
  var manifest: Manifest? { download?.manifest ?? whole?.manifest }
  /// What is here; nil while it is not known.
  var copy: LocalCopy? { download?.copy ?? whole }
  /// What is offered to trackers and peers; nil for a file of one piece, whose cut is unproven, until the piece is
  /// here.
  var offered: LocalCopy? {
    guard isServed, let copy, copy.cut.pieces > 1 || download == nil else { return nil }
    return copy
  }

  /// The name to register with a tracker: empty if the file is to be found only by its id.
  func name(listing: Bool) -> String { isOurs ? listing ? name : "" : listedName ?? "" }

  var progress: FileProgress { download?.progress ?? finalProgress }

  /// Notes that all of the file is here; returns the sources that it was downloaded from, if it was.
  mutating func finish() -> [Source] {
    guard let download, let copy = download.copy else { return [] }
    finish(with: copy, download.progress)
    return download.sources
  }

  /// Removes pieces from the complete copy; false if none is left, or if there is no complete copy.
  mutating func withhold(_ pieces: BitSet) -> Bool {
    guard let have = whole?.have.subtracting(pieces), !have.isEmpty, let manifest else { return false }
    let copy = LocalCopy(manifest, have: have)
    whole = copy
    (finalProgress.bytes, finalProgress.chunks) = (copy.bytes, copy.chunks.count)
    return true
  }

  private mutating func finish(with copy: LocalCopy, _ progress: FileProgress) {
    download = nil
    whole = copy
    finalProgress = progress
    finalProgress.bytes = copy.bytes
    finalProgress.total = copy.cut.size
    finalProgress.chunks = copy.chunks.count
    finalProgress.totalChunks = copy.chunks.capacity
    finalProgress.isComplete = true
  }
}

/// The files of a swarm.
struct FileTable {
  private var files: [SharedFile?] = []
  /// The files that are not withdrawn, by their ids.
  private var byID: [Digest: [FileKey]] = [:]

  /// A file; nil if it was withdrawn.
  subscript(key: FileKey) -> SharedFile? {
    get { key.index < files.count ? files[key.index] : nil }
    _modify {
      if key.index < files.count {
        yield &files[key.index]
      } else {
        var none: SharedFile?
        yield &none
      }
    }
  }

  /// The key that the next file gets.
  var nextKey: FileKey { FileKey(files.count) }

  mutating func add(_ file: SharedFile) {
    byID[file.id, default: []].append(nextKey)
    files.append(file)
  }

  /// Removes a file from those found by their ids.
  mutating func remove(id: Digest, of key: FileKey) {
    byID[id]?.removeAll { $0 == key }
    if byID[id]?.isEmpty == true { byID[id] = nil }
  }

  /// Removes a file; its key is then invalid.
  mutating func remove(_ key: FileKey) { self[key] = nil }

  /// The files with this id: one may be fetched twice, to two places.
  func keys(of id: Digest) -> [FileKey] { byID[id] ?? [] }

  /// All files, in the order in which they were added.
  var keys: [FileKey] { files.indices.filter { files[$0] != nil }.map { FileKey($0) } }

  /// The files that are wanted.
  var wanted: [FileKey] { files.indices.filter { files[$0]?.isWanted == true }.map { FileKey($0) } }
}
