import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// What peers have requested and the transport does not have yet, and the order in which the transport gets it.
///
/// If every request went to the transport at once, an uplink would be divided among a hundred connections: each piece
/// would take seconds to arrive before anybody could pass it on, and the least that each connection keeps in flight
/// would fill the uplink's queue. So only as many peers have a turn at a time as it takes to fill the uplink, each for
/// a piece or more, and the transport sends at the uplink's rate.
///
/// Of the waiting peers, the first is the one whose piece has been sent the fewest times, so that each piece goes out
/// once before any goes out twice. Among equals, and where one has fallen far behind, start-time fair queueing decides
/// (Goyal, Vin and Cheng, 1996): the peer that was given the least comes first.
struct UploadScheduler {
  private var backlogs = UploadBacklogs()
  /// By the files' keys.
  private var files: [SentPieces] = []
  /// The links that wait, and those for which the transport holds bytes.
  private var waiting: [LinkKey] = []
  private var active: [LinkKey] = []
  /// The links whose turns ended last: what they were sent is still on its way.
  private var recent: [LinkKey] = []
  /// When the queue was last judged.
  private var queueJudgedAt = Instant.zero
  /// The virtual time of the peer served last.
  private var virtualTime = 0.0
  /// When more can be handed over, if nothing else happens first.
  private(set) var deadline = Instant.distantFuture
  private var uplink = UplinkControl()
  /// Whether the host downloads something: then what it uploads must leave room for its requests and acknowledgements,
  /// even if there is only one peer.
  var isDownloading = false
  /// Whether sending keeps to the uplink's rate; otherwise only the connections' controllers limit it.
  private var isPaced = false
  /// The bytes handed over since the transport last ran dry, and those that had left by then.
  private var handedOver = 0
  /// The bytes handed over that have not left, when this was last looked at.
  private var unsent = 0
  private var drainedAt: UInt64 = 0

  var isIdle: Bool { waiting.isEmpty && active.isEmpty }

  // MARK: Requests

  /// Adds a requested range of a file with this cut.
  mutating func add(_ range: Payload, _ cut: Cut, for link: LinkKey, _ connection: ConnectionID) {
    while files.count <= Int(range.source) { files.append(SentPieces()) }
    // While only the manifest is here, the cut may be a mere claim.
    if range.isContent, files[Int(range.source)].copies.isEmpty { files[Int(range.source)] = SentPieces(cut) }
    backlogs.makeRoom(for: link)
    if !backlogs[link].isWaiting {
      waiting.append(link)
      backlogs[link].connection = connection
      // A peer that requested nothing has saved up no credit.
      if !backlogs[link].isActive {
        backlogs[link].virtualTime = max(backlogs[link].virtualTime, virtualTime)
      }
    }
    backlogs[link].append(range)
  }

  /// Limits the rate of sending, in bytes per second.
  mutating func limit(_ rate: Int?) { uplink.limit = rate.map { Double($0) } }

  /// Notes whether a peer gives us something: it is then given more than others.
  mutating func note(_ link: LinkKey, gives: Bool) {
    if backlogs.knows(link) { backlogs[link].gives = gives }
  }

  /// How many ranges of a peer wait.
  func count(_ link: LinkKey) -> Int { backlogs.knows(link) ? backlogs[link].count : 0 }

  /// Forgets a link that has ended.
  mutating func remove(_ link: LinkKey) {
    guard backlogs.knows(link) else { return }
    backlogs[link] = UploadBacklog()
    waiting.removeAll { $0 == link }
    active.removeAll { $0 == link }
    recent.removeAll { $0 == link }
  }

  /// Forgets a file that is withdrawn.
  mutating func remove(_ file: FileKey) {
    if file.index < files.count { files[file.index] = SentPieces() }
  }

  /// Drops the ranges of a file that a peer no longer wants.
  mutating func cancel(_ link: LinkKey, file: UInt16) {
    change(link) { $0.file == file ? [] : [$0] }
  }

  /// Drops these ranges of a peer's requests for content or the manifest. A request is left whole if cutting it would
  /// make more than `limit` ranges.
  mutating func cancel(_ link: LinkKey, file: UInt16, _ space: UInt8, _ cancelled: RangeSet<UInt64>, limit: Int) {
    var room = limit - count(link)
    change(link) { range in
      guard range.file == file, range.space == space else { return [range] }
      let gaps = cancelled.gaps(in: range.offset..<range.offset + UInt64(range.length))
      guard gaps.count - 1 <= room else { return [range] }
      room -= gaps.count - 1
      return gaps.map {
        var part = range
        (part.offset, part.length) = ($0.lowerBound, Int($0.upperBound - $0.lowerBound))
        return part
      }
    }
  }

