import ShoalBase
import ShoalContent
import ShoalWire

/// A peer from which a file is downloaded: what it has, what it owes, and how fast it sends.
struct Source {
  let link: LinkKey
  let address: Address
  /// The link's serial number: sources are looked at in the order in which their links were made.
  let serial: Int
  /// The file's number on this link.
  let number: UInt16
  /// When the WANT was sent.
  let since: Instant
  /// The cut in its OFFER; nil until that has arrived.
  var cut: Cut?
  /// When its OFFER arrived.
  var offeredAt: Instant?
  /// The chunks that it announced before its cut or ours was known.
  var early: [ChunkRun] = []
  /// Whether it announced more than was kept: it has to announce again when the cut is known.
  var isEarlyFull = false
  /// The chunks that it has, if its cut differs from ours.
  var foreign: BitSet?
  /// The pieces that it has by our cut; nil while they are not known, or if nothing can be requested from it.
  var pieces: BitSet?
  /// The missing bytes of the pieces requested from it, and the number of these pieces.
  var outstanding = 0
  var requested = 0
  /// How much is kept requested: what it sends in a few round trips, so that it never has to wait.
  var budget: Int
  /// Whether it has nothing that may be requested now, so that there is no need to look again until something changes.
  var isExhausted = false
  /// Whether another address of its host has lied: one piece at a time is requested from it until one of them is right.
  var isOnProbation = false
  /// All new bytes that came from it, and the `bytes` of the last PROGRESS sent to it.
  private(set) var accepted: UInt64 = 0
  var reportedProgress: UInt64?
  /// Bytes that came since the rate was last measured.
  private var sinceMeasured = 0
  /// Whether bytes were ever requested from it, and whether any ever arrived.
  var wasAsked = false
  private(set) var hasSent = false
  /// The highest recent rate, in bytes per second.
  private(set) var rate = 0.0
  /// The rate over the last second or so.
  private(set) var throughput = 0.0
  /// The rate over the last quarter of a minute or so: a peer that is asked by many may not give each of them a turn
  /// sooner.
  private(set) var steadyRate = 0.0
  /// When it last sent new bytes.
  private(set) var sentAt: Instant?
  /// When it last sent new bytes, or got a request while it owed nothing.
  var progressAt: Instant?
  /// When what it owes was last requested again.
  var askedAgainAt: Instant?
  /// The time until which nothing is requested from it, because it owed bytes and sent none for too long.
  private(set) var snubbedUntil: Instant?
  /// Whether it was snubbed for being slow, not for refusing.
  private var wasSlow = false
  /// How many times in a row it refused a request.
  private var refusals = 0
  /// The pieces that it announced but then refused as not here, and when they are requested again.
  private var denied: [Int] = []
  private var deniedUntil: Instant?
  private var denials = 0
  /// Whether `pieces` has only what it announced.
  private var isSure = true
  /// How often it failed to send the manifest, or to confirm the size that it claims, and when it is tried again.
  private(set) var failures = 0
  private(set) var retryAt: Instant?

  init(link: LinkKey, address: Address, serial: Int, number: UInt16, budget: Int, since: Instant = .zero) {
    self.link = link
    self.address = address
    self.serial = serial
    self.number = number
    self.budget = budget
    self.since = since
  }

  /// When it last gave something, or else when the WANT was sent.
  var heardAt: Instant { hasSent ? max(progressAt ?? since, since) : since }

  /// Whether it has recently sent enough to be worth its place.
  func gave(within span: Nanoseconds, at now: Instant) -> Bool {
    guard hasSent, throughput >= SwarmConstants.leastThroughput, let progressAt else { return false }
    return now - progressAt < span
  }

  /// Whether it gives something each time its turn comes.
  func givesInTurns(at now: Instant) -> Bool {
    steadyRate >= SwarmConstants.leastThroughput && sentAt.map { now - $0 < SwarmConstants.queuePatience } == true
  }

  /// Whether it has said nothing of the file for so long that others are tried.
  func isMute(at now: Instant) -> Bool { offeredAt == nil && now - since >= SwarmConstants.offerPatience }

  /// Whether it has sent nothing of what it was asked for, for as long.
  func onlyPromises(at now: Instant) -> Bool {
    guard !hasSent, outstanding > 0 || snubbedUntil != nil, let progressAt else { return false }
    return now - progressAt >= SwarmConstants.offerPatience
  }

  var wantsMore: Bool {
    outstanding < budget && !isExhausted && snubbedUntil == nil
      && requested < (isOnProbation ? 1 : SwarmConstants.requestedPieces)
  }

  /// Whether it has given anything, an OFFER included.
  var isUseful: Bool { cut != nil || hasSent }

  // MARK: What it has

  /// Whether it has announced anything.
  var hasPieces: Bool { pieces.map { !$0.isEmpty } ?? !early.isEmpty }

