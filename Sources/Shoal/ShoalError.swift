/// What went wrong, in words for people: the thing, the cause, and the remedy where there is one.
public struct ShoalError: Error, Sendable, CustomStringConvertible {
  /// What kind of fault it is; stable, for programs.
  public enum Code: String, Sendable {
    case badTicket = "bad_ticket"
    case badAddress = "bad_address"
    case file = "file"
    case exists = "exists"
    case diskFull = "disk_full"
    case network = "network"
    case portInUse = "port_in_use"
    case unknownName = "unknown_name"
    case ambiguousName = "ambiguous_name"
    case noPeers = "no_peers"
    case version = "version"
    case changed = "changed"
    case incomplete = "incomplete"
    case stopped = "stopped"
    case unsupported = "unsupported"
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
    let code: Code = error.isDiskFull ? .diskFull : error.isInUse ? .portInUse : .file
    self.init(code, "\(error)" + remedy)
  }

  /// The message.
  public var description: String { message }
}
