import Glibc
import ShoalBase
import ShoalTracker

/// What a tracker's state file is to do.
enum StateOrder: Sendable {
  case changes([UInt8])
  case part([UInt8], of: Int, isLast: Bool)
  /// The snapshot is in its place, or is not.
  case replaced(SystemError?)
  /// Changes have been lost.
  case giveUp
  /// The file that was read cannot be written to.
  case failed(SystemError)
  /// See whether a snapshot is needed.
  case look
  /// Say when everything before this is done.
  case note(Semaphore)

  var byteCount: Int {
    switch self {
    case .changes(let bytes): bytes.count
    case .part(let bytes, _, _): bytes.count
    default: 0
    }
  }
}

/// What a tracker's state file has on the disk, and the snapshot that is to take its place.
struct StateDisk: Sendable {
  /// What has come of an order.
  struct Outcome: Sendable {
    /// Events for the log.
    var news: [TrackerEvent] = []
    /// A snapshot of this number is to be made.
    var begins: Int?
    /// The snapshot is complete.
    var isComplete = false
    /// When to try again.
    var retryAt = Instant.distantFuture
  }

  let path: String
  /// The file, how much of it is used, and its size when it was opened; nil if it cannot be written to.
  var file: File?
  var size = 0, end = 0
  /// The size of the last snapshot.
  var snapshotSize = 0
  /// What a file begins with.
  var header: [UInt8] = []
  /// How many workers have restored what they have, and what that was.
  var begun = 0
  var restored = (files: 0, registrations: 0)
  /// Whether there are workers to make a snapshot.
  var canBegin = false
  /// The snapshot that is being made, its number, and how many workers have finished theirs.
  private(set) var next: (file: File, size: Int)?
  private var number = 0, complete = 0
  private var isReplacing = false
  private var retryAt = Instant.zero
  /// What keeps a file from being written, as last reported; nil if nothing does.
  private var trouble: String?

  private static let pause: Nanoseconds = 60 * .second
  /// This many bytes of changes are worth a new snapshot, however small that is.
  private static let leastLog = 4 << 20

  init(path: String) { self.path = path }

  mutating func carryOut(_ order: StateOrder, workers: Int, at now: Instant) -> Outcome {
    var outcome = Outcome()
    switch order {
    case .changes(let bytes): append(bytes, &outcome, at: now)
    case .part(let bytes, let number, let isLast):
      guard number == self.number, next != nil else { break }
      guard appendNext(bytes, &outcome, at: now) else { break }
      if isLast { complete += 1 }
      isReplacing = complete == workers
      outcome.isComplete = isReplacing
    case .replaced(let failure): replaced(failure, &outcome, at: now)
    case .giveUp:
      abandon()
      giveUp(at: now)
      report("\(path): the disk is too slow", cause: "slow", &outcome)
    case .failed(let error):
      file = nil
      report(error, &outcome)
    case .look, .note: break
    }
    if canBegin, next == nil, !isReplacing, now >= retryAt, file == nil || size > 2 * snapshotSize + Self.leastLog {
      begin(&outcome, at: now)
    }
    if file == nil, next == nil { outcome.retryAt = retryAt }
    return outcome
  }

  private mutating func append(_ bytes: [UInt8], _ outcome: inout Outcome, at now: Instant) {
    if let file {
      do {
        try file.write(bytes.span, at: size)
        size += bytes.count
      } catch {
        // No part of a record may stay.
        try? file.resize(size)
        abandon()
        // The file was opened under the name that it had as a new one.
        report(SystemError(error.code, error.action, path), &outcome)
      }
    }
    if next != nil { appendNext(bytes, &outcome, at: now) }
  }

  /// The file no longer has all that has changed: whoever continues from it is to begin a new epoch, so that all peers
  /// register again. On a full disk there is still room for what takes the place of something else.
  private mutating func abandon() {
    if let file, var (header, _) = StateHeader.read(header.span) {
      header.epoch = (header.epoch &+ 2) | 1
      try? file.write(header.bytes.span, at: 0)
    }
    file = nil
  }

  /// Reports what keeps a file from being written: once, until that is over.
  private mutating func report(_ error: SystemError, _ outcome: inout Outcome) {
    report("\(error)\(error.remedy)", cause: error.cause, &outcome)
  }

  private mutating func report(_ text: String, cause: String, _ outcome: inout Outcome) {
    guard trouble != cause else { return }
    trouble = cause
    let effect = file == nil ? "what changes is not saved until that is over" : "the file grows until that is over"
    outcome.news.append(.stateFailed("\(text); \(effect)"))
  }

  /// Adds to the snapshot; gives it up if that fails.
  @discardableResult
  private mutating func appendNext(_ bytes: [UInt8], _ outcome: inout Outcome, at now: Instant) -> Bool {
    guard let (file, size) = next else { return false }
    do {
      try file.write(bytes.span, at: size)
      next = (file, size + bytes.count)
      return true
    } catch {
      report(error, &outcome)
      giveUp(at: now)
      return false
    }
  }

  /// Makes a file that says that nothing is registered, so that whatever is confirmed is kept from the first moment.
  /// If that fails, the first snapshot does the same and reports why not.
  mutating func makeEmpty() {
    let name = path + ".new"
    do {
      try? FileSystem.remove(name)
      let empty = try File.private(name)
      try empty.write(header.span, at: 0)
      try FileSystem.rename(name, to: path, replacing: true)
      (file, size, snapshotSize) = (empty, header.count, header.count)
    } catch {}
  }

  private mutating func begin(_ outcome: inout Outcome, at now: Instant) {
    let name = path + ".new"
    do {
      try? FileSystem.remove(name)
      next = (try File.private(name), 0)
    } catch {
      report(error, &outcome)
      retryAt = now + Self.pause
      return
    }
    guard appendNext(header, &outcome, at: now) else { return }
    (number, complete) = (number + 1, 0)
    outcome.begins = number
  }

  private mutating func giveUp(at now: Instant) {
    if next != nil, !isReplacing { try? FileSystem.remove(path + ".new") }
    next = nil
    retryAt = now + Self.pause
  }

  private mutating func replaced(_ failure: SystemError?, _ outcome: inout Outcome, at now: Instant) {
    isReplacing = false
    if let failure {
      report(failure, &outcome)
      giveUp(at: now)
    } else if let (file, size) = next {
      (self.file, self.size, snapshotSize, next) = (file, size, size, nil)
      if trouble != nil { outcome.news.append(.stateKept(path)) }
      trouble = nil
    }
  }
}
