import Glibc
import ShoalBase
import ShoalContent
import Synchronization

/// The files of a folder that is being fetched, one after another. What is missing is written to a folder `NAME.part`
/// beside the target; existing files that are equal are left alone, and read from there.
final class RestoredFolder: FileParts {
  let listing: Listing
  let listingID: Digest
  let target: String
  let part: String
  /// The entries of the listing that are to be restored.
  let wanted: BitSet
  /// The pieces in which a wanted file has bytes.
  let wantedPieces: BitSet
  /// Whether what differs may be replaced.
  let replacing: Bool
  /// Whether the target may be a link to a folder, because the user named it.
  let followsTarget: Bool
  let state: Mutex<State>

  /// Where the bytes of an entry are.
  enum Place: UInt8 {
    /// Nowhere.
    case absent
    /// Some are in the part, or will be.
    case part
    /// All are in the part.
    case done
    /// In the target there is something of the same kind and size, which may be equal.
    case candidate
    /// It is in the target.
    case target
    /// It is not wanted.
    case unwanted
  }

  struct State {
    var places: [Place]
    var targetTree: FolderTree?
    var partTree: FolderTree?
    /// Whether the part was made in this run.
    var madePart = false
    /// Whether everything that is here has been checked.
    var isPrepared = false
    var open = RecentlyUsed<File>(limit: PackedFolder.openFiles)
    /// The files in the target that have not changed since they were verified.
    var known: Set<Int> = []
    /// Why it fails, where a disk error alone would not say enough.
    var fault: ShoalError?
  }

  init(
    _ listing: Listing, _ listingID: Digest, target: String, followsTarget: Bool, wanted: BitSet, replacing: Bool
  ) {
    (self.listing, self.listingID, self.target, self.wanted) = (listing, listingID, target, wanted)
    (self.replacing, self.followsTarget) = (replacing, followsTarget)
    part = partPath(of: target)
    wantedPieces = listing.pieces { wanted.contains($0) }
    let places = listing.entries.indices.map { wanted.contains($0) ? Place.absent : .unwanted }
    state = Mutex(State(places: places))
  }

  /// The same folder, if peers cut its content otherwise than the listing says.
  func cut(as cut: Cut) -> RestoredFolder {
    guard cut != listing.cut else { return self }
    var listing = listing
    listing.cut = cut
    return RestoredFolder(
      listing, listingID, target: target, followsTarget: followsTarget, wanted: wanted, replacing: replacing)
  }

  /// Whether the sizes of the files add up to that of the content.
  var isConsistent: Bool { listing.entries.last.map { $0.range.upperBound } ?? 0 == listing.cut.size }

  let changed: String? = nil

  func path(_ index: Int, in root: String) -> String { root + "/" + listing.path(index) }

  /// The entries that are wanted, in order.
  var wantedEntries: [Int] { listing.entries.indices.filter { wanted.contains($0) } }

  /// Whether everything is wanted, so that the content can be served to others.
  var isWhole: Bool { wanted.isComplete }

  /// Bytes of pieces that are neither here nor wanted.
  var unwantedBytes: UInt64 {
    wantedPieces.complement.runs().reduce(0) { bytes, run in
      (Int(run.first)..<Int(run.end)).reduce(bytes) { $0 + UInt64(listing.cut.pieceLength($1)) }
    }
  }

  /// Whether everything wanted was in the target before.
  var wasThere: Bool {
    state.withLock { state in
      listing.entries.indices.allSatisfy { !wanted.contains($0) || state.places[$0] == .target }
    }
  }

  /// Why it fails, if more is known than the disk error; returned once.
  func takeFault() -> ShoalError? {
    state.withLock { state in
      defer { state.fault = nil }
      return state.fault
    }
  }

  func place(_ index: Int) -> Place { state.withLock { $0.places[index] } }

  // MARK: Pieces

  /// The pieces in which files have bytes that are in one of these places.
  func pieces(_ places: Set<Place>) -> BitSet {
    state.withLock { state in listing.pieces { places.contains(state.places[$0]) } }
  }

