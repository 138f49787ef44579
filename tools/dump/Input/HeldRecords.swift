import ShoalCapture

/// Packets that were read ahead, in memory of their own.
struct HeldRecords: ~Copyable {
  private var records: [CaptureRecord] = []
  /// The memory of the packet that was taken last.
  private var taken: UnsafeRawBufferPointer?
  /// Whether there is nothing to take, nor anything whose memory is still in use.
  private(set) var isEmpty = true

  init() {}

  deinit {
    taken?.deallocate()
    for record in records { record.bytes.deallocate() }
  }

  var count: Int { records.count }
  var first: CaptureRecord? { records.first }

  /// Keeps a copy of a packet, behind the others.
  mutating func append(_ record: CaptureRecord) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(record.bytes.count, 1), alignment: 8)
    copy.copyMemory(from: record.bytes)
    var record = record
    record.bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(copy)[..<record.bytes.count])
    record.comment = nil
    records.append(record)
    isEmpty = false
  }

  /// The first packet, valid until the next is taken.
  mutating func take() -> CaptureRecord? {
    taken?.deallocate()
    taken = nil
    guard !records.isEmpty else {
      isEmpty = true
      return nil
    }
    let record = records.removeFirst()
    taken = record.bytes
    return record
  }

  /// Shows the first datagram of a packet, if it has one.
  func withDatagram(_ index: Int, _ body: (Datagram) -> Void) {
    let record = records[index]
    guard let frame = try? IPFrame.parse(linkType: record.linkType, bytes: record.bytes, verifying: false) else {
      return
    }
    var segments = Segments()
    var datagram = Datagram()
    segments.first(of: record, frame, &datagram)
    body(datagram)
  }
}
