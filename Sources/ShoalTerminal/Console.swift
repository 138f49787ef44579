import Glibc
import Synchronization

/// A program's two output streams: data on standard output, messages on standard error.
///
/// All of its functions may be called from any thread; each line is written whole, with one `write`. While a progress
/// line is on the screen, other lines go above it.
package final class Console: Sendable {
  /// How much is printed on standard error.
  package enum Verbosity: Sendable {
    /// Errors only.
    case quiet
    /// What a user needs to see.
    case normal
    /// Also peers, retries and exact numbers.
    case verbose
  }

  /// Standard output.
  package let standardOutput: Terminal
  /// Standard error.
  package let standardError: Terminal
  /// How much is printed.
  package let verbosity: Verbosity
  /// The lowest level that is printed, each line with its time and level in front; nil for plain lines that people
  /// read.
  private let level: LogLevel?
  private let program: String
  private let state: Mutex<State>

  private struct State {
    var output: LineWriter
    var error: LineWriter
    var progress: ProgressLine
    var firstError: (message: String, code: String)?
  }

  /// A console set up by the standard options in the program's table. Without `quitsWhenClosed`, the process continues
  /// when nobody reads standard output any longer; `isClosed` then tells.
  package init(
    program: String, invocation: Invocation? = nil, output: Int32 = STDOUT_FILENO, error: Int32 = STDERR_FILENO,
    environment: Environment = .process, quitsWhenClosed: Bool = true
  ) {
    func policy(_ option: Option) -> Policy {
      invocation?.given[option.name]?.last.flatMap { Policy(rawValue: $0.text) } ?? .auto
    }
    let saying = invocation?.last(of: Option.quiet.name, Option.verbose.name)
    let isQuiet = saying == Option.quiet.name
    self.program = program
    standardOutput = Terminal(output, color: policy(.color), environment: environment)
    standardError = Terminal(error, color: policy(.color), environment: environment)
    level = invocation?.given[Option.logLevel.name]?.last.flatMap { LogLevel($0.text) }
    verbosity = level?.verbosity ?? (isQuiet ? .quiet : saying == nil ? .normal : .verbose)
    let isPlain = isQuiet || level != nil
    let progress = ProgressLine(terminal: standardError, policy: isPlain ? .never : policy(.progress))
    state = Mutex(
      State(
        output: LineWriter(output, quitsWhenClosed: quitsWhenClosed), error: LineWriter(error, quitsWhenClosed: false),
        progress: progress))
  }

  // MARK: Lines

  /// A line of data, or several, on standard output.
  package func print(_ text: String) {
    state.withLock { state in
      // The progress line is in the way only if both streams are the same screen.
      if standardOutput.isTTY { state.error.write(state.progress.erase()) }
      state.output.write(text + "\n")
      if standardOutput.isTTY { state.error.write(state.progress.redraw()) }
    }
  }

  /// Lines of data on standard output, each with its newline.
  package func write(_ lines: Span<UInt8>) {
    state.withLock { state in
      if standardOutput.isTTY { state.error.write(state.progress.erase()) }
      state.output.write(lines)
      if standardOutput.isTTY { state.error.write(state.progress.redraw()) }
    }
  }

  /// A JSON object on a line of standard output.
  package func print(_ object: JSON) { print(object.description) }

  /// An event for programs: an object with a member `event`, to which `time` is added.
  package func emit(_ event: JSON, at time: Timestamp = .now) { print(event.stamped(time)) }

  /// A line on standard error, unless quiet.
  package func note(_ text: String) { if verbosity != .quiet { say(text, .info) } }

  /// A line on standard error, if verbose.
  package func detail(_ text: String) { if verbosity == .verbose { say(text, .debug) } }

  /// A line on standard error that begins with the time, unless quiet: local time on a terminal, otherwise UTC.
  package func log(_ text: String, at time: Timestamp = .now) {
    note(level == nil ? "\(stamp(time)) \(text)" : text)
  }

  private func stamp(_ time: Timestamp) -> String { standardError.isTTY ? time.localTime : time.rfc3339 }

  /// A warning, unless quiet; work continues after it.
  package func warning(_ text: String) {
    guard level.map({ $0 >= .warning }) ?? (verbosity != .quiet) else { return }
    say(level == nil ? "\(program): \(standardError.paint("warning:", .yellow)) \(text)" : text, .warning)
  }

  /// An error, even if quiet; `code` is its kind, for programs.
  package func error(_ text: String, code: String = "failed") {
    remember(text, code)
    say(level == nil ? "\(program): \(standardError.paint("error:", .red)) \(text)" : text, .error)
  }

  /// A line on standard error, even if quiet, for a failure that is not an error, such as an assertion that does not
  /// hold.
  package func failure(_ text: String, code: String = "failed") {
    remember(text, code)
    say(level == nil ? "\(program): \(text)" : text, .error)
  }

  /// The first error or failure that was reported: the last object of `--json`.
  package var firstError: (message: String, code: String)? { state.withLock { $0.firstError } }

  private func remember(_ message: String, _ code: String) {
    state.withLock { if $0.firstError == nil { $0.firstError = (message, code) } }
  }

  /// Why standard output is incomplete, if it is: a program must not exit with 0 then.
  package var outputFailure: String? {
    let code = state.withLock { $0.output.failure }
    return code == 0 ? nil : "standard output: \(Descriptor.text(ofError: code))"
  }

  /// Whether nobody reads standard output any more.
  package var isClosed: Bool { state.withLock { $0.output.failure } == EPIPE }

  private func say(_ text: String, _ severity: LogLevel) {
    var text = text
    if level != nil {
      // Log readers find lines by time and level, so each line of a text gets both.
      let lines = text.split(whereSeparator: \.isNewline).filter { !$0.isEmpty }
      guard !lines.isEmpty else { return }
      let head = "\(stamp(.now)) \(severity.label)"
      text = lines.map { "\(head) \($0)" }.joined(separator: "\n")
    }
    state.withLock { state in
      state.error.write(state.progress.erase() + text + "\n" + state.progress.redraw())
    }
  }

  // MARK: Progress

  /// Shows the progress of a transfer, if a frame or a line is due; meant to be called ten times a second.
  package func progress(_ transfer: ProgressState, rows: LiveRows? = nil, at time: Timestamp = .now) {
    state.withLock { $0.error.write($0.progress.show(transfer, rows: rows, at: time)) }
  }

  /// Shows rows without a progress line, if a frame is due; `now` is the time in seconds on any monotonic clock.
  package func progress(rows: @escaping LiveRows, now: Double) {
    state.withLock { $0.error.write($0.progress.show(rows: rows, now: now)) }
  }

  /// Whether lines are redrawn in place for a person to watch.
  package var isLive: Bool { state.withLock { $0.progress.isLive } }

  /// Removes the progress line: before the summary, and before the process ends.
  package func endProgress() {
    state.withLock { $0.error.write($0.progress.end()) }
  }
}

