import ShoalCapture

/// Why a capture cannot be read further, in words for people.
struct InputFailure: Error {
  var reason: String
  /// What kind of fault it is; stable, for programs.
  var code = "file"
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
  /// Fragments, which are not put together.
  private(set) var fragments: UInt64 = 0
  /// Whether `next` gives fragments too: each as a datagram of others, without ports, whose bytes are what it carries.
  var givesFragments = false
  /// What the last datagram is, if it is none but a fragment.
  private(set) var fragment: IPFragment?
  /// The frame of the last datagram, and where its IP packet lies in it; valid until the next call.
  private(set) var frame: (record: CaptureRecord, packet: Range<Int>)?

  init(_ records: consuming RecordSource) { self.records = records }

  /// The next datagram, whose bytes are valid until the next call; nil when more must be read.
  mutating func next() throws(InputFailure) -> Datagram? {
    if givesFragments { fragment = nil }
    if let datagram = segments.next() { return datagram }
    while let record = try records.next() {
      do throws(NotUDP) {
        let found = try IPFrame.parse(linkType: record.linkType, bytes: record.bytes, verifying: false)
        frame = (record, found.packet)
        return segments.first(of: record, found)
      } catch {
        pass(error)
        if givesFragments, case .fragment(let found) = error { return give(found, of: record) }
      }
    }
    return nil
  }

  private mutating func give(_ found: IPFragment, of record: CaptureRecord) -> Datagram {
    fragment = found
    frame = (record, found.packet)
    // Whatever the bytes look like, they are none of ours.
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    var datagram = Datagram(from: found.source, to: found.destination, payload: nothing, length: found.length)
    datagram.bytes = UnsafeRawBufferPointer(rebasing: record.bytes[found.payload])
    (datagram.number, datagram.time, datagram.direction) = (record.number, record.time, record.direction)
    return datagram
  }

  private mutating func pass(_ reason: NotUDP) {
    if case .fragment = reason {
      fragments += 1
    } else {
      others += 1
      if firstOther == nil { firstOther = reason }
    }
  }

  /// Reads on, waiting if need be; false at the end.
  mutating func fill() throws(InputFailure) -> Bool { try records.fill() }

  /// The link type that is not supported, where nothing else was found.
  var onlyLinkType: UInt16? {
    guard frame == nil, fragments == 0, case .unsupportedLinkType(let type)? = firstOther else { return nil }
    return type.rawValue
  }

  /// Packets that the kernel dropped because we were too slow.
  var dropped: UInt64 { records.dropped }
}
