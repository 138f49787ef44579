import Glibc

/// Why the emulator cannot go on: one line that names the thing, the cause and the remedy.
struct Failure: Error {
  let message: String

  init(_ message: String) { self.message = message }

  /// What the system said of `thing`.
  init(system thing: String, code: Int32 = errno) {
    message = "\(thing): \(String(cString: strerror(code)))"
  }
}
