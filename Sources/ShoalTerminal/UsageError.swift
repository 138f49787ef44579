/// A command line that cannot be obeyed: one line that names the thing, the cause and the remedy.
public struct UsageError: Error, Equatable, Sendable {
  /// What to print after `error: `.
  public let message: String

  /// An error with this line.
  public init(_ message: String) { self.message = message }
}
