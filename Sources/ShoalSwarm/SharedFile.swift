import ShoalBase
import ShoalContent
import ShoalWire

/// The fragments in which a piece or a manifest may come: twice what blocks of 1 KiB make of a piece of 4 MiB when every
/// other is lost. Only a peer that means harm sends so little at a time and leaves so much out.
let mostFragments = 4_096

/// A piece whose bytes are on their way.
struct ActivePiece {
  /// Bytes of it that one peer sent.
  struct Contribution {
    let address: Address
    var bytes: Int
  }
  var received = RangeSet<Int>(limit: mostFragments)
  /// The sessions that were asked for what is missing: one, or near the end two; none if they are gone.
  var requesters: [Int] = []
  /// The peers that sent bytes of it, to be blamed if it is wrong.
  var contributions: [Contribution] = []
  var isVerifying = false
  /// It was wrong once, from several peers: now it must come from one.
  let isSuspect: Bool

  /// Takes bytes from a session that was asked for them: how many are new and how many there are now, and who else
  /// was asked for them.
  mutating func accept(
    _ range: Range<Int>, from session: Int, _ address: Address
  ) -> (new: Int, total: Int, other: Int?) {
    guard !isVerifying, requesters.contains(session) else { return (0, 0, nil) }
    guard let new = received.insert(range), new > 0 else { return (0, 0, nil) }
    if let i = contributions.firstIndex(where: { $0.address == address }) {
      contributions[i].bytes += new
    } else {
      contributions.append(Contribution(address: address, bytes: new))
    }
    return (new, received.count, requesters.count > 1 ? requesters.first { $0 != session } : nil)
  }
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
  /// Whether others may have of it what is here; not if nothing is kept.
  var isServed = true
  /// What a ticket said of the cut.
  var expected: Cut?
  private(set) var manifest: Manifest?
  /// The manifest's, apart from it because each block needs it.
  private(set) var cut = Cut()
  var fetch: ManifestFetch?
  /// When a size was last believed that is only claimed.
  var believedAt: Instant?
  /// The pieces that are here and verified.
  var have = BitSet(capacity: 0)
  /// The chunks that are complete.
  private(set) var chunks = BitSet(capacity: 0)
  /// How many pieces each chunk lacks.
  private var lacking: [UInt32] = []
  /// The pieces that nobody has been asked for.
  var missing = BitSet(capacity: 0)
  var active: [Int: ActivePiece] = [:]
  /// Active pieces that nobody is asked for any more, the oldest first.
  var orphans: [Int] = []
  /// Pieces that were wrong, their bytes being from several peers.
  var suspects: Set<Int> = []
  var book = PeerBook()
  var progress = FileProgress()
  /// When trackers are asked next, and how often they were.
  var lookupAt = Instant.zero
  var lookups = 0

  init(id: Digest, name: String, phase: Phase) {
    self.id = id
    self.name = name
    self.phase = phase
  }

  var isWanted: Bool { phase == .searching || phase == .preparing || phase == .downloading }
  /// Whether the cut is beyond doubt: that of a file of one piece is not before the piece is verified.
  var isProven: Bool { manifest != nil && (cut.pieces > 1 || phase == .complete) }
  /// Whether trackers and peers are told of it.
  var isOffered: Bool { isServed && isProven }

  mutating func set(_ manifest: Manifest?) {
    self.manifest = manifest
    cut = manifest?.cut ?? Cut()
  }

  /// Takes note of what is here when the manifest is known.
  mutating func begin(have: BitSet) {
    self.have = have
    missing = have.complement
    chunks = BitSet(capacity: Int(cut.chunks))
    lacking = (0..<Int(cut.chunks)).map { UInt32(cut.pieces(ofChunks: $0, $0 + 1).count) }
    progress.bytes = 0
    progress.chunks = 0
    for run in have.runs() {
      for piece in Int(run.first)..<Int(run.end) { _ = complete(piece) }
      progress.bytes += bytes(run)
    }
    progress.total = cut.size
    progress.totalChunks = Int(cut.chunks)
    phase = have.isComplete ? .complete : .downloading
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

  /// Drops what only a download needs.
  mutating func forgetDownload() {
    fetch = nil
    lacking = []
    missing = BitSet(capacity: 0)
    active = [:]
    orphans = []
    suspects = []
    book = PeerBook()
  }

  /// Drops all but the id.
  mutating func forgetAll() {
    forgetDownload()
    set(nil)
    have = BitSet(capacity: 0)
    chunks = BitSet(capacity: 0)
  }

  /// Whether every byte of a range of the file is here and verified.
  func holds(_ range: RangeField) -> Bool {
    // Before that it is not known what is here.
    guard phase == .downloading || phase == .complete else { return false }
    guard range.length > 0, range.offset <= cut.size, UInt64(range.length) <= cut.size - range.offset else {
      return false
    }
    guard !have.isComplete else { return true }
    // A range may be gigabytes: it is not looked at piece by piece.
    let last = cut.piece(at: range.offset + UInt64(range.length) - 1)
    return have.contains(cut.piece(at: range.offset)...last)
  }
}
