import ShoalBase
import ShoalWire

/// The places that users and tickets name, and when each is to be resolved or resolved again. It is a pure state
/// machine: its user has the threads that wait for name servers.
struct NameBook {
  /// What is expected at a place.
  enum Use: Hashable {
    case tracker
    /// A peer that may have the file with this index.
    case peer(Int)
  }

  /// A place, and what is known of it.
  struct Entry {
    let place: Resolver.HostPort
    let use: Use
    /// Its addresses, by the latest answer and the one before: a name whose servers return a few of many addresses in
    /// turn must not be mistaken for one that has moved.
    var addresses: [Address] { latest + before.filter { !latest.contains($0) } }
    fileprivate var latest: [Address] = []
    fileprivate var before: [Address] = []
    /// Why it could not be resolved the last time.
    fileprivate(set) var failure: ResolverError?
    /// The number of failures since it was last resolved.
    fileprivate var failures = 0
    fileprivate var isBeingResolved = false
    fileprivate var askedAt: Instant?
    fileprivate var dueAt: Instant?

    /// Whether resolving it has succeeded or failed at least once.
    var isTried: Bool { failure != nil || !latest.isEmpty }
    /// Whether it was never resolved, and trying again cannot help.
    var isHopeless: Bool { latest.isEmpty && failure?.isLasting ?? false }
  }

  /// How many names are resolved at a time: each takes a thread, which a name server may block for long.
  static let atOnce = 4
  /// The most names in the book; a ticket may hold many, and each costs a query to a name server.
  static let most = 64

  /// How often names are resolved.
  struct Pace: Sendable {
    /// The least time before a name is resolved again, whatever happens.
    var leastPause: Nanoseconds = 10 * .second
    /// How often a tracker's name is resolved: as often as files are registered with it.
    var interval: Nanoseconds = 60 * .second
    /// The wait after a failure; it doubles with each, up to `longestRetry`.
    var firstRetry: Nanoseconds = 5 * .second
    var longestRetry: Nanoseconds = 300 * .second
  }
  private let pace: Pace

  private(set) var entries: [Int: Entry] = [:]
  private var made = 0
  private var running = 0

  init(_ pace: Pace = Pace()) { self.pace = pace }

  /// Notes a place that is to be resolved now; nil if it is already known, or if there are too many.
  mutating func add(_ place: Resolver.HostPort, for use: Use, at now: Instant) -> Int? {
    let isKnown = entries.values.contains { $0.place == place && $0.use == use }
    guard !isKnown, entries.count < Self.most else { return nil }
    defer { made += 1 }
    entries[made] = Entry(place: place, use: use)
    entries[made]!.dueAt = now
    return made
  }

  /// Removes the places of a file that is no longer wanted.
  mutating func remove(_ use: Use) { entries = entries.filter { $0.value.use != use } }

  /// The next place to resolve now; `resolved` must follow.
  mutating func next(at now: Instant) -> (Int, Resolver.HostPort)? {
    guard running < Self.atOnce else { return nil }
    let due = entries.filter { !$0.value.isBeingResolved && $0.value.dueAt ?? .distantFuture <= now }
    guard let (number, entry) = due.min(by: { $0.key < $1.key }) else { return nil }
    running += 1
    entries[number]!.isBeingResolved = true
    entries[number]!.askedAt = now
    return (number, entry.place)
  }

  /// Takes the result of resolving a place; returns the entry, or nil if it has been removed meanwhile.
  mutating func resolved(_ number: Int, _ result: Result<[Address], ResolverError>, at now: Instant) -> Entry? {
    running -= 1
    guard var entry = entries[number] else { return nil }
    entry.isBeingResolved = false
    switch result {
    case .success(let addresses):
      (entry.before, entry.latest) = (entry.latest, addresses)
      (entry.failure, entry.failures) = (nil, 0)
      // A peer's name is looked up again when the peer does not answer.
      entry.dueAt = entry.use == .tracker ? now + pace.interval : nil
    case .failure(let error):
      entry.failure = error
      entry.dueAt = now + wait(after: entry.failures)
      entry.failures += 1
    }
    entries[number] = entry
    return entry
  }

  private func wait(after failures: Int) -> Nanoseconds {
    min(pace.firstRetry << Nanoseconds(min(failures, 10)), pace.longestRetry)
  }

  /// The time until a place that could not be resolved is tried again.
  func pause(_ number: Int, at now: Instant) -> Nanoseconds {
    max((entries[number]?.dueAt ?? now) - now, 0)
  }

  /// Notes that nothing answers at a place: its name may resolve to another address by now.
  mutating func doubt(_ number: Int, at now: Instant) {
    guard let entry = entries[number], entry.failure == nil, !entry.isBeingResolved else { return }
    let soon = max(now, entry.askedAt.map { $0 + pace.leastPause } ?? now)
    entries[number]!.dueAt = min(entry.dueAt ?? soon, soon)
  }

  /// Notes that an address does not answer: the names that led to it may resolve to another one by now.
  mutating func doubt(_ address: Address, at now: Instant) {
    for (number, entry) in entries where entry.latest.contains(address) { doubt(number, at: now) }
  }

  /// When `next` will have something.
  var deadline: Instant {
    guard running < Self.atOnce else { return .distantFuture }
    return entries.values.reduce(.distantFuture) { deadline, entry in
      entry.isBeingResolved ? deadline : min(deadline, entry.dueAt ?? .distantFuture)
    }
  }
}

extension ResolverError {
  /// Whether trying again cannot help, because the text itself is wrong.
  var isLasting: Bool {
    switch self {
    case .noAnswer, .failed: false
    default: true
    }
  }
}
