/// What went wrong, in words for people: the thing, the cause, and the remedy where there is one.
public struct ShoalError: Error, Sendable, CustomStringConvertible {
  /// What kind of fault it is; stable, for programs.
  public enum Code: String, Sendable {
    /// The ticket cannot be read.
    case badTicket = "bad_ticket"
    /// An address or host name is wrong or unknown.
    case badAddress = "bad_address"
    /// A file cannot be read, written or examined.
    case file = "file"
    /// The system gives no socket or no thread.
    case system = "system"
    /// The destination exists and differs.
    case exists = "exists"
    /// There is no room for the file.
    case diskFull = "disk_full"
    /// Another program has the port.
    case portInUse = "port_in_use"
    /// No tracker knows the name or id.
    case unknownName = "unknown_name"
    /// A tracker refuses a question for another reason.
    case trackerRefused = "tracker_refused"
    /// A peer speaks no version that we do.
    case version = "version"
    /// A file was changed while it was read.
    case changed = "changed"
    /// Nothing of the file came from anybody for as long as was to be waited.
    case unavailable = "unavailable"
    /// The peer or the download was stopped.
    case stopped = "stopped"
  }
  /// What kind of fault it is.
  public var code: Code
  /// One line for people.
  public var message: String

  /// An error of this kind.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  init(_ error: SystemError, remedy: String = "") {
    let code: Code =
      switch error.action {
      case _ where error.isDiskFull: .diskFull
      case _ where error.isInUse: .portInUse
      case .bind, .openSocket, .startThread, .wait: .system
      default: .file
      }
    self.init(code, "\(error)" + (remedy.isEmpty ? error.remedy : remedy))
  }

  /// The message.
  public var description: String { message }
}