  private mutating func change(_ link: LinkKey, _ parts: (Payload) -> [Payload]) {
    guard count(link) > 0 else { return }
    backlogs[link].change(parts)
    if !backlogs[link].isWaiting { waiting.removeAll { $0 == link } }
  }

  // MARK: What is sent

  /// The bytes to hand to the transport next, and for whom; nil if it has enough for now.
  mutating func next(_ endpoint: inout Endpoint, at now: Instant) -> (to: LinkKey, part: Payload)? {
    deadline = .distantFuture
    guard !isIdle else { return nil }
    let (reading, queueing, roundTrip, rate) = review(endpoint, at: now)
    guard !waiting.isEmpty else { return nil }
    let isAlone = !isDownloading && waiting.count == 1 && (active.isEmpty || active == waiting)
    uplink.note(sent: endpoint.blockBytesSent, queueing: queueing, roundTrip: roundTrip, at: now)
    isPaced = !(isAlone && uplink.limit == nil) && uplink.rate.isFinite
    endpoint.paceContent(at: isPaced ? uplink.rate : .infinity)
    guard !isPaced || endpoint.held + max(reading, handedOver) < 2 * uplink.part else {
      uplink.heldBack()
      return nil
    }
    let ahead = mostVirtualTime(at: now)
    if let link = active.first(where: { goesOn($0, ahead, endpoint, isAlone) }) { return hand(link) }
    // A connection that has just begun, or has a long round trip, does not fill the uplink alone.
    guard !isPaced || rate < uplink.need, let link = first(endpoint, ahead) else { return nil }
    backlogs[link].inTurn = 0
    return hand(link)
  }

  /// Call this when everything that may leave has left: more may have to be handed over at once.
  mutating func drained(_ endpoint: borrowing Endpoint, at now: Instant) {
    handedOver = 0
    guard !waiting.isEmpty, deadline > now, !isPaced || endpoint.held < 2 * uplink.part else { return }
    if endpoint.blockBytesSent != drainedAt { deadline = now }
    drainedAt = endpoint.blockBytesSent
  }

  /// The virtual time at which peers that give nothing must wait for one that does: otherwise it would get only as much
  /// of the uplink as they do.
  private func mostVirtualTime(at now: Instant) -> Double {
    let givers = active.filter {
      backlogs[$0].gives && backlogs[$0].isWaiting
        && now - backlogs[$0].unsentSince < UploadScheduler.stall
    }
    let least = givers.reduce(Double.infinity) { min($0, backlogs[$1].virtualTime) }
    return least + UploadScheduler.mostLead
  }

  /// Whether a peer's turn continues.
  private func goesOn(
    _ link: LinkKey, _ most: Double, _ endpoint: borrowing Endpoint, _ isAlone: Bool
  ) -> Bool {
    let backlog = backlogs[link]
    let turn = Double(UploadScheduler.turn) * backlog.weight
    return backlog.isWaiting && (isAlone || backlog.current != nil || Double(backlog.inTurn) < turn)
      && (backlog.gives || backlog.virtualTime < most)
      && takesMore(link, endpoint, isAlone ? UploadScheduler.aheadAlone : UploadScheduler.ahead)
  }

  private func takesMore(_ link: LinkKey, _ endpoint: borrowing Endpoint, _ ahead: Int) -> Bool {
    let backlog = backlogs[link]
    guard let id = backlog.connection, let sending = endpoint.sending(id) else { return false }
    return sending.unsent + backlog.reading < max(sending.window, ahead)
  }

  /// Ends the turns of those whose pieces have left. Of the others it returns how many bytes are being read, the queueing
  /// delay, the shortest round trip, and how fast those that are not stalled can send together: a peer that is
  /// gone does not keep others waiting.
  private mutating func review(
    _ endpoint: borrowing Endpoint, at now: Instant
  ) -> (reading: Int, queueing: Nanoseconds?, roundTrip: Nanoseconds?, rate: Double) {
    var (sum, total, rate, isChanged) = (0, 0, 0.0, false)
    var roundTrip = Nanoseconds?.none
    for link in active {
      let sending = backlogs[link].connection.flatMap { endpoint.sending($0) }
      let unsent = (sending?.unsent ?? 0) + backlogs[link].reading
      backlogs[link].note(unsent: unsent, at: now)
      total += unsent
      // A piece that was begun is finished first: nobody can pass on a part of one.
      if unsent == 0, backlogs[link].current == nil {
        backlogs[link].isActive = false
        isChanged = true
        recent.removeAll { $0 == link }
        recent.append(link)
        if recent.count > UploadScheduler.mostRecent { recent.removeFirst() }
        continue
      }
      sum += backlogs[link].reading
      if now - backlogs[link].unsentSince < UploadScheduler.stall { rate += sending?.rate ?? 0 }
      if let sample = sending?.roundTrip {
        roundTrip = min(roundTrip ?? .max, sample)
      }
    }
    unsent = total
    if isChanged { active.removeAll { !backlogs[$0].isActive } }
    return (sum, queueing(endpoint, at: now), roundTrip, rate)
  }

