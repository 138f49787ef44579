import Shoal

extension ShoalError {
  /// The message in terms of the command line.
  var inFlags: String {
    message(option: option.map { "--\($0.flag)" }, commandWords(summary), remedy: remedy?.inFlags)
  }
}

extension ShoalError.Option {
  /// The name of the option of the command.
  fileprivate var flag: String { self == .trackers ? "tracker" : rawValue }
}

extension ShoalError.Remedy {
  /// The remedy in terms of the command line, as the end of a sentence.
  fileprivate var inFlags: String {
    switch self {
    case .otherDestination: "write elsewhere with --output PATH"
    case .namedDestination: "say where to write, with --output PATH"
    case .otherDestinationOrForce: "use --output PATH or --force"
    case .removeOrOtherDestination: "remove it, or use --output PATH"
    case .removeOtherDestinationOrForce: "remove it, or use --output PATH or --force"
    case .waitOrOtherDestination: "wait for it, or write elsewhere with --output PATH"
    case .otherRecordOrForce: "name another file, or replace it with --force"
    case .otherPort: "choose another with --listen :PORT"
    case .otherAddress: "choose one with --listen ADDR:PORT"
    case .otherState: "name another file, or remove this one"
    }
  }
}

/// The library's text, with its option names replaced by the command's.
func commandWords(_ text: String) -> String { text.replacing("see the option listen", with: "see --listen") }
