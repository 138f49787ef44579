import ShoalBase
import ShoalTracker
import Synchronization

/// The file in which a tracker keeps its registrations: a snapshot, followed by all changes since. When the changes
/// have outgrown the snapshot, a new one is made, a little at a time, in a file beside it, which then takes its place.
///
/// The workers hand their changes over, and threads of the pool write them, so that no request waits for the disk. Only
/// a new snapshot is synced. Whatever was written survives the end of the process; what a power failure loses, peers
/// register again.
final class TrackerStateFile: Sendable {
  /// The tracker's epoch and secret; nil if there is no state to continue from.
  let known: StateHeader?
  let path: String
  /// How many workers keep their registrations here.
  let workers: Int
  /// The seconds for which the end waits for a disk.
  private let patience: Int
  private let queue = Mutex(StateQueue())
  private let disk: Mutex<StateDisk>
  private let listener = Mutex<(listener: (@Sendable (TrackerEvent) -> Void)?, early: [TrackerEvent])>((nil, []))
  private let nodes = Mutex<[Node<TrackerLoop>]>([])

  /// The bytes read at a time.
  private static let pieceSize = 4 << 20
  /// The most bytes that wait to be written. With more, the file is given up, and begun again when the disk is back.
  private static let mostWaiting = 64 << 20
  /// The most that wait while a snapshot is made.
  private static let enoughWaiting = 4 << 20

  /// Opens the file, if there is one. One that is no tracker's state stays as it is, and is an error.
  init(_ path: String, _ workers: Int, patience: Int = 5) throws(ShoalError) {
    (self.path, self.workers, self.patience) = (path, workers, patience)
    var content = StateDisk(path: path)
    var header: StateHeader?
    var damage: String?, unwritable: SystemError?
    if let file = try Self.open(path, &unwritable), let size = try? file.size(), size > 0 {
      var bytes = [UInt8](repeating: 0, count: 64)
      var room = bytes.mutableSpan
      let count = (try? file.read(into: &room, at: 0)) ?? 0
      let beginning = bytes.span.extracting(..<count)
      if let (read, length) = StateHeader.read(beginning) {
        header = read
        (content.file, content.size, content.end) = (file, length, size)
      } else if StateHeader.isLikely(beginning) {
        damage = "its beginning is damaged"
      } else {
        throw ShoalError(.file, "\(path): this is not the state of a tracker", option: .state, remedy: .otherState)
      }
    }
    known = header
    disk = Mutex(content)
    if let damage { setAside(damage) }
    if let unwritable { queue.withLock { $0.orders.append(.failed(unwritable)) } }
  }

  /// The file, if there is one; if it can only be read, `reason` is why.
  private static func open(_ path: String, _ reason: inout SystemError?) throws(ShoalError) -> File? {
    do throws(SystemError) { return try File.regular(path, writing: true) } catch {
      if error.isMissing { return nil }
      reason = error
      do throws(SystemError) { return try File.regular(path) } catch {
        throw ShoalError(.file, "\(error)\(error.remedy)", option: .state)
      }
    }
  }

  /// Restores what a worker has, on its thread.
  func restore(_ tracker: inout Registrar, at now: Instant) {
    let (file, from, end) = disk.withLock { ($0.file, $0.size, $0.end) }
    var (position, failure) = (from, SystemError?.none)
    if let file {
      tracker.expectRecords(end - from)
      var bytes = [UInt8](repeating: 0, count: min(Self.pieceSize, end - from + 1))
      while position < end {
        var room = bytes.mutableSpan
        var count = 0
        do throws(SystemError) { count = try file.read(into: &room, at: position) } catch { failure = error }
        let whole = tracker.restore(bytes.span.extracting(..<min(count, end - position)), at: now)
        if whole == 0 { break }
        position += whole
      }
      // What a process that was killed was writing is no damage. If registrations are lost, their peers learn it by the
      // new epoch.
      if end - position > Self.mostTorn || failure != nil { tracker.beginEpoch() }
    }
    let isLast = disk.withLock { disk in
      disk.header = tracker.stateHeader
      disk.restored.files += tracker.fileCount
      disk.restored.registrations += tracker.registrationCount
      disk.begun += 1
      return disk.begun == workers
    }
    if isLast { settle(file == nil ? nil : position, failure) }
  }

  /// The most bytes of an unfinished record.
  private static let mostTorn = 2_048

  /// All workers have restored what they have.
  private func settle(_ position: Int?, _ failure: SystemError?) {
    if let position {
      let (end, restored) = disk.withLock { disk in
        (disk.size, disk.snapshotSize) = (position, position)
        return (disk.end, disk.restored)
      }
      tell(.restored(files: restored.files, registrations: restored.registrations))
      if end - position > Self.mostTorn || failure != nil {
        disk.withLock { $0.file = nil }
        setAside(failure.map { "\($0)" } ?? "it is damaged at byte \(position), and only what precedes that is used")
      } else if end > position {
        disk.withLock { try? $0.file?.resize(position) }
      }
    } else {
      disk.withLock { $0.makeEmpty() }
    }
    queue.withLock { $0.isOpen = true }
    post(.look)
  }

