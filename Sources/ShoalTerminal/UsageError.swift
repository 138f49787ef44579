/// A command line that cannot be obeyed: one line that names the thing, the cause and the remedy.
package struct UsageError: Error, Equatable, Sendable {
  /// What to print after `error: `.
  package let message: String

  /// An error with this line.
  package init(_ message: String) { self.message = message }
}
