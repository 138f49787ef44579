import ShoalCapture

/// Why a capture cannot be read further, in words for people.
struct InputFailure: Error {
  var reason: String
}

/// Reads the UDP datagrams of a capture: a file, holding a block of it at a time, or an interface.
///
/// Call `next` until it returns nil, then `fill`, and repeat while that returns true.
struct DatagramReader: ~Copyable {
  private var records: RecordSource
  private var segments = Segments()
  /// Packets that are not UDP datagrams, and why the first is not.
  private(set) var others: UInt64 = 0
  private(set) var firstOther: NotUDP?
  /// Fragments, which are not put together, and the first of them.
  private(set) var fragments: UInt64 = 0
  private(set) var firstFragment: IPFragment?
  /// The frame of the last datagram, and where its IP packet lies in it; valid until the next call.
  private(set) var frame: (record: CaptureRecord, packet: Range<Int>)?

  init(_ records: consuming RecordSource) { self.records = records }

  /// The next datagram, whose bytes are valid until the next call; nil when more must be read.
  mutating func next() throws(InputFailure) -> Datagram? {
    if let datagram = segments.next() { return datagram }
    while let record = try records.next() {
      do throws(NotUDP) {
        let found = try IPFrame.parse(linkType: record.linkType, bytes: record.bytes, verifying: false)
        frame = (record, found.packet)
        return segments.first(of: record, found)
      } catch { pass(error) }
    }
    return nil
  }

  private mutating func pass(_ reason: NotUDP) {
    if case .fragment(let fragment) = reason {
      fragments += 1
      if firstFragment == nil { firstFragment = fragment }
    } else {
      others += 1
      if firstOther == nil { firstOther = reason }
    }
  }

  /// Reads on, waiting if need be; false at the end.
  mutating func fill() throws(InputFailure) -> Bool { try records.fill() }

  /// Packets that the kernel dropped because we were too slow.
  var dropped: UInt64 { records.dropped }
}
