import ShoalBase
import ShoalCapture
import ShoalWire

extension RunText {
  /// The numbers that are missing according to the slice of an ACK; nil if its encoding is unknown.
  init?(missingIn ack: AckPacket, _ bytes: Bytes) {
    guard SliceEncoding(rawValue: ack.encoding) != nil else { return nil }
    self.init()
    var runs = SliceReader(ack, bytes.span)
    while let run = runs.next() {
      if !run.isReceived { add(first: ack.first &+ run.offset, count: run.count) }
    }
  }
}
