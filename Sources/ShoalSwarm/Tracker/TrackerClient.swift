import ShoalBase
import ShoalContent
import ShoalWire

/// A peer's dealings with one tracker: keeps files registered there and asks questions, for ever if need be.
///
/// A pure state machine with Shoal's five verbs. After a command, or when `deadline` has passed, call `expire`, then
/// drain `nextTransmit` and `nextEvent`. An answer counts if its address, its transaction id and its type are right.
package struct TrackerClient: Sendable {
  /// Where the tracker is: the address at which it last answered or, before it has answered, the likeliest.
  package var tracker: Address { contact.current }
  /// Where the tracker may be, `tracker` first.
  package var addresses: [Address] { contact.addresses }
  var contact: TrackerContact
  /// What has been sent and received so far.
  package internal(set) var counters = TrackerClientCounters()
  let configuration: TrackerClientConfiguration
  /// The time before which nothing is sent.
  private var startAt: Instant
  var random: SecretGenerator
  var shares: [Digest: TrackerShare] = [:]
  private var sharesMade = 0
  /// The time before which no share has anything to report.
  var nextShare = Instant.distantFuture
  /// Questions and DEREGISTERs whose turn has not come yet.
  private var waiting: [TrackerRequest] = []
  /// The requests in flight, at most `requestsInFlight`.
  var transactions: [TrackerTransaction] = []
  var connecting: TrackerTransaction?
  var cookie: (value: UInt64, asked: Instant)?
  var observed: Address?
  /// The tracker's epoch, once it is known.
  var epoch: UInt32?
  /// Whether the tracker is of the first revision, which names no peers in its answers to REGISTER and UPDATE.
  var isSilentOnPeers = false
  /// Whether all registrations are being ended.
  private var isLeaving = false
  /// The interval that the tracker asks for.
  var interval: Nanoseconds
  /// The most tries of any request that have gone unanswered since the last answer.
  var silence = 0
  var events = Queue<TrackerClientEvent>()

  /// A client with nothing to send yet, which sends nothing before `startAt`. `random` makes the transaction ids. Each
  /// address of a tracker with several is tried in turn until it answers; `others` are the addresses after the first.
  package init(
    tracker: Address, others: [Address] = [], random: SecretGenerator,
    configuration: TrackerClientConfiguration = TrackerClientConfiguration(), startAt: Instant = .zero
  ) {
    contact = TrackerContact([tracker] + others, limit: configuration.addresses)
    self.configuration = configuration
    self.startAt = startAt
    self.random = random
    interval = configuration.interval
  }

  /// Whether there is nothing to wait for: no file is registered or being deregistered, and no question is open.
  package var isIdle: Bool { shares.isEmpty && waiting.isEmpty && transactions.isEmpty }
}

// Commands.
extension TrackerClient {
  /// Keeps a file registered from now on, with these chunks. Called again, it adds these chunks, or takes another cut
  /// or name. A name of more than `Limits.nameLength` bytes is shortened.
  package mutating func register(id: Digest, cut: Cut, name: String, have: BitSet) {
    let name = shortened(name)
    var have = BitSet(capacity: Int(cut.chunks)).union(have)
    let known = shares[id]
    if let known, known.cut == cut {
      guard known.name != name else {
        shares[id]!.have.formUnion(have)
        nextShare = min(nextShare, shares[id]!.due)
        return
      }
      have.formUnion(known.have)
    }
    drop { $0 == .register(id: id) || $0 == .update(id: id) }
    var share = TrackerShare(
      cut: cut, name: name, number: sharesMade, have: have, reported: BitSet(capacity: have.capacity))
    sharesMade += 1
    share.isKnown = known?.isKnown ?? false
    share.isBusy = isAsked(.deregister(id: id))
    shares[id] = share
    nextShare = min(nextShare, share.due)
  }

  /// Adds chunks of a registered file that are now here; the tracker learns of them within a second or so.
  package mutating func gained(_ run: ChunkRun, of id: Digest) {
    guard shares[id]?.have.insert(run) ?? 0 > 0 else { return }
    nextShare = min(nextShare, shares[id]!.due)
  }

  /// Ends the registration of a file.
  package mutating func deregister(id: Digest) {
    guard let share = shares.removeValue(forKey: id) else { return }
    drop { $0 == .register(id: id) || $0 == .update(id: id) }
    if share.isKnown { ask(.deregister(id: id)) }
    if shares.isEmpty { nextShare = .distantFuture }
  }

  /// Ends all registrations and drops all questions; once `isIdle`, the tracker has confirmed that.
  package mutating func deregisterAll() {
    isLeaving = true
    drop { if case .deregister = $0 { false } else { true } }
    for (id, _) in shares.sorted(by: { $0.value.number < $1.value.number }) { deregister(id: id) }
  }

  /// Asks which files have this name.
  package mutating func find(name: String) { ask(.find(name: shortened(name))) }

  /// Asks which peers have a file, or a chunk of it by their own cut. The answer lists at most `most` peers, and says
  /// how many there are.
  package mutating func lookup(id: Digest, chunk: UInt32 = LookupPacket.anyChunk, most: UInt8 = .max) {
    ask(.lookup(id: id, chunk: chunk, most: most))
  }

