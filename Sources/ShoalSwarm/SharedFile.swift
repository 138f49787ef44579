import ShoalWire

/// A piece whose bytes are on their way.
struct ActivePiece {
  /// A session that was asked for the piece, or for what is missing of it.
  struct Requester {
    var session: Int
    /// Bytes that it still owes.
    var outstanding: Int
  }
  var received = RangeList()
  var requesters: [Requester] = []
  /// The peers that sent bytes of it, to be blamed if it is wrong.
  var contributors: [Address: Int] = [:]
  var isVerifying = false
}

/// One file of a swarm: served, or on its way, or both.
struct SharedFile {
  enum Phase {
    /// The manifest is not known.
    case searching
    /// The host prepares a place and verifies what is there.
    case preparing
    /// Pieces are being fetched.
    case downloading
    /// All is here.
    case complete
    /// No longer served.
    case stopped
  }

  let id: Digest
  var name: String
  var phase: Phase
  /// What a ticket said of the cut.
  var expected: Cut?
  var manifest: Manifest?
  var fetch: ManifestFetch?
  /// The pieces that are here and verified.
  var have = ChunkSet(capacity: 0)
  /// The chunks that are complete.
  var chunks = ChunkSet(capacity: 0)
  /// How many pieces each chunk lacks.
  var lacking: [UInt32] = []
  var missing = PiecePool(missingFrom: ChunkSet(capacity: 0))
  var active: [Int: ActivePiece] = [:]
  var book = PeerBook()
  var progress = FileProgress()
  var lookupAt = Instant.zero

  init(id: Digest, name: String, phase: Phase) {
    self.id = id
    self.name = name
    self.phase = phase
  }

  var isWanted: Bool { phase == .searching || phase == .preparing || phase == .downloading }
  var cut: Cut { manifest?.cut ?? Cut() }

  /// Takes note of what is here when the manifest is known.
  mutating func begin(have: ChunkSet) {
    self.have = have
    missing = PiecePool(missingFrom: have)
    chunks = ChunkSet(capacity: Int(cut.chunks))
    lacking = (0..<Int(cut.chunks)).map { UInt32(cut.pieces(ofChunks: $0, $0 + 1).count) }
    for run in have.runs() {
      for piece in Int(run.first)..<Int(run.end) { _ = complete(piece) }
      progress.bytes += bytes(run)
    }
    progress.total = cut.size
    progress.totalChunks = Int(cut.chunks)
    phase = have.isComplete ? .complete : .downloading
    progress.isComplete = have.isComplete
  }

  private func bytes(_ run: ChunkRun) -> UInt64 {
    min(cut.pieceOffset(Int(run.end)), cut.size) - cut.pieceOffset(Int(run.first))
  }

  /// A piece is verified; the chunk that it completes, if it does.
  mutating func complete(_ piece: Int) -> Int? {
    let chunk = cut.chunk(ofPiece: piece)
    lacking[chunk] -= 1
    guard lacking[chunk] == 0 else { return nil }
    chunks.insert(chunk)
    progress.chunks += 1
    return chunk
  }

  /// Whether every byte of a range of the file is here and verified.
  func holds(_ range: RangeField) -> Bool {
    guard range.length > 0, range.offset <= cut.size, UInt64(range.length) <= cut.size - range.offset else {
      return false
    }
    let last = cut.piece(at: range.offset + UInt64(range.length) - 1)
    return (cut.piece(at: range.offset)...last).allSatisfy(have.contains)
  }
}
