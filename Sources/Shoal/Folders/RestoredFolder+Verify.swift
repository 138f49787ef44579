import Glibc
import ShoalBase
import ShoalContent
import Synchronization

// Finding out what is already there.
extension RestoredFolder {
  /// Finds out how much of the folder is there; returns the pieces that need not be fetched. Fails if something differs
  /// that may not be replaced.
  func verify(
    _ manifest: Manifest, _ file: File, believed: BitSet, _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> BitSet {
    let obstacles = try examine()
    if let first = obstacles.first { throw refusal(obstacles.count, first) }
    // Pieces that consist only of files in the target.
    let others: Set<Place> = [.absent, .target, .unwanted]
    settleKnown(believed)
    let compared = try scan(manifest, file, pieces([.candidate]).subtracting(pieces(others)), progress)
    let differing = try compare(compared)
    var right = compared.union(believed)
    if let first = differing.first, !replacing {
      throw refusal(differing.count, "\(path(first, in: target)) exists and differs")
    }
    try findParts()
    let found = pieces([.target, .part]).subtracting(pieces([.absent, .unwanted])).subtracting(right)
    right.formUnion(try scan(manifest, file, found, progress))
    try compareParts(right)
    // A piece of which nothing wanted is missing need not be fetched, even if other bytes of it are not here.
    let missing = pieces([.absent, .part])
    let have = right.union(missing.complement)
    guard isWhole, have != right else { return have }
    // Each file has the hash in the listing, but together they do not have that of the content.
    throw fault(.changed, "\(target): the listing contradicts the content that it names")
  }

  private func refusal(_ count: Int, _ first: String) -> SystemError {
    let others = count > 1 ? ", and so do \(count - 1) others" : ""
    return fault(.exists, first + others, remedy: .otherDestinationOrForce)
  }

  private func fault(_ code: ShoalError.Code, _ words: String, remedy: ShoalError.Remedy? = nil) -> SystemError {
    state.withLock { $0.fault = ShoalError(code, words, remedy: remedy) }
    return SystemError(EEXIST, .create, target)
  }

  // MARK: The target

  /// Looks at what is in each entry's place; returns descriptions of what can never be replaced.
  private func examine() throws(SystemError) -> [String] {
    try state.withLock { (state) throws(SystemError) -> [String] in
      guard state.targetTree != nil else { return [] }
      var obstacles: [String] = []
      // The folders that exist; nothing in the others can.
      var there = BitSet(capacity: listing.entries.count)
      for index in wantedEntries {
        let entry = listing.entries[index]
        if let parent = entry.parent, !there.contains(parent) { continue }
        guard let directory = try state.targetTree?.directory(entry.parent, of: listing),
          let status = try directory.status(listing.name(index))
        else { continue }
        switch (entry.kind, status.kind) {
        case (.folder, .directory):
          there.insert(index)
          state.places[index] = .target
        case (.folder, _): obstacles.append("\(path(index, in: target)) exists, and is not a folder")
        case (_, .directory): obstacles.append("\(path(index, in: target)) is a folder")
        case (.link, .link):
          let isSame = directory.target(listing.name(index)) == listing.target(index)
          if isSame { state.places[index] = .target } else { differs(index, &obstacles) }
        case (.link, _): differs(index, &obstacles)
        case (_, .regular) where UInt64(max(status.size, 0)) == entry.size:
          state.places[index] = entry.size > 0 ? .candidate : .target
        default: differs(index, &obstacles)
        }
      }
      return obstacles
    }
  }

  private func differs(_ index: Int, _ obstacles: inout [String]) {
    if !replacing { obstacles.append("\(path(index, in: target)) exists and differs") }
  }

  /// Takes files in the target for right if they have not changed since they were found right.
  private func settleKnown(_ believed: BitSet) {
    for index in state.withLock({ $0.known }) where place(index) == .candidate {
      if believed.contains(listing.pieces(index)) { set(index, .target) }
    }
  }

  /// Compares the files that are in the target; returns those that differ.
  private func compare(_ right: BitSet) throws(SystemError) -> [Int] {
    var differing: [Int] = []
    for index in wantedEntries where place(index) == .candidate {
      var isRight = right.contains(listing.pieces(index))
      if !isRight { isRight = try hash(index) == listing.id(index) }
      set(index, isRight ? .target : .absent)
      if !isRight { differing.append(index) }
    }
    return differing
  }

  // MARK: The part

  /// Finds what an earlier run left of the files that are missing.
  private func findParts() throws(SystemError) {
    try state.withLock { (state) throws(SystemError) in
      var there = BitSet(capacity: listing.entries.count)
      state.open.removeAll()
      for index in listing.entries.indices {
        let entry = listing.entries[index]
        if let parent = entry.parent, !there.contains(parent) { continue }
        guard let directory = try state.partTree?.directory(entry.parent, of: listing),
          let status = try directory.status(listing.name(index))
        else { continue }
        if entry.kind == .folder, status.kind == .directory { there.insert(index) }
        guard entry.kind.isFile, state.places[index] == .absent, status.kind == .regular, entry.size > 0 else {
          continue
        }
        state.places[index] = .part
        // If the end is missing it may read as zeros, which count only once they are in the file.
        if UInt64(max(status.size, 0)) != entry.size {
          try directory.create(listing.name(index), isExecutable: false).resize(Int(entry.size))
        }
      }
    }
  }

  /// Finds the files that are complete in the part although some of their pieces, which hold bytes of other files too,
  /// are not.
  private func compareParts(_ right: BitSet) throws(SystemError) {
    for index in wantedEntries where place(index) == .part {
      var isRight = right.contains(listing.pieces(index))
      if !isRight, !isWhole { isRight = try hash(index) == listing.id(index) }
      if isRight { set(index, .done) }
    }
  }

  private func set(_ index: Int, _ place: Place) {
    state.withLock { state in
      state.places[index] = place
      state.open[index] = nil
    }
  }

  /// The hash of a file that is there; nil if it is too short.
  private func hash(_ index: Int) throws(SystemError) -> Digest? {
    let entry = listing.entries[index]
    let file = try state.withLock { (state) throws(SystemError) -> File? in
      let isInTarget = state.places[index] == .candidate
      let directory =
        isInTarget
        ? try state.targetTree?.directory(entry.parent, of: listing)
        : try state.partTree?.directory(entry.parent, of: listing)
      return try directory?.file(listing.name(index))
    }
    return try file?.hash(Int(entry.size)) { _ in }
  }

  /// The pieces among some that are right.
  func scan(
    _ manifest: Manifest, _ file: File, _ pieces: BitSet, threads: Int = .max,
    _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> BitSet {
    var right = BitSet(capacity: manifest.cut.pieces)
    guard !pieces.isEmpty else { return right }
    let isRight = try PieceScan.map(
      file, manifest.cut, count: manifest.cut.pieces, threads: threads, progress: progress
    ) {
      pieces.contains($0) ? nil : false
    } _: {
      manifest.verify($0, $1)
    }
    for (piece, isRight) in (isRight ?? []).enumerated() where isRight { right.insert(piece) }
    return right
  }
}

extension BitSet {
  /// Whether it contains a whole range.
  fileprivate func contains(_ range: Range<Int>) -> Bool { range.allSatisfy { contains($0) } }
}