  /// The pieces that it announced, and so need not be told of; nil if that is not known.
  var announced: BitSet? { isSure ? pieces : nil }

  /// Notes that it has these chunks; its cut is ours.
  mutating func has(_ runs: [ChunkRun], of cut: Cut) {
    for run in runs where run.first < cut.chunks {
      let range = cut.pieces(ofChunks: Int(run.first), Int(min(run.end, cut.chunks)))
      if pieces?.insert(range) ?? 0 > 0 { isExhausted = false }
    }
  }

  /// Computes which pieces it has from what it announced, once our cut is known and its OFFER has arrived.
  mutating func learn(_ ours: Cut) {
    guard let cut else { return }
    let announced = early
    early = []
    isExhausted = false
    if cut == ours {
      let hasAll = announced.count == 1 && announced[0] == ChunkRun(first: 0, count: ours.chunks)
      pieces = hasAll ? .full(capacity: ours.pieces) : BitSet(capacity: ours.pieces)
      if !hasAll { has(announced, of: ours) }
    } else {
      foreign = BitSet(capacity: Int(cut.chunks))
      pieces = BitSet(capacity: ours.pieces)
      hasForeign(announced, ours: ours)
    }
  }

  /// Notes that it has these chunks of its own, different cut. Requests are for bytes, so every piece of ours that lies
  /// in them can be requested.
  mutating func hasForeign(_ runs: [ChunkRun], ours: Cut) {
    guard let cut else { return }
    for run in runs where run.first < cut.chunks {
      let chunks = Int(run.first)..<Int(min(run.end, cut.chunks))
      guard foreign?.insert(chunks) ?? 0 > 0 else { continue }
      let theirs = cut.pieces(ofChunks: chunks.lowerBound, chunks.upperBound)
      let start = cut.pieceOffset(theirs.lowerBound)
      let end = min(cut.pieceOffset(theirs.upperBound), cut.size)
      let (first, last) = (ours.piece(at: start), ours.piece(at: end - 1))
      // The inner pieces lie in these chunks alone; those at the ends may extend into others.
      if pieces?.insert(first + 1..<max(last, first + 1)) ?? 0 > 0 { isExhausted = false }
      for piece in [first, last] where covers(piece, of: ours, cut) {
        if pieces?.insert(piece) == true { isExhausted = false }
      }
    }
    if foreign?.isComplete == true { foreign = nil }
  }

  /// Whether a piece of ours lies in the chunks that it has of its own cut.
  private func covers(_ piece: Int, of ours: Cut, _ cut: Cut) -> Bool {
    let start = ours.pieceOffset(piece)
    let last = start + UInt64(ours.pieceLength(piece)) - 1
    return foreign?.contains(cut.chunk(ofPiece: cut.piece(at: start))...cut.chunk(ofPiece: cut.piece(at: last))) == true
  }

  /// Forgets which pieces the peer has, because the cut was wrong.
  mutating func forgetPieces() {
    if let foreign {
      early = foreign.runs()
    } else if let pieces {
      early = pieces.isEmpty ? [] : [ChunkRun(first: 0, count: 1)]
    }
    (pieces, foreign, outstanding, requested) = (nil, nil, 0, 0)
  }

  // MARK: What it sends

  /// Notes a request for a piece of which this many bytes are missing.
  mutating func owes(_ bytes: Int, at now: Instant) {
    if outstanding == 0 { progressAt = now }
    outstanding += bytes
    requested += 1
    wasAsked = true
  }

  /// Notes that it has sent new bytes.
  mutating func sent(_ bytes: Int, at now: Instant) {
    (progressAt, sentAt) = (now, now)
    hasSent = true
    refusals = 0
    sinceMeasured += bytes
    accepted += UInt64(bytes)
    outstanding -= bytes
  }

  /// Notes that it is sending again.
  mutating func endSnub(at now: Instant) {
    guard snubbedUntil != nil else { return }
    (snubbedUntil, isExhausted, progressAt) = (nil, false, now)
  }

  /// The seconds that it will take to send this much, judged by the last second; at least as long as it has been
  /// silent.
  func wait(_ bytes: Int, at now: Instant) -> Double {
    let silence = progressAt.map { Double(now - $0) / 1e9 } ?? 0
    // What was requested only just now may be on its way.
    guard silence > 0.1 || hasSent else { return 0 }
    return max(Double(bytes) / max(throughput, 1), silence)
  }

  /// The seconds that it might take to send this much if it were requested now. One that owes nothing gets the benefit
  /// of the doubt: it may be as fast as the fastest, at `best` bytes per second.
  func promise(_ bytes: Int, best: Double) -> Double {
    Double(outstanding + bytes) / (hasSent && throughput > 0 ? throughput : max(best, 100_000))
  }

  /// Whether it would send this much, requested now, as soon as another sends what it owes. One that has sent nothing
  /// yet gets the benefit of the doubt.
  func isAsQuick(as other: Source, for bytes: Int) -> Bool {
    guard hasSent else { return true }
    return Double(outstanding + bytes) * other.throughput <= Double(other.outstanding) * throughput
  }