  // MARK: The bytes

  /// The file of an entry, wherever it is; nil if it is nowhere.
  private func file(_ index: Int) throws(SystemError) -> File? {
    try state.withLock { (state) throws(SystemError) -> File? in
      if let known = state.open[index] { return known }
      let file: File
      switch state.places[index] {
      case .absent, .unwanted: return nil
      case .candidate, .target:
        guard let directory = try state.targetTree?.directory(listing.entries[index].parent, of: listing) else {
          return nil
        }
        file = try directory.file(listing.name(index))
      case .part, .done:
        guard let directory = try state.partTree?.directory(listing.entries[index].parent, of: listing) else {
          return nil
        }
        // It is opened for writing too, because later pieces may belong to it.
        let isExecutable = listing.entries[index].kind == .executable
        file = try directory.create(listing.name(index), isExecutable: isExecutable)
      }
      state.open[index] = file
      return file
    }
  }

  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int) throws(SystemError) -> Int {
    let end = min(UInt64(offset + buffer.count), listing.cut.size)
    guard UInt64(offset) < end else { return 0 }
    for part in listing.parts(UInt64(offset)..<end) {
      var room = buffer._mutatingExtracting(part.range)
      let count = try file(part.entry)?.read(into: &room, at: part.offset) ?? 0
      guard count < room.count else { continue }
      // While looking for parts, a file may be missing; one that has been found must not be.
      guard !state.withLock({ $0.isPrepared }) else {
        throw SystemError(EIO, .read, path(part.entry, in: target))
      }
      for i in count..<room.count { room[i] = 0 }
    }
    return Int(end) - offset
  }

  func isAtHand(_ offset: Int, _ length: Int) -> Bool {
    listing.parts(UInt64(offset)..<UInt64(offset + length)).allSatisfy { part in
      (try? file(part.entry))?.isAtHand(part.offset, part.range.count) ?? false
    }
  }

  func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
    for part in listing.parts(UInt64(offset)..<UInt64(offset + bytes.count)) {
      guard let file = try room(part.entry) else { continue }
      try file.write(bytes.extracting(part.range), at: part.offset)
      written(part, file)
    }
  }

  func clear(_ range: Range<Int>) throws(SystemError) {
    for part in listing.parts(UInt64(range.lowerBound)..<UInt64(range.upperBound)) {
      guard let file = try room(part.entry) else { continue }
      let end = part.offset + part.range.count
      if try file.size() < end { try file.resize(end) }
      try file.clear(part.offset..<end)
      written(part, file)
    }
  }

  /// The file to which bytes of an entry are written; nil if they are not kept.
  private func room(_ index: Int) throws(SystemError) -> File? {
    let entry = listing.entries[index]
    return try state.withLock { (state) throws(SystemError) -> File? in
      guard state.places[index] == .absent || state.places[index] == .part else { return nil }
      if let known = state.open[index] { return known }
      guard let directory = try state.partTree?.directory(entry.parent, of: listing, making: true) else { return nil }
      let file = try directory.create(listing.name(index), isExecutable: entry.kind == .executable)
      state.places[index] = .part
      if entry.size > UInt64(listing.cut.pieceSize) { state.open[index] = file }
      return file
    }
  }

  /// A part of a file has been written. If it is the whole file, its time is set, as nothing more will be written.
  private func written(_ part: Listing.Part, _ file: File) {
    let entry = listing.entries[part.entry]
    guard part.range.count == Int(entry.size) else { return }
    file.setModified(entry.modified)
  }

  func status() throws(SystemError) -> FileStatus { FileStatus(size: Int(listing.cut.size)) }
}

extension Listing {
  /// The pieces in which an entry for which `isMeant` holds has bytes.
  func pieces(_ isMeant: (Int) -> Bool) -> BitSet {
    var set = BitSet(capacity: cut.pieces)
    for index in entries.indices where entries[index].size > 0 && isMeant(index) { set.insert(pieces(index)) }
    return set
  }
}
