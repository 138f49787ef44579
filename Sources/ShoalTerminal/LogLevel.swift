/// How important a line is.
enum LogLevel: Int, CaseIterable, Comparable {
  case error
  case warning
  case info
  case debug

  init?(_ name: String) {
    guard let level = LogLevel.allCases.first(where: { $0.name == name }) else { return nil }
    self = level
  }

  static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }

  var name: String { "\(self)" }

  /// Its name, as wide as the widest.
  var label: String { padded(name, to: 7) }

  var verbosity: Console.Verbosity {
    switch self {
    case .error, .warning: .quiet
    case .info: .normal
    case .debug: .verbose
    }
  }
}
