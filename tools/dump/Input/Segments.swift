import ShoalBase
import ShoalCapture
import ShoalContent
import ShoalWire

/// Splits a frame into the datagrams that it holds.
///
/// With segmentation offload the kernel gets many datagrams as one, and a capture records them as one, under one UDP
/// header. All but the last have the same size, which the frame does not state: it is found by looking for a place
/// where a header begins and the checksums on both sides match.
struct Segments {
  /// The most candidates that are tried before the frame is taken for one datagram: this limits the cost of hostile
  /// content.
  private static let mostTries = 16
  private var record: CaptureRecord?
  private var frame: IPFrame?
  /// Where in the record the datagrams lie that have not been read yet.
  private var rest = 0..<0
  private var size = 0
  private var part = 0

  /// Reads the first datagram of a frame; `next` reads the others.
  mutating func first(of record: CaptureRecord, _ frame: IPFrame, _ datagram: inout Datagram) {
    let length = max(frame.udpLength - 8, frame.payload.count)
    datagram = Datagram(record, frame, payload: frame.payload, length: length)
    rest = 0..<0
    guard datagram.isCorrupt, let size = Self.size(of: datagram.bytes) else { return }
    (self.record, self.frame, rest, part, self.size) = (record, frame, frame.payload, 0, size)
    _ = next(&datagram)
  }

  /// Whether there are more datagrams in the frame.
  var hasMore: Bool { !rest.isEmpty }

  /// Reads the next datagram of the frame; false if there are no more.
  mutating func next(_ datagram: inout Datagram) -> Bool {
    guard hasMore, let record, let frame else { return false }
    let range = rest.prefix(size)
    rest = rest.dropFirst(size)
    part += 1
    datagram = Datagram(record, frame, payload: range, length: range.count)
    datagram.part = part
    return true
  }

  /// The size of the datagrams in a payload that is not one datagram: after that many bytes a header begins, and at
  /// least two neighbours are intact.
  private static func size(of payload: Bytes) -> Int? {
    var tries = 0
    var size = Limits.headerLength
    while size + Limits.headerLength <= payload.count, tries < mostTries {
      guard isHeader(payload, at: size) else {
        size += 1
        continue
      }
      tries += 1
      let parts = (payload.count + size - 1) / size
      let intact = (0..<min(parts, 4)).count { part in
        let end = min((part + 1) * size, payload.count)
        return Checksum.isValid(payload.span.extracting(part * size..<end))
      }
      if intact >= 2 { return size }
      size += 1
    }
    return nil
  }

  private static func isHeader(_ bytes: Bytes, at offset: Int) -> Bool {
    // Most bytes cannot begin a header.
    guard bytes[offset] == UInt8(Header.magic >> 8) else { return false }
    let header = Header.peek(bytes.span.extracting(offset...))
    return header.magic == Header.magic && header.version == Limits.version
  }
}
