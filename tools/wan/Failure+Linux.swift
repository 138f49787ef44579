import Glibc

// Safety: the text is copied at once.

/// Why the emulator cannot continue: one line that names the thing, the cause and the remedy.
struct Failure: Error {
  let message: String
  /// The exit status.
  let status: Int32

  init(_ message: String, status: Int32 = 1) { (self.message, self.status) = (message, status) }

  /// What the system said about `thing`.
  init(system thing: String, code: Int32 = errno, status: Int32 = 1) {
    self.init(unsafe "\(thing): \(String(cString: strerror(code)))", status: status)
  }
}
