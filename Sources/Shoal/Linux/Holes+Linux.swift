import CShoal
import Glibc
import ShoalBase

// Holes: ranges of a file that were never written, or were given back.
extension File {
  /// Whether these bytes are in a hole, as far as the file system knows; they read as zeros. They lie in the file.
  package func isHole(_ range: Range<Int>) -> Bool {
    guard parts == nil else { return false }
    let data = lseek(descriptor, range.lowerBound, SEEK_DATA)
    return data < 0 ? errno == ENXIO : data >= range.upperBound
  }

  /// Makes these bytes zeros and frees their disk space, where the file system can.
  package func clear(_ range: Range<Int>) throws(SystemError) {
    if let parts { return try parts.clear(range) }
    guard !punch(range), !isHole(range) else { return }
    let zeros = Memory(min(range.count, 256 << 10))
    zeros.write(0..<zeros.count) { for i in $0.indices { $0[i] = 0 } }
    var position = range.lowerBound
    while position < range.upperBound {
      let count = min(zeros.count, range.upperBound - position)
      try write(zeros, 0..<count, at: position)
      position += count
    }
  }

  /// Punches a hole, without changing the file's length; false where that is not possible.
  private func punch(_ range: Range<Int>) -> Bool {
    let mode = Int32(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)
    var result: Int32
    repeat { result = fallocate(descriptor, mode, range.lowerBound, range.count) } while result != 0 && errno == EINTR
    return result == 0
  }
}