  /// How long packets wait in the uplink's queue; nil if there is nothing new to tell it by.
  private mutating func queueing(_ endpoint: borrowing Endpoint, at now: Instant) -> Nanoseconds? {
    guard now - queueJudgedAt >= UploadScheduler.judgingPause else { return nil }
    queueJudgedAt = now
    var delays: [Nanoseconds] = []
    for link in active + recent.filter({ !backlogs[$0].isActive }) {
      guard let id = backlogs[link].connection, let delay = endpoint.queueing(id, at: now) else { continue }
      delays.append(delay)
    }
    // Where the queue is at this end, all see it, except those whose every round trip included it.
    delays.sort()
    return delays.isEmpty ? nil : delays[(delays.count - 1) / 4]
  }

  /// The peer whose turn is next.
  private func first(_ endpoint: borrowing Endpoint, _ most: Double) -> LinkKey? {
    var best: (link: LinkKey, copies: Int, virtualTime: Double)?
    for link in waiting {
      let backlog = backlogs[link]
      if backlog.isActive, !takesMore(link, endpoint, UploadScheduler.ahead) { continue }
      if !backlog.gives, backlog.virtualTime >= most { continue }
      let isBehind = virtualTime - backlog.virtualTime > UploadScheduler.mostLag
      let copies = isBehind ? -1 : leastSent(backlog).copies
      if let best, (best.copies, best.virtualTime) <= (copies, backlog.virtualTime) { continue }
      best = (link, copies, backlog.virtualTime)
    }
    return best?.link
  }

  /// The one of a peer's first ranges that begins with the piece sent the fewest times.
  private func leastSent(_ backlog: UploadBacklog) -> (place: Int, range: Payload, copies: Int) {
    var best = (place: 0, range: Payload.empty, copies: Int.max)
    for (place, range) in backlog.first {
      // Without the manifest a peer can neither request nor give anything.
      let copies = range.isContent ? files[Int(range.source)].copies(at: range.offset) : 0
      if copies < best.copies { best = (place, range, copies) }
      if copies == 0 { break }
    }
    return best
  }

  /// Takes the next part of what a peer is waiting for.
  private mutating func hand(_ link: LinkKey) -> (to: LinkKey, part: Payload) {
    if backlogs[link].current == nil {
      let (place, range, _) = leastSent(backlogs[link])
      let end = range.offset + UInt64(range.length)
      backlogs[link].begin(place, until: range.isContent ? files[Int(range.source)].begin(at: range.offset) : end)
    }
    let part = backlogs[link].take(isPaced ? uplink.part : UploadScheduler.part)
    if !backlogs[link].isActive {
      backlogs[link].isActive = true
      active.append(link)
    }
    handedOver += part.length
    virtualTime = max(virtualTime, backlogs[link].virtualTime)
    backlogs[link].virtualTime += Double(part.length) / backlogs[link].weight
    if !backlogs[link].isWaiting { waiting.removeAll { $0 == link } }
    return (link, part)
  }

  /// Notes that bytes handed over are with the transport, or will never be.
  mutating func readEnded(_ bytes: Int, _ link: LinkKey) {
    if backlogs.knows(link) { backlogs[link].reading -= bytes }
  }

  /// Whether it is time to add up what has arrived at the peers.
  func isMeasurementDue(at now: Instant) -> Bool { uplink.isMeasurementDue(at: now) }

  /// Takes how many bytes have arrived at all peers together.
  mutating func measure(delivered: UInt64, at now: Instant) {
    uplink.measure(delivered: delivered, isBusy: !waiting.isEmpty || unsent > 0, at: now)
  }

  /// The bytes of a turn; it ends with a whole piece.
  private static let turn = 64 << 10
  /// The most bytes that are handed over at a time.
  private static let part = 256 << 10
  /// The bytes handed over in advance: for one of several peers, and for a lone one, whose bytes may have to come from
  /// a disk.
  private static let ahead = 64 << 10
  private static let aheadAlone = 128 << 10
  /// How far ahead of a peer that gives, in weighted bytes, one that gives nothing may get.
  private static let mostLead = Double(2 * turn)
  /// How far a peer may fall behind others because it requests pieces that have been sent more often.
  private static let mostLag = Double(4 * turn)
  private static let mostRecent = 8
  private static let judgingPause: Nanoseconds = 5 * .millisecond
  /// How long nothing of what was handed over may leave before the turn passes to others.
  private static let stall: Nanoseconds = 500 * .millisecond
}

extension Payload {
  /// Whether these are bytes of a file and not of its manifest.
  fileprivate var isContent: Bool { space == ContentSpace.content.rawValue }
}