  /// Whether it owes bytes and has sent none for too long.
  func isStalled(at now: Instant) -> Bool {
    guard outstanding > 0, let progressAt else { return false }
    return now - progressAt > SwarmConstants.patience
  }

  /// Whether it is neither snubbed nor stalled, and so is expected to answer.
  func isServing(at now: Instant) -> Bool { snubbedUntil == nil && !isStalled(at: now) }

  /// Whether it is serving, and owes something or has something to request.
  func isGiving(at now: Instant) -> Bool {
    isServing(at: now) && pieces?.isEmpty == false && (outstanding > 0 || !isExhausted)
  }

  /// Leaves it alone for a while, because what it owes has been requested from others.
  mutating func snub(budget: Int, at now: Instant) {
    (snubbedUntil, wasSlow) = (now + SwarmConstants.snub, true)
    (rate, throughput) = (0, 0)
    self.budget = budget
  }

  /// Ends a snub for slowness, because there is nobody else to ask.
  mutating func forgiveSlowness(at now: Instant) {
    if wasSlow { endSnub(at: now) }
  }

  /// Measures how fast it sends, and how much is to be kept requested from it.
  mutating func measure(_ path: SourcePath, isShared: Bool, least: Int, most: Int, at now: Instant) {
    let measured = Double(sinceMeasured) * 1e9 / Double(path.elapsed)
    let isIdle = sinceMeasured == 0 && outstanding == 0
    sinceMeasured = 0
    // A growing rate will have grown further by the time these requests are answered.
    let growth = rate * 1.25 < measured ? 2.0 : 1
    // The rate decays slowly, so that a momentary pause does not starve the peer of requests; and not at all while
    // nothing is requested, which says nothing about its speed.
    steadyRate += (measured - steadyRate) * min(Double(path.elapsed) / Double(SwarmConstants.steadyTime), 1)
    if !isIdle {
      rate = max(measured, rate * 0.95)
      throughput += (measured - throughput) * min(Double(path.elapsed) / Double(SwarmConstants.throughputTime), 1)
    }
    // Twice what a round trip holds, as the rate may double in the next one; half of the buffer is left to others.
    // Where there are several sources, each sends in turns, and the rate within a turn says little about the next.
    let rate = isShared ? throughput : rate
    let flight = Int(growth * rate * Double(2 * path.roundTrip + SwarmConstants.tick) / 1e9)
    let held = Int(growth * rate * Double(2 * path.leastRoundTrip) / 1e9) + path.queue
    budget = max(least, min(flight, held, most))
    if let end = snubbedUntil, end <= now { (snubbedUntil, isExhausted) = (nil, false) }
    endDenials(at: now)
  }

  // MARK: What it refuses

  /// Requests nothing more from it for a while, longer each time, because it refused bytes.
  mutating func wasRefused(at now: Instant) {
    guard snubbedUntil == nil else { return }
    wasSlow = false
    snubbedUntil = now + SwarmConstants.refusalPause(after: refusals)
    refusals += 1
  }

  /// Lets it be asked, once and then ever more rarely, for pieces that it has not announced but may have, since only
  /// whole chunks are announced.
  mutating func mayHave(_ guesses: BitSet, at now: Instant) {
    guard deniedUntil == nil, let pieces else { return }
    let new = guesses.subtracting(pieces)
    guard !new.isEmpty else { return }
    isSure = false
    for run in new.runs() { denied += Int(run.first)..<Int(run.end) }
    denied.removeLast(max(denied.count - SwarmConstants.requestedPieces, 0))
    deniedUntil = now
  }

  /// Notes that it does not have a piece that it announced. If no other peer has it either, it is eventually requested
  /// again.
  mutating func denies(_ piece: Int, at now: Instant) {
    pieces?.remove(piece)
    denied.append(piece)
    isSure = false
    guard deniedUntil == nil else { return }
    deniedUntil = now + SwarmConstants.denialPause(after: denials)
    denials += 1
  }

  /// Allows the pieces that it denied to be requested from it again.
  private mutating func endDenials(at now: Instant) {
    guard let end = deniedUntil, end <= now else { return }
    for piece in denied { pieces?.insert(piece) }
    (denied, deniedUntil, isExhausted) = ([], nil, false)
  }

  /// Notes that it failed to send the manifest, or to confirm its claim.
  mutating func failed(at now: Instant) {
    retryAt = now + SwarmConstants.refusalPause(after: failures)
    failures += 1
  }
}

/// Measurements of the path to a source.
struct SourcePath {
  /// The time since it was last measured.
  var elapsed: Nanoseconds
  var roundTrip: Nanoseconds
  var leastRoundTrip: Nanoseconds
  /// The bytes that this source may fill of the local socket buffer.
  var queue: Int
}
