import Glibc
import Shoal
import ShoalTerminal

/// Why a command failed.
struct Failure: Error {
  /// One line: the thing, the cause, the remedy.
  let message: String
  /// The kind of fault; a stable word, for programs.
  let code: String
  /// The exit status.
  let status: Int32

  init(_ message: String, code: String, status: Int32 = 1) {
    (self.message, self.code, self.status) = (message, code, status)
  }

  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let usage as UsageError: self.init(usage.message, code: "usage", status: 2)
    // A bad ticket counts as a usage error, because tickets are given on the command line.
    case let error as ShoalError:
      self.init(error.inFlags, code: error.code.rawValue, status: error.code == .badTicket ? 2 : 1)
    case let error as SystemError:
      self.init("\(error)", code: error.code == ENOSPC || error.code == EDQUOT ? "disk_full" : "file")
    default: self.init("\(error)", code: "unexpected")
    }
  }

  /// The last object that a failed command emits.
  var json: JSON { ["event": "error", "message": .string(message), "code": .string(code)] }

  /// The failure when a signal asked the process to end.
  static func interrupted(_ message: String) -> Failure { Failure(message, code: "interrupted") }
}
