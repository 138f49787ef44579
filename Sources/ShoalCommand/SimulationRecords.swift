import Glibc
import Shoal
import ShoalBase
import ShoalSimulator
import ShoalTerminal

/// The capture and the qlog of one end of a simulation, written as that end would write them itself.
final class SimulationRecords {
  /// What to record.
  struct Plan {
    var capture: String?
    var qlog: String?
    var place: WorldWatch.Place
    var replaces: Bool
  }

  /// When every run begins, 2026-01-01 00:00:00 UTC, so that a run always gives the same files.
  static let epoch = 1_767_225_600 * Nanoseconds.second

  private var capture: CaptureFile?
  private let qlog: QlogFile?
  private let plan: Plan

  /// Begins the files; nil if there are to be none.
  init?(_ plan: Plan) throws {
    guard plan.capture != nil || plan.qlog != nil else { return nil }
    self.plan = plan
    capture = nil
    var log: QlogFile?
    do throws(SystemError) {
      if let path = plan.capture { capture = try CaptureFile(path, replacing: plan.replaces) }
      if let path = plan.qlog { log = try QlogFile(path, plan.place.address, replacing: plan.replaces) }
    } catch {
      guard error.code == EEXIST else { throw error }
      throw Failure.exists(error.subject == plan.capture ? "capture" : "qlog", error.subject)
    }
    qlog = log
  }

  /// What records the run.
  var watch: WorldWatch {
    WorldWatch(
      plan.place,
      onDatagram: { [self] datagram, isOutbound, time in
        capture?.add(
          datagram.bytes.span, from: datagram.from, to: datagram.to, outbound: isOutbound, wall: Self.epoch + time)
      },
      afterTurn: { [self] host, time in
        guard let qlog, qlog.isDue(at: Instant(nanoseconds: time)) else { return }
        let (statuses, losses) = host.takeState()
        qlog.note(statuses, losses: losses, wall: Self.epoch + time)
      })
  }

  /// Writes what is still buffered; throws if not everything could be written.
  func finish() throws(SystemError) {
    capture?.flush()
    qlog?.flush()
    if let failure = capture?.failure ?? qlog?.failure { throw failure }
  }
}

extension Failure {
  /// An existing file would be overwritten.
  static func exists(_ option: String, _ path: String) -> Failure {
    let way = "name another file, or replace it with --force"
    return Failure("--\(option) \(escaped(path)) exists; \(way)", code: "exists")
  }
}

extension Invocation {
  /// What a simulation records of its only run; with how many receivers.
  func simulationRecords(receivers: Int, runs: Int) throws(UsageError) -> SimulationRecords.Plan {
    try checkRecords(against: [first("timeline")?.text].compactMap(\.self))
    let records = SimulationRecords.Plan(
      capture: first("capture")?.text, qlog: first("qlog")?.text, place: try place(among: receivers),
      replaces: has("force"))
    guard records.capture != nil || records.qlog != nil else {
      if has("at") { throw UsageError("--at: says which end records; name a file with --capture or --qlog too") }
      return records
    }
    guard runs == 1 else {
      throw UsageError("--\(has("capture") ? "capture" : "qlog"): records one run; leave out --count")
    }
    return records
  }

  private func place(among receivers: Int) throws(UsageError) -> WorldWatch.Place {
    guard let value = first("at") else { return .sender }
    switch value.text {
    case "sender": return .sender
    case "receiver": return .receiver(1)
    default:
      guard let number = Int(value.text), 1...receivers ~= number else {
        throw value.error("must be sender, receiver, or the number of one of \(receivers)")
      }
      return .receiver(number)
    }
  }
}
