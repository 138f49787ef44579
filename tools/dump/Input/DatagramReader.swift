import Glibc
import ShoalCapture

/// Why a capture cannot be read further, in words for people.
struct InputFailure: Error {
  var reason: String
}

/// Reads the UDP datagrams of a capture file, holding a block of it at a time.
///
/// Call `next` until it returns nil, then `fill`, and repeat while that returns true.
struct DatagramReader: ~Copyable {
  private static let chunk = 1 << 18
  private let descriptor: Int32
  private var reader = CaptureReader()
  private var segments = Segments()
  private var isAtEnd = false
  /// Packets that are not UDP datagrams, and why the first is not.
  private(set) var others: UInt64 = 0
  private(set) var firstOther: NotUDP?
  /// Nanoseconds since 1970 of the first packet that tells its time.
  private(set) var firstTime: UInt64?
  /// The comment of the packet of the last datagram.
  private(set) var comment: UnsafeRawBufferPointer?

  /// Reads what an open file, a pipe or a socket gives; whoever opened it closes it.
  init(descriptor: Int32) { self.descriptor = descriptor }

  /// The next datagram, whose bytes are valid until the next call; nil when more must be read.
  mutating func next() throws(InputFailure) -> Datagram? {
    if let datagram = segments.next() { return datagram }
    do throws(CaptureError) {
      while let record = try reader.next() {
        if firstTime == nil { firstTime = record.time }
        do throws(NotUDP) {
          let frame = try IPFrame.parse(linkType: record.linkType, bytes: record.bytes, verifying: false)
          comment = record.comment
          return segments.first(of: record, frame)
        } catch {
          others += 1
          if firstOther == nil { firstOther = error }
        }
      }
      return nil
    } catch { throw InputFailure(reason: "\(error)") }
  }

  /// Reads on, waiting if need be; false at the end of the file.
  mutating func fill() throws(InputFailure) -> Bool {
    guard !isAtEnd else { return false }
    let room = reader.prepare(Self.chunk)
    while true {
      let count = Glibc.read(descriptor, room.baseAddress, room.count)
      if count > 0 {
        reader.commit(count)
        return true
      } else if count == 0 {
        isAtEnd = true
        reader.finish()
        return true
      } else if errno != EINTR {
        throw InputFailure(reason: String(cString: strerror(errno)))
      }
    }
  }
}
