import ShoalBase
import ShoalContent

// What the host knows about a wanted file from an earlier run.
extension Swarm {
  /// Takes the manifest of a wanted file, so that it need not be fetched; `.manifest` follows, unless it is known by
  /// now. What is here can then be offered before any peer is reached.
  package mutating func recall(_ manifest: Manifest, for key: FileKey, at now: Instant) {
    guard let download = files[key]?.download, download.phase == .searching, download.id == manifest.id else { return }
    files[key]?.download?.found(manifest, &resources.outbox)
    deliver(for: key, at: now)
    wake(at: now)
  }

  /// Notes that pieces believed to be here are not; they are fetched again.
  package mutating func lost(_ pieces: BitSet, of key: FileKey, at now: Instant) {
    guard files[key]?.download?.lost(pieces) == true else { return }
    for link in links.live where links[link]?.wants(key) == true { fill(link, key, at: now) }
    wake(at: now)
  }
}

// What the host finds out about a wanted file on its own.
extension Swarm {
  /// Holds back these pieces of a wanted file, and no others, from being requested.
  package mutating func reserve(_ pieces: BitSet, of key: FileKey, at now: Instant) {
    guard files[key]?.download?.phase == .downloading else { return }
    files[key]?.download?.reserve(pieces)
    for link in links.live where links[link]?.wants(key) == true { fill(link, key, at: now) }
  }

  /// Notes pieces that were found here without being fetched. Those already requested arrive all the same.
  package mutating func found(_ pieces: BitSet, of key: FileKey, at now: Instant) {
    for run in pieces.runs() {
      for piece in Int(run.first)..<Int(run.end) {
        if let chunk = files[key]?.download?.found(piece) { announce(chunk, of: key) }
      }
    }
    if files[key]?.download != nil, files[key]?.copy?.isComplete == true { finish(key, at: now) }
    wake(at: now)
  }
}

extension Swarm {
  /// The missing chunks of a wanted file that no connected peer has.
  package func absentChunks(_ key: FileKey) -> BitSet {
    guard let download = files[key]?.download, let copy = download.copy else { return BitSet(capacity: 0) }
    var pieces = copy.have
    for source in download.sources where links[source.link]?.isOpen == true {
      if let theirs = source.pieces { pieces.formUnion(theirs) }
    }
    var chunks = BitSet(capacity: Int(copy.cut.chunks))
    for run in pieces.complement.runs() {
      chunks.insert(copy.cut.chunk(ofPiece: Int(run.first))..<copy.cut.chunk(ofPiece: Int(run.end) - 1) + 1)
    }
    return chunks
  }
}

extension Download {
  /// Counts a piece as here, unless it has been requested; returns the chunk that it completes, if any.
  mutating func found(_ piece: Int) -> Int? {
    guard phase == .downloading, missing.remove(piece) || reserved?.remove(piece) == true else { return nil }
    return copy?.add(piece)
  }

  /// Holds back these pieces, and no others, as far as they have not been requested.
  mutating func reserve(_ pieces: BitSet) {
    guard phase == .downloading else { return }
    if let reserved { missing.formUnion(reserved) }
    let kept = pieces.subtracting(missing.complement)
    missing.subtract(kept)
    reserved = kept.isEmpty ? nil : kept
    revive()
  }

  /// Removes pieces that turned out to be missing; false if there was none to remove.
  mutating func lost(_ pieces: BitSet) -> Bool {
    guard phase == .downloading, copy?.isComplete == false else { return false }
    for run in pieces.runs() {
      for piece in Int(run.first)..<Int(run.end) where copy?.remove(piece) == true { missing.insert(piece) }
    }
    revive()
    return true
  }
}
