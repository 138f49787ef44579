import Glibc

// Safety: strerror returns a string that lasts until its next call, and it is copied at once.

/// A small file that a command reads as a whole.
package enum WholeFile {
  /// Why it could not be read.
  package struct Failure: Error, Sendable {
    /// The cause, for people.
    package let reason: String
  }

  /// The bytes of the file at a path, which must be no more than `most`.
  package static func read(_ path: String, atMost most: Int) throws(Failure) -> [UInt8] {
    let descriptor = SystemCall.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(reason: cause()) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while true {
      let old = bytes.count
      bytes += [UInt8](repeating: 0, count: 1 << 16)
      var span = bytes.mutableSpan
      var room = span._mutatingExtracting(old...)
      let count = Descriptor.read(from: descriptor, into: &room)
      bytes.removeLast((1 << 16) - max(count, 0))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Failure(reason: cause()) }
      guard count > 0 else { return bytes }
      guard bytes.count <= most else { throw Failure(reason: "it has more than \(Units.bytes(UInt64(most)))") }
    }
  }

  private static func cause() -> String { unsafe String(cString: strerror(errno)) }
}