extension Topic {
  /// The environment variables that a console obeys, including those of the progress line if there is one, and `others`.
  package static func environment(
    hasProgress: Bool = false, others: KeyValuePairs<String, String> = [:]
  ) -> Topic {
    let entries: [(String, String)] =
      [
        ("NO_COLOR", "If not empty: no colours."), ("CLICOLOR_FORCE", "If neither empty nor 0: colours on pipes too."),
        ("CLICOLOR", "If 0: no colours."),
        ("TERM", hasProgress ? "If dumb: no colours, no live progress line." : "If dumb: no colours."),
      ] + (hasProgress ? [("CI", "If not empty: no live progress line.")] : []) + [
        ("COLUMNS", "The screen's width, if it does not report one."),
        ("LC_ALL, LC_CTYPE, LANG", "If they name UTF-8: characters beyond ASCII are shown."),
      ] + others.map { ($0.key, $0.value) }
    return Topic("ENVIRONMENT", entries)
  }
}

// MARK: Standard options

extension Option {
  /// `--color`, which `Console` obeys.
  package static let color = Option("color", "Use colours.", oneOf: Policy.allCases.map(\.rawValue), default: "auto")
  /// `--progress`, which `Console` obeys.
  package static let progress = Option(
    "progress", "Show a live progress line.", oneOf: Policy.allCases.map(\.rawValue), default: "auto")
  /// `--quiet`, which `Console` obeys.
  package static let quiet = Option("quiet", "Print nothing but errors.", short: "q")
  /// `--log-level`, which `Console` obeys.
  package static let logLevel = Option(
    "log-level", "Begin each line with its time and level, and print this level and above.",
    oneOf: LogLevel.allCases.map(\.name))
  /// `--verbose`, which `Console` obeys.
  package static let verbose = Option("verbose", "Also show peers, retries and exact numbers.", short: "v")
}
