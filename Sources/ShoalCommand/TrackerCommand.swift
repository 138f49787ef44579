import Shoal
import ShoalTerminal

/// `shoal tracker`.
struct TrackerCommand {
  private let session: Session

  init(_ session: Session) { self.session = session }

  func run() async throws {
    if let word = session.invocation.first("status") {
      guard word.text == "status" else { throw word.error("must be the word status, or left out") }
      return try await StatusCommand(session, of: "tracker").status()
    }
    for option in ["top", "watch"] where session.invocation.has(option) {
      throw UsageError("--\(option) is for shoal tracker status")
    }
    let listen = try session.invocation.first("listen")?.listen(defaultPort: Tracker.defaultPort)
    var options = try Tracker.Options(session.invocation, listen: listen ?? ":\(Tracker.defaultPort)")
    options.descriptor = try PassedSockets.socket(beside: session.invocation.first("listen"))
    let tracker = try Tracker.start(options)
    session.ending.onSignal { [session] in session.tellInterrupted("stopped") }
    let log = SharedLog()
    session.ending.atEnd { await tracker.close() }
    let report = StatusReport(command: "tracker", subject: .tracker(tracker))
    let control = try Control(session, report) { _ in "a tracker has no such limits" }
    session.ending.atEnd {
      control.close()
      await tracker.close()
      for line in log.summary() { session.log(line) }
    }
    session.emit(["event": "listening", "address": .string("\(tracker.address)")])
    session.log("\(TrackerLog.word("listening"))\(tracker.address)")
    await withTaskGroup { group in
      group.addTask {
        for await event in tracker.events {
          if let warning = TrackerLog.warning(for: event) {
            session.warning(warning.text, code: warning.code)
            continue
          }
          session.emit(TrackerLog.object(for: event))
          for line in log.lines(for: event) { session.log(line) }
        }
      }
      group.addTask { await repeats(tracker, log) }
    }
    await waitForEnd()
  }

  /// Reports once a minute what was repeated and dropped. In between, nothing wakes an idle tracker.
  private func repeats(_ tracker: Tracker, _ log: SharedLog) async {
    var before: TrackerReport?
    while true {
      try? await Task.sleep(for: .seconds(60))
      for line in log.summary() { session.log(line) }
      guard let standing = await tracker.standing() else { return }
      let report = TrackerReport(standing)
      if let words = report.words(ofDropsSince: before) {
        session.log("\(TrackerLog.word("dropped"))\(words)")
        session.emit(report.object(ofDropsSince: before))
      }
      before = report
    }
  }
}

/// The socket that a service manager such as systemd has opened for this process: sd_listen_fds(3).
enum PassedSockets {
  private static let first: Int32 = 3

  /// Its descriptor; nil if there is none.
  static func socket(
    beside listen: GivenValue?, process: Int32 = OwnFolder.process,
    environment: (String) -> String = SystemCall.environment
  ) throws(UsageError) -> Int32? {
    guard environment("LISTEN_PID") == "\(process)", let count = Int(environment("LISTEN_FDS")), count > 0 else {
      return nil
    }
    guard count == 1 else {
      throw UsageError("\(count) sockets were passed; pass one, which takes IPv4 and IPv6: ListenDatagram=7400")
    }
    if let listen { throw listen.error("a socket was passed; leave this out, or the socket") }
    return first
  }
}
