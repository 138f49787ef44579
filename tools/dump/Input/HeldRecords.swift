import ShoalCapture

/// Packets that were read ahead.
struct HeldRecords {
  private var records: [CaptureRecord] = []

  var isEmpty: Bool { records.isEmpty }
  var count: Int { records.count }
  var first: CaptureRecord? { records.first }

  /// Keeps a packet, behind the others.
  mutating func append(_ record: CaptureRecord) { records.append(record) }

  /// The first packet.
  mutating func take() -> CaptureRecord? { records.isEmpty ? nil : records.removeFirst() }

  /// Shows the first datagram of a packet, if it has one.
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
