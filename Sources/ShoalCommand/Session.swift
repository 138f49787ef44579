import Shoal
import ShoalTerminal

/// What every command works with.
struct Session: Sendable {
  let console: Console
  let invocation: Invocation
  /// The command line after the program's name.
  let words: [String]
  let ending: Ending

  var isJSON: Bool { invocation.has("json") }

  // With --json, everything goes to standard output as objects, and warnings and errors also to standard error. Nothing
  // is printed after a signal or an error.

  /// A line for a person who watches.
  func note(_ text: String) { unlessJSON { $0.note(text) } }

  /// A line that only some people want to see.
  func detail(_ text: String) { unlessJSON { $0.detail(text) } }

  /// A line with its time.
  func log(_ text: String) { unlessJSON { $0.log(text) } }

  func progress(_ state: ProgressState, rows: LiveRows? = nil) { unlessJSON { $0.progress(state, rows: rows) } }

  /// Rows that are redrawn in place, where a person watches.
  func progress(rows: @escaping LiveRows) { unlessJSON { $0.progress(rows: rows, now: Session.now) } }

  /// Warns of something that is wrong although work continues; `code` is its kind, for programs.
  func warning(_ text: String, code: String) {
    ending.unlessOver { console.warning(text) }
    emit(["event": "warning", "message": .string(text), "code": .string(code)])
  }

  /// Emits an object, if --json is given.
  func emit(_ object: @autoclosure () -> JSON) {
    if isJSON { ending.unlessOver { console.emit(object()) } }
  }

  private func unlessJSON(_ say: (Console) -> Void) {
    if !isJSON { ending.unlessOver { say(console) } }
  }

  /// Says once that a signal ends the process, before the farewells, which may take a while.
  func tellInterrupted(_ message: String) {
    console.endProgress()
    console.note("shoal: \(harmless(message))")
    if isJSON { console.emit(Failure.interrupted(message).json) }
  }

  /// Seconds on the monotonic clock.
  static var now: Double { Double(SystemClock.now().nanoseconds) / 1e9 }
}

/// Runs `body`, which may never return, for this many seconds; nil if it took longer.
func within<Value: Sendable>(
  seconds: Double, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
  let (results, output) = AsyncThrowingStream<Value?, any Error>.makeStream()
  let work = Task {
    do { output.yield(try await body()) } catch { output.finish(throwing: error) }
  }
  let clock = Task {
    try await Task.sleep(for: .seconds(seconds))
    output.yield(nil)
  }
  defer {
    work.cancel()
    clock.cancel()
  }
  for try await result in results { return result }
  return nil
}
