import Glibc

// Safety: the path is a constant.

/// The standard streams, by number: 0, 1 and 2.
package enum StandardStreams {
  /// Replaces those that were closed when the program started. Call it before the program opens anything: otherwise a
  /// file could get one of these numbers, and printed text would go into it.
  ///
  /// The replacements are as unusable as the closed originals: being unable to print remains an error.
  package static func reserve() {
    while true {
      // `open` takes the lowest number that is free.
      let descriptor = unsafe open("/dev/null", O_RDONLY)
      guard 0...STDERR_FILENO ~= descriptor else {
        if descriptor >= 0 { close(descriptor) }
        return
      }
      guard descriptor == STDIN_FILENO else { continue }
      close(descriptor)
      guard unsafe open("/dev/null", O_WRONLY) == STDIN_FILENO else { return }
    }
  }
}
