import ShoalBase

/// Which way a packet passed the machine that captured it.
package enum CaptureDirection: Hashable, Sendable {
  /// Received.
  case inbound
  /// Sent.
  case outbound
}

/// One captured packet.
package struct CaptureRecord {
  /// Its place among the packets of the file, counted from 1.
  package var number: UInt64
  /// Bytes from the start of the file to the block or record.
  package var offset: UInt64
  /// Nanoseconds since 1970-01-01 UTC, from 0 to `UInt64.max`; nil for a simple packet block, which has no time.
  package var time: UInt64?
  /// The index of the interface in its section; 0 in a pcap file.
  package var interface: Int
  /// Which header `bytes` starts with.
  package var linkType: LinkType
  /// How many bytes the packet had on the wire, according to the file.
  package var originalLength: Int
  /// Which way it went, if the file says so.
  package var direction: CaptureDirection?
  /// The captured bytes.
  package var bytes: Bytes
  /// The packet's first comment: UTF-8, as it is in the file (unchecked).
  package var comment: Bytes?

  /// An empty packet, for `CaptureReader` to read into.
  package init() { self.init(number: 0, time: nil, linkType: .raw, originalLength: 0, direction: nil, bytes: Bytes()) }

  /// A packet that does not come from a file.
  package init(
    number: UInt64, offset: UInt64 = 0, time: UInt64?, interface: Int = 0, linkType: LinkType, originalLength: Int,
    direction: CaptureDirection?, bytes: Bytes, comment: Bytes? = nil
  ) {
    (self.number, self.offset, self.time, self.interface) = (number, offset, time, interface)
    (self.linkType, self.originalLength, self.direction) = (linkType, originalLength, direction)
    (self.bytes, self.comment) = (bytes, comment)
  }

  /// How many bytes were captured.
  package var capturedLength: Int { bytes.count }
}

/// An interface that a capture file describes.
package struct CaptureInterface: Equatable, Sendable {
  /// Which header its frames start with.
  package var linkType: LinkType
  /// How many bytes of a packet are captured at most; 0 means no limit.
  package var snapLength: UInt32
  var clock: CaptureClock
}