  private func setAside(_ reason: String) {
    let other = path + ".damaged"
    do {
      try FileSystem.rename(path, to: other, replacing: true)
      tell(.stateFailed("\(path): \(reason); it has been moved to \(other)"))
    } catch { tell(.stateFailed("\(path): \(reason); \(error)")) }
  }

  /// Snapshots are made by these workers from now on.
  func begin(_ workers: [Node<TrackerLoop>]) {
    nodes.withLock { $0 = workers }
    disk.withLock { $0.canBegin = true }
    post(.look)
  }

  // MARK: Events

  /// Passes events for the log to `listener`, those so far too.
  func listen(_ listener: @escaping @Sendable (TrackerEvent) -> Void) {
    let early = self.listener.withLock { known in
      defer { known = (listener, []) }
      return known.early
    }
    for event in early { listener(event) }
  }

  private func tell(_ event: TrackerEvent) {
    let listener = listener.withLock { known in
      if known.listener == nil { known.early.append(event) }
      return known.listener
    }
    listener?(event)
  }

  // MARK: Writing

  /// Takes a worker's changes.
  func append(_ changes: [UInt8]) {
    post(.changes(changes))
    let isStalled = queue.withLock { $0.isStalled(at: SystemClock.now()) }
    if isStalled { tell(.stateFailed("\(path): the disk does not respond; what changes is not saved until it does")) }
  }

  /// Takes the next part of a worker's snapshot.
  func append(snapshot part: [UInt8], of number: Int, isLast: Bool) { post(.part(part, of: number, isLast: isLast)) }

  /// Whether so much waits to be written that a snapshot had better wait.
  var isBusy: Bool { queue.withLock { $0.bytes > Self.enoughWaiting } }

  /// When to call `retry`, because writing has failed.
  var retryAt: Instant { queue.withLock { $0.retryAt } }

  /// Tries again to make a file.
  func retry() {
    queue.withLock { $0.retryAt = .distantFuture }
    post(.look)
  }

  /// Waits until everything that was handed over has been written, unless the disk does not respond.
  func finish() {
    guard queue.withLock({ $0.isOpen }) else { return }
    let written = Semaphore()
    post(.note(written))
    if !written.wait(seconds: patience) {
      tell(.stateFailed("\(path): the disk does not respond; the last changes may not be saved"))
    }
  }

  private func post(_ order: StateOrder) {
    let isIdle = queue.withLock { queue in
      queue.orders.append(order)
      queue.bytes += order.byteCount
      if queue.bytes > Self.mostWaiting { queue.overflow() }
      guard !queue.isBusy, queue.isOpen else { return false }
      (queue.isBusy, queue.since) = (true, SystemClock.now())
      return true
    }
    if isIdle { WorkerPool.shared.run { self.work() } }
  }

  /// Does what waits, in order; only one thread at a time is here.
  private func work() {
    while true {
      var isOver = false
      let orders = queue.withLock { queue in
        let orders = queue.orders
        (queue.orders, queue.bytes) = ([], 0)
        if orders.isEmpty { queue.isBusy = false }
        queue.since = SystemClock.now()
        if queue.hasStalled { isOver = true }
        queue.hasStalled = false
        return orders
      }
      if isOver { tell(.stateKept(path)) }
      if orders.isEmpty { return }
      for order in orders { carryOut(order) }
    }
  }

  private func carryOut(_ order: StateOrder) {
    let outcome = disk.withLock { $0.carryOut(order, workers: workers, at: SystemClock.now()) }
    for event in outcome.news { tell(event) }
    queue.withLock { $0.retryAt = outcome.retryAt }
    if let number = outcome.begins {
      for node in nodes.withLock({ $0 }) { node.post { $0.beginSnapshot(number) } }
    }
    if outcome.isComplete { replace() }
    if case .note(let semaphore) = order { semaphore.signal() }
  }

  /// Syncs the snapshot and puts it in its place, while changes are still written to both files.
  private func replace() {
    guard let file = disk.withLock({ $0.next?.file }) else { return }
    WorkerPool.shared.run { [self] in
      var failure: SystemError?
      do throws(SystemError) {
        try file.sync()
        try FileSystem.rename(path + ".new", to: path, replacing: true)
        try FileSystem.syncDirectory(FileSystem.parent(path))
      } catch { failure = error }
      post(.replaced(failure))
    }
  }
}

/// What waits to be written.
private struct StateQueue: Sendable {
  var orders: [StateOrder] = []
  var bytes = 0
  /// Whether a thread is at it, and whether there can be one yet.
  var isBusy = false, isOpen = false
  var retryAt = Instant.distantFuture
  /// When the thread last came for orders, and whether it was reported that it does not return.
  var since = Instant.zero, hasStalled = false

  /// Whether the disk has not responded for a while, which was not reported yet.
  mutating func isStalled(at now: Instant) -> Bool {
    guard isBusy, !hasStalled, now - since > 5 * .second else { return false }
    hasStalled = true
    return true
  }

  /// The disk does not keep up: what waits is dropped, after which no file is complete.
  mutating func overflow() {
    orders.removeAll { $0.byteCount > 0 }
    orders.append(.giveUp)
    bytes = 0
  }
}
