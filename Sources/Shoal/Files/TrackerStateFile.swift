import ShoalBase
import ShoalTracker

/// The file in which a tracker keeps its registrations: a snapshot, followed by all changes since. When the changes
/// have outgrown the snapshot, a new one is made, a little at a time, in a file beside it, which then takes its place.
///
/// Only a new snapshot is synced. Whatever was written survives the end of the process; what a power failure loses,
/// peers register again.
final class TrackerStateFile {
  private let path: String
  private var file: File?
  private var size = 0
  /// The snapshot that is being made.
  private var next: (file: File, size: Int)?
  /// Whether it is complete, and a worker is putting it in its place.
  private var isReplacing = false
  /// The size of the last snapshot.
  private var snapshotSize = 0
  /// When to begin another snapshot if there is no file that can be written to.
  private var retryAt = Instant.zero
  /// Events for the log.
  private(set) var news: [TrackerEvent] = []
  /// Runs a command on the loop, later.
  private let post: @Sendable (@escaping @Sendable (TrackerStateFile) -> Void) -> Void

  private static let pause: Nanoseconds = 60 * .second
  private static let step: Nanoseconds = .millisecond
  /// The registrations that are written to a snapshot at a time: they take some 100 µs.
  private static let mostAtOnce = 256
  /// This many bytes of changes are worth a new snapshot, however small that is.
  private static let leastLog = 4 << 20
  /// The bytes read at a time.
  private static let pieceSize = 4 << 20

  init(_ path: String, _ post: @escaping @Sendable (@escaping @Sendable (TrackerStateFile) -> Void) -> Void) {
    (self.path, self.post) = (path, post)
  }

  /// Reads the tracker's epoch and secret; nil if there is no state to continue from.
  func open() -> StateHeader? {
    guard let file = try? File.regular(path, writing: true) else { return nil }
    guard let size = try? file.size(), size > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 64)
    var room = bytes.mutableSpan
    guard let count = try? file.read(into: &room, at: 0), let header = StateHeader.read(bytes.span.extracting(..<count))
    else {
      setAside("this is not the state of a tracker")
      return nil
    }
    (self.file, self.size) = (file, header.count)
    return header.header
  }

  /// Restores the registrations, after `open` has found a file.
  func restore(_ tracker: inout Registrar, at now: Instant) {
    guard let file, let end = try? file.size() else { return }
    var bytes = [UInt8](repeating: 0, count: Self.pieceSize)
    var failure: SystemError?
    while size < end {
      var room = bytes.mutableSpan
      var count = 0
      do throws(SystemError) { count = try file.read(into: &room, at: size) } catch { failure = error }
      let whole = tracker.restore(bytes.span.extracting(..<count), at: now)
      if whole == 0 { break }
      size += whole
    }
    snapshotSize = size
    news.append(.restored(files: tracker.fileCount, registrations: tracker.registrationCount))
    // A process that was killed while it wrote leaves part of a record.
    let left = end - size
    guard left > 0 else { return }
    if left <= 2_048, failure == nil {
      try? file.resize(size)
    } else {
      // Peers whose registrations were behind the damage learn by the epoch that they must register again.
      tracker.beginEpoch()
      setAside(failure.map { "\($0)" } ?? "it is damaged at byte \(size), and only what precedes that is used")
    }
  }

  private func setAside(_ reason: String) {
    let other = path + ".damaged"
    do {
      try FileSystem.rename(path, to: other, replacing: true)
      news.append(.stateFailed("\(path): \(reason); it has been moved to \(other)"))
    } catch { news.append(.stateFailed("\(path): \(reason); \(error)")) }
    file = nil
  }

  /// When to call `keep` at the latest.
  var deadline: Instant {
    if isReplacing { return .distantFuture }
    return next == nil && file != nil ? .distantFuture : max(retryAt, .zero)
  }

  /// Writes the changes, and the next part of a snapshot that is being made.
  func keep(_ tracker: inout Registrar, at now: Instant) {
    tracker.takeChanges { changes in
      if file != nil, !append(changes, to: \.current) { file = nil }
      if next != nil, !append(changes, to: \.upcoming) { giveUp(at: now) }
    }
    guard !isReplacing, now >= retryAt else { return }
    guard next != nil else {
      if file == nil || size > 2 * snapshotSize + Self.leastLog { begin(&tracker, at: now) }
      return
    }
    tracker.takeSnapshot(Self.mostAtOnce) { records in
      if !append(records, to: \.upcoming) { giveUp(at: now) }
    }
    retryAt = now + Self.step
    if next != nil, !tracker.isMakingSnapshot { replace() }
  }

  private var current: (file: File, size: Int)? {
    get { file.map { ($0, size) } }
    set { if let newValue { size = newValue.size } }
  }
  private var upcoming: (file: File, size: Int)? {
    get { next }
    set { next = newValue }
  }

  private func append(
    _ bytes: Span<UInt8>, to place: ReferenceWritableKeyPath<TrackerStateFile, (file: File, size: Int)?>
  ) -> Bool {
    guard let (file, size) = self[keyPath: place] else { return false }
    do {
      try file.write(bytes, at: size)
      self[keyPath: place] = (file, size + bytes.count)
      return true
    } catch {
      // No part of a record may stay.
      try? file.resize(size)
      if place == \.current { news.append(.stateFailed("\(error)\(error.remedy)")) }
      return false
    }
  }

  private func begin(_ tracker: inout Registrar, at now: Instant) {
    let name = path + ".new"
    do {
      try? FileSystem.remove(name)
      next = (try File.private(name), 0)
    } catch {
      if retryAt == .zero { news.append(.stateFailed("\(error)\(error.remedy)")) }
      retryAt = now + Self.pause
      return
    }
    guard append(tracker.stateHeader.span, to: \.upcoming) else { return giveUp(at: now) }
    tracker.beginSnapshot()
  }

  private func giveUp(at now: Instant) {
    next = nil
    try? FileSystem.remove(path + ".new")
    retryAt = now + Self.pause
  }

  /// Syncs the snapshot, and then puts it in its place.
  private func replace() {
    guard let (file, _) = next else { return }
    isReplacing = true
    WorkerPool.shared.run { [path, post] in
      var failure: SystemError?
      do throws(SystemError) {
        try file.sync()
        try FileSystem.rename(path + ".new", to: path, replacing: true)
        try FileSystem.syncDirectory(FileSystem.parent(path))
      } catch { failure = error }
      post { [failure] in $0.replaced(failure) }
    }
  }

  private func replaced(_ failure: SystemError?) {
    isReplacing = false
    if let failure {
      news.append(.stateFailed("\(failure)\(failure.remedy)"))
      giveUp(at: SystemClock.now())
    } else if let (file, size) = next {
      (self.file, self.size, snapshotSize, next) = (file, size, size, nil)
    }
  }

  func takeNews() -> [TrackerEvent] {
    defer { news = [] }
    return news
  }
}
