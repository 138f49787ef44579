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
      guard appendNext(bytes) else {
        giveUp(at: now)
        break
      }
      if isLast { complete += 1 }
      isReplacing = complete == workers
      outcome.isComplete = isReplacing
    case .replaced(let failure): replaced(failure, &outcome, at: now)
    case .giveUp:
      file = nil
      giveUp(at: now)
      outcome.news.append(.stateFailed("\(path): the disk is too slow"))
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
        self.file = nil
        outcome.news.append(.stateFailed("\(error)\(error.remedy)"))
      }
    }
    if next != nil, !appendNext(bytes) { giveUp(at: now) }
  }

  private mutating func appendNext(_ bytes: [UInt8]) -> Bool {
    guard let (file, size) = next, (try? file.write(bytes.span, at: size)) != nil else { return false }
    next = (file, size + bytes.count)
    return true
  }

  private mutating func begin(_ outcome: inout Outcome, at now: Instant) {
    let name = path + ".new"
    do {
      try? FileSystem.remove(name)
      next = (try File.private(name), 0)
    } catch {
      if retryAt == .zero { outcome.news.append(.stateFailed("\(error)\(error.remedy)")) }
      retryAt = now + Self.pause
      return
    }
    guard appendNext(header) else { return giveUp(at: now) }
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
      outcome.news.append(.stateFailed("\(failure)\(failure.remedy)"))
      giveUp(at: now)
    } else if let (file, size) = next {
      (self.file, self.size, snapshotSize, next) = (file, size, size, nil)
    }
  }
}
