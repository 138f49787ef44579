import ShoalBase
import ShoalCapture
import ShoalTerminal

/// Why a capture cannot be read further, in words for people.
struct InputFailure: Error {
  var reason: String
  /// What kind of fault it is; stable, for programs.
  var code = "file"
}

/// Reads the UDP datagrams of a capture: of a file, a block of it at a time, or from an interface.
///
/// Call `next` until it returns false, then `fill`, and repeat while that returns true.
struct DatagramReader: ~Copyable {
  private var records: RecordSource
  /// How many packets have been read.
  private(set) var packets: UInt64 = 0
  private var segments = Segments()
  private var watch = ClockWatch()
  private var held = HeldRecords()
  /// The steady time of the previous packet: as if the clock had not been set.
  private var previous: UInt64?
  private var copies = Copies()
  /// Datagrams that had already been captured on another interface, and were skipped for that reason.
  private(set) var copied: UInt64 = 0
  /// Whether `next` gives those too.
  var givesCopies = false
  /// Packets that are not UDP datagrams, and why the first of them is not.
  private(set) var others: UInt64 = 0
  private(set) var firstOther: NotUDP?
  /// Fragments, which are not reassembled.
  private(set) var fragments: UInt64 = 0
  /// Whether `next` gives fragments too: each as a datagram without ports that belongs to no flow and whose bytes are
  /// the fragment's payload.
  var givesFragments = false
  /// What the last datagram is, if it is only a fragment.
  private(set) var fragment: IPFragment?
  /// The packet that was read last.
  private var record = CaptureRecord()
  /// The frame of the last datagram.
  private(set) var frame: Frame?

  /// A captured frame with an IP packet in it.
  struct Frame {
    /// Where in the record the captured part of the IP packet lies.
    fileprivate var range: Range<Int>
    /// Which of the capture's interfaces it passed.
    var interface: UInt64

    fileprivate init(_ record: CaptureRecord, _ packet: Range<Int>, _ index: UInt32?) {
      range = packet
      interface = UInt64(truncatingIfNeeded: record.interface) << 32 | UInt64(index ?? 0)
    }
  }

  init(_ records: consuming RecordSource) { self.records = records }

  /// Reads the next datagram; false if `fill` must be called first.
  ///
  /// It is read in place, because a datagram is large and a million are read per second.
  mutating func next(_ datagram: inout Datagram) throws(InputFailure) -> Bool {
    while try any(&datagram) {
      if !records.isSteady { watch.note(datagram) }
      if records.hasSeveralInterfaces == nil { copies.note(datagram, on: frame?.interface ?? 0) }
      if watch.shift == 0, records.hasSeveralInterfaces != true { return true }
      if mark(&datagram) { return true }
    }
    return false
  }

  /// Marks the datagram as the duplicate or the copy of an earlier one; false if it is a copy that is not delivered.
  private mutating func mark(_ datagram: inout Datagram) -> Bool {
    if !records.isSteady { datagram.shift = watch.shift }
    guard records.hasSeveralInterfaces == true,
      let original = copies.original(of: datagram, on: frame?.interface ?? 0)
    else { return true }
    copied += 1
    datagram.copyOf = original
    return givesCopies
  }

  /// Reads the next datagram, whether or not it was seen before.
  @inline(__always)
  private mutating func any(_ datagram: inout Datagram) throws(InputFailure) -> Bool {
    if givesFragments { fragment = nil }
    if segments.hasMore, segments.next(&datagram) { return true }
    while try nextRecord() {
      packets += 1
      do throws(NotUDP) {
        let found = try IPFrame.parse(linkType: record.linkType, bytes: record.bytes.span, verifying: false)
        frame = Frame(record, found.packet, found.interface)
        segments.first(of: record, found, &datagram)
        return true
      } catch {
        pass(error)
        if givesFragments, case .fragment(let found) = error {
          datagram = give(found)
          return true
        }
      }
    }
    return false
  }

  /// Reads the next packet, and gives it its steady time.
  @inline(__always)
  private mutating func nextRecord() throws(InputFailure) -> Bool {
    if records.isSteady { return try records.next(&record) }
    let isHeld = !held.isEmpty
    if isHeld {
      guard let first = held.first else { return false }
      record = first
    } else {
      guard try records.next(&record) else { return false }
    }
    if watch.isJump(record.time) {
      judge(isHeld: isHeld)
    } else if isHeld {
      _ = held.take()
    }
    if watch.shift != 0 { record.time = watch.steady(record.time) }
    previous = record.time ?? previous
    return true
  }

  /// Reads the packets that follow a jump in the times, and judges the jump by them.
  private mutating func judge(isHeld: Bool) {
    if !isHeld { held.append(record) }
    var next = CaptureRecord()
    // A packet that cannot be read is reported when its turn comes.
    while held.count < ClockWatch.mostAhead, (try? records.next(&next)) == true { held.append(next) }
    watch.judge(held, before: previous)
    _ = held.take()
  }

  private mutating func give(_ found: IPFragment) -> Datagram {
    fragment = found
    frame = Frame(record, found.packet, nil)
    // Whatever the bytes of a fragment look like, they are not taken for a Shoal datagram.
    var datagram = Datagram(from: found.source, to: found.destination, payload: Bytes(), length: found.length)
    datagram.bytes = record.bytes.slice(found.payload)
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

  /// Reads more of the capture, waiting if necessary; false at its end.
  mutating func fill() throws(InputFailure) -> Bool { try records.fill() }

  /// The unsupported link type, if nothing else was found.
  var onlyLinkType: UInt16? {
    guard frame == nil, fragments == 0, case .unsupportedLinkType(let type)? = firstOther else { return nil }
    return type.rawValue
  }

  /// The captured part of the last frame's IP packet.
  var packet: Bytes? { frame.map { record.bytes.slice($0.range) } }

  /// What the capture calls the interface of the last frame; nil if it does not say.
  var interfaceName: String? {
    guard let frame else { return nil }
    let index = UInt32(truncatingIfNeeded: frame.interface)
    return records.name(ofInterface: Int(frame.interface >> 32)) ?? (index > 0 ? "interface \(index)" : nil)
  }

  /// What the user must know about how this was captured, in sentences.
  var remarks: [String] { [clockRemark, copyRemark].compactMap { $0 } }

  private var clockRemark: String? {
    guard let first = watch.first else { return nil }
    let times = watch.count > 1 ? " and \(watch.count - 1) time\(watch.count == 2 ? "" : "s") more" : ""
    let span = Units.duration(Double(first.by.magnitude) / 1e9)
    return "the clock of this capture was set \(first.by < 0 ? "back" : "ahead") by \(span)"
      + " at packet \(first.number)\(times): durations and relative times exclude the jump"
  }

  private var copyRemark: String? {
    guard copied > 0 else { return nil }
    let what = "\(Units.grouped(copied)) datagram\(copied == 1 ? " was" : "s were") captured on two interfaces or more"
    return "\(what), as happens on a host that forwards them: each counts once, where it was seen first"
  }

  /// Packets that the kernel dropped because we were too slow.
  var dropped: UInt64 { records.dropped }
}
