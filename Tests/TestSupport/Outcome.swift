import Glibc

/// The outcome of running a program; its description says what was run, how it ended and what it printed.
public struct Outcome: CustomStringConvertible {
  /// The program and its arguments.
  public var words: [String]
  /// Its exit status; as in a shell, 128 plus the signal's number if a signal ended it.
  public var status: Int32
  /// The signal that has ended it.
  public var signal: Int32?
  /// What it printed on standard output.
  public var output: String
  /// What it printed on standard error.
  public var error: String

  /// What a program that runs in this process has left behind.
  public init(words: [String], exit: Int32, output: String, error: String) {
    (self.words, status, self.output, self.error) = (words, exit, output, error)
  }

  /// `status` is what `waitpid` says.
  init(words: [String], status: Int32, output: String, error: String) {
    let signal = status & 0x7f
    self.init(words: words, exit: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: output, error: error)
    if signal != 0 { self.signal = signal }
  }

  /// The lines of its standard output.
  public var lines: [String] {
    output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  /// What was run, how it ended and what it printed.
  public var description: String {
    "\(words.joined(separator: " ")): \(signal.map { "signal \($0)" } ?? "status \(status)")\n\(output)\n\(error)"
  }
}
