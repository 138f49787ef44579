import Shoal
import ShoalTerminal

/// `shoal tracker`.
struct TrackerCommand {
  private let session: Session

  init(_ session: Session) { self.session = session }

  func run() async throws {
    let listen = try session.invocation.first("listen")?.listen(defaultPort: Tracker.defaultPort)
    let options = try Tracker.Options(session.invocation, listen: listen ?? ":\(Tracker.defaultPort)")
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
    var dropped = 0
    while true {
      try? await Task.sleep(for: .seconds(60))
      for line in log.summary() { session.log(line) }
      let corrupt = await tracker.corruptDatagrams()
      if corrupt > dropped {
        session.log("\(TrackerLog.word("dropped"))\(counted(corrupt - dropped, "datagram")), bad checksum")
        session.emit(["event": "dropped", "datagrams": .int(corrupt - dropped)])
      }
      dropped = corrupt
    }
  }
}
