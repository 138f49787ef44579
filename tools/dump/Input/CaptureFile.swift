import Glibc
import ShoalTerminal

/// A capture that is open for reading: a file, or standard input where its name is `-`.
struct CaptureFile: ~Copyable {
  /// The name, harmless to a terminal.
  let name: String
  var reader: DatagramReader
  private let descriptor: Int32
  private let isOwn: Bool

  init(_ path: String, input: Int32) throws(InputFailure) {
    isOwn = path != "-"
    name = isOwn ? escaped(path, asciiOnly: true) : "standard input"
    descriptor = isOwn ? open(path, O_RDONLY | O_CLOEXEC) : input
    reader = DatagramReader(descriptor: descriptor)
    guard descriptor >= 0 else { throw InputFailure(reason: "\(name): \(String(cString: strerror(errno)))") }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  }

  deinit { if isOwn, descriptor >= 0 { close(descriptor) } }

  /// The next datagram; nil when more must be read.
  mutating func next() throws(InputFailure) -> Datagram? {
    do throws(InputFailure) { return try reader.next() } catch { throw named(error) }
  }

  /// Reads on; false at the end.
  mutating func fill() throws(InputFailure) -> Bool {
    do throws(InputFailure) { return try reader.fill() } catch { throw named(error) }
  }

  private func named(_ failure: InputFailure) -> InputFailure { InputFailure(reason: "\(name): \(failure.reason)") }
}
