import Glibc

// Safety: `poll` is given one local structure, and told that it is one.

/// Writes whole lines to a stream, each with one `write`, so that lines of several processes do not mix.
struct LineWriter {
  let descriptor: Int32
  /// Whether to end the process when the stream's reader is gone.
  let quitsWhenClosed: Bool
  /// The first error of the stream; nothing is written after it.
  private(set) var failure: Int32 = 0

  init(_ descriptor: Int32, quitsWhenClosed: Bool) {
    (self.descriptor, self.quitsWhenClosed) = (descriptor, quitsWhenClosed)
  }

  mutating func write(_ text: String) {
    let bytes = Array(text.utf8)
    write(bytes.span)
  }

  mutating func write(_ bytes: Span<UInt8>) {
    var rest = bytes
    while !rest.isEmpty, failure == 0 {
      let count = Descriptor.write(rest, to: descriptor)
      if count >= 0 { rest = rest.extracting(count...) } else { recover(from: errno) }
    }
  }

  private mutating func recover(from error: Int32) {
    switch error {
    case EINTR: return
    case EAGAIN:
      // Another process may have made the terminal that we share non-blocking.
      var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      unsafe poll(&ready, 1, -1)
    case EPIPE where quitsWhenClosed:
      // The parent process ignores SIGPIPE: end with the status that a shell shows for it.
      _exit(128 + SIGPIPE)
    default: failure = error
    }
  }
}