  /// Asks for peers of a file: with a REGISTER or UPDATE, so that the tracker knows what is useful to us, or else by
  /// LOOKUP. Called again, it asks for the next page.
  package mutating func seek(id: Digest) {
    guard !isSilentOnPeers, let share = shares[id], share.isRegistered || share.isBusy || share.registerAt == .zero
    else {
      return lookup(id: id)
    }
    shares[id]?.isSeeking = true
    nextShare = min(nextShare, shares[id]?.due ?? .distantFuture)
  }

  /// Whether the tracker names peers in its answers to REGISTER and UPDATE, as far as is known.
  package var namesPeers: Bool { !isSilentOnPeers }

  /// Asks which of the file's chunks a peer has; `chunks` is their number, by that peer's cut.
  package mutating func map(id: Digest, address: Address, chunks: Int) {
    ask(.map(id: id, address: address, chunks: min(max(0, chunks), Limits.chunks)))
  }

  /// Asks for a page of the listed files: `after` is 0 for the first, otherwise the `next` of the page before.
  package mutating func list(after: UInt64) { ask(.list(after: after)) }

  private mutating func ask(_ request: TrackerRequest) {
    if !isAsked(request) { waiting.append(request) }
  }

  /// The questions whose turn has not come yet.
  var waitingQuestions: [TrackerRequest] { waiting.filter(\.isQuestion) }

  /// Sends nothing before this time.
  mutating func rest(until time: Instant) { startAt = time }

  func isAsked(_ request: TrackerRequest) -> Bool {
    waiting.contains(request) || transactions.contains { $0.request == request }
  }

  mutating func drop(_ isUnwanted: (TrackerRequest) -> Bool) {
    waiting.removeAll(where: isUnwanted)
    transactions.removeAll { $0.request.map(isUnwanted) ?? false }
  }

  private func shortened(_ name: String) -> String {
    var name = String(name.prefix(Limits.nameLength))
    while name.utf8.count > Limits.nameLength { name.removeLast() }
    return name
  }
}

// The five verbs; `receive` is in TrackerClient+Answers.swift.
extension TrackerClient {
  /// Notices which tries have gone unanswered; they go out again with the next `nextTransmit`.
  package mutating func expire(at now: Instant) {
    if let retry = connecting?.retry, retry <= now, !contact.isRoundOver {
      connecting?.retry = nil
    } else {
      connecting = connecting.map { overdue($0, at: now) }
    }
    for index in transactions.indices { transactions[index] = overdue(transactions[index], at: now) }
    if silence >= configuration.triesBeforeOthers && contact.addresses.count > 1 { cookie = nil }
  }

  /// The next datagram to send, still to be sealed; nil if there is none before `deadline`.
  package mutating func nextTransmit(at now: Instant) -> (to: Address, bytes: [UInt8])? {
    guard now >= startAt else { return nil }
    begin(at: now)
    guard let index = transactions.firstIndex(where: { $0.retry == nil }) else { return nil }
    if let cookie, now - cookie.asked < configuration.cookieAge {
      transactions[index] = tried(transactions[index], at: now)
      return datagram(transactions[index], to: tracker)
    }
    let transaction = connecting ?? TrackerTransaction(id: random.next(), request: nil)
    guard transaction.retry == nil else { return nil }
    return connect(transaction, at: now)
  }

  /// When there is next something to do; `Instant.zero` means at once.
  package var deadline: Instant { max(due, startAt) }

  private var due: Instant {
    var deadline = connecting?.retry ?? .distantFuture
    for transaction in transactions {
      deadline = min(deadline, transaction.retry ?? connecting?.retry ?? .zero)
    }
    guard transactions.count < configuration.requestsInFlight else { return deadline }
    return min(deadline, waiting.isEmpty ? nextShare : .zero)
  }

  /// The next event.
  package mutating func nextEvent() -> TrackerClientEvent? { events.popFirst() }

  /// Begins requests while there is room: first those that are waiting, then those for files with something to report.
  private mutating func begin(at now: Instant) {
    while transactions.count < configuration.requestsInFlight {
      if !waiting.isEmpty {
        start(waiting.removeFirst())
      } else if nextShare <= now {
        let due = shares.min { ($0.value.due, $0.value.number) < ($1.value.due, $1.value.number) }
        nextShare = due?.value.due ?? .distantFuture
        guard let (id, share) = due, share.due <= now else { return }
        start(share.request(id, at: now))
      } else {
        return
      }
    }
  }

  /// The transaction, ready for another try if the latest has gone unanswered for too long.
  private mutating func overdue(_ transaction: TrackerTransaction, at now: Instant) -> TrackerTransaction {
    guard let retry = transaction.retry, retry <= now else { return transaction }
    var transaction = transaction
    transaction.retry = nil
    if transaction.tries > silence {
      silence = transaction.tries
      events.append(.silent(tries: silence, next: wait(after: silence + 1)))
    }
    return transaction
  }

  /// How long to wait for an answer to this try; the first is number 1.
  func wait(after tries: Int) -> Nanoseconds {
    // A peer that is leaving does not wait long: a lost farewell is repeated while there is time.
    if isLeaving { return configuration.farewellRetry }
    let factor: Nanoseconds = 1 << min(max(0, tries - 1), 30)
    return min(configuration.firstRetry &* factor, configuration.lastRetry)
  }

  /// The time span minus up to a tenth at random, so that peers that began together drift apart.
  mutating func jittered(_ span: Nanoseconds) -> Nanoseconds {
    span - Nanoseconds(Double(span) * Double.random(in: 0...0.1, using: &random))
  }
}
