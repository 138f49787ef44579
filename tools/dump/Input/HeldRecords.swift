import ShoalCapture

/// Packets that have been read ahead.
struct HeldRecords {
  private var records: [CaptureRecord] = []

  var isEmpty: Bool { records.isEmpty }
  var count: Int { records.count }
  var first: CaptureRecord? { records.first }

  /// Keeps a packet, after the others.
  mutating func append(_ record: CaptureRecord) { records.append(record) }

  /// Takes out the first packet.
  mutating func take() -> CaptureRecord? { records.isEmpty ? nil : records.removeFirst() }

  /// Passes the first datagram of a packet to `body`, if the packet has one.
  func withDatagram(_ index: Int, _ body: (Datagram) -> Void) {
    let record = records[index]
    guard let frame = try? IPFrame.parse(linkType: record.linkType, bytes: record.bytes.span, verifying: false) else {
      return
    }
    var segments = Segments()
    var datagram = Datagram()
    segments.first(of: record, frame, &datagram)
    body(datagram)
  }
}
