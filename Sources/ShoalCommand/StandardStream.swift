import Glibc
import Shoal
import ShoalTerminal

/// Standard input in parts, each read on demand.
struct StandardInput: AsyncSequence, Sendable {
  func makeAsyncIterator() -> Iterator { Iterator() }

  struct Iterator: AsyncIteratorProtocol {
    mutating func next() async throws -> [UInt8]? {
      try await waiting {
        var bytes = [UInt8](repeating: 0, count: 256 << 10)
        var room = bytes.mutableSpan
        var count: Int
        repeat { count = Descriptor.read(from: STDIN_FILENO, into: &room) } while count < 0 && errno == EINTR
        guard count >= 0 else { throw SystemError(errno, .read, "standard input") }
        return count == 0 ? nil : Array(bytes[..<count])
      }
    }
  }
}

enum StandardOutput {
  /// Writes all of these bytes, however slow the reader is.
  static func write(_ bytes: ArraySlice<UInt8>) async throws {
    try await waiting {
      var rest = bytes
      while !rest.isEmpty {
        let count = Descriptor.write(rest.span, to: STDOUT_FILENO)
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if count == 0 || errno != EINTR {
          throw SystemError(errno, .write, "standard output")
        }
      }
    }
  }
}

/// Runs what may block on another program on a thread of its own, because the threads for tasks are few.
func waiting<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    SystemThread.run("shoal-stream") {
      do { continuation.resume(returning: try body()) } catch { continuation.resume(throwing: error) }
    }
  }
}
