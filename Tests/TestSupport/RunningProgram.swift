import Glibc

/// A program that a test has started: one that was built with the tests if there is one of that name, otherwise one in
/// `PATH`.
///
/// It is killed, along with whatever it has started, and reaped when nothing refers to it any longer, even because the
/// test has thrown an error. A test that waits for it longer than its deadline fails, and says what was printed up to
/// then.
public final class RunningProgram {
  private let words: [String]
  private let deadline: ContinuousClock.Instant
  private let limit: Duration
  private let id: pid_t
  private var output: Stream
  private var error: Stream
  private var status: Int32?

  /// Starts `name`, with `input` as its standard input.
  public init(
    _ name: String, _ arguments: [String] = [], input: [UInt8] = [], deadline: Duration = .seconds(60)
  ) throws {
    words = [name] + arguments
    (self.deadline, limit) = (.now + deadline, deadline)
    guard let path = Self.path(of: name) else {
      throw ProgramFailure(description: "\(name): neither built here nor in PATH")
    }
    (output, error) = (try Stream(), try Stream())
    let standardInput = try Self.file(of: input)
    defer { close(standardInput) }
    id = try Self.spawn(path, words, standardInput, output.writer, error.writer)
    output.closeWriter()
    error.closeWriter()
  }

  deinit {
    if status == nil || !output.hasEnded || !error.hasEnded { kill(-id, SIGKILL) }
    if status == nil { waitpid(id, nil, 0) }
    output.close()
    error.close()
  }

  /// Sends it a signal, if it is still running.
  public func send(_ signal: Int32) {
    if status == nil { kill(id, signal) }
  }

  /// The next line that it prints on standard output, as soon as it is whole; nil if no more will come.
  public func nextLine() throws -> String? {
    try wait { output.hasLine || output.hasEnded }
    return output.takeLine()
  }

  /// Waits until it has ended and nobody writes to its streams any longer; returns what nobody has read of them.
  public func finish() throws -> Outcome {
    try wait { status != nil && output.hasEnded && error.hasEnded }
    return Outcome(words: words, status: status ?? 0, output: output.text, error: error.text)
  }

  /// Reads both streams until `isDone`.
  private func wait(until isDone: () -> Bool) throws {
    while !isDone() {
      guard .now < deadline else {
        let command = words.joined(separator: " ")
        throw ProgramFailure(description: "\(command): still runs after \(limit)\n\(output.text)\n\(error.text)")
      }
      // While it runs, its end may escape `poll`: others may hold its streams, or it may have closed them.
      var waits = [output, error].map { pollfd(fd: $0.hasEnded ? -1 : $0.reader, events: Int16(POLLIN), revents: 0) }
      Self.poll(&waits, milliseconds: output.hasEnded && error.hasEnded ? 2 : 50)
      if waits[0].revents != 0 { output.read() }
      if waits[1].revents != 0 { error.read() }
      if status == nil { status = Self.status(of: id) }
    }
  }

  // MARK: In one call

  /// Runs a program to its end.
  public static func run(
    _ name: String, _ arguments: [String] = [], input: [UInt8] = [], deadline: Duration = .seconds(60)
  ) throws -> Outcome {
    try RunningProgram(name, arguments, input: input, deadline: deadline).finish()
  }

  /// Runs a line of shell, in which the programs that were built with the tests are found first; returns what came of
  /// it.
  public static func shell(_ line: String, deadline: Duration = .seconds(60)) throws -> Outcome {
    try run("/bin/sh", ["-c", line], deadline: deadline)
  }

  /// Whether there is such a program; tests that need one that is not there report themselves skipped.
  public static func exists(_ name: String) -> Bool { path(of: name) != nil }
}
