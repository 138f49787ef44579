import ShoalWire

extension RunText {
  /// The numbers that the slice of an ACK tells to be missing; nil if it is in no encoding that is known.
  init?(missingIn ack: AckPacket, _ bytes: UnsafeRawBufferPointer) {
    guard SliceEncoding(rawValue: ack.encoding) != nil else { return nil }
    self.init()
    var runs = SliceReader(ack, bytes.bytes)
    while let run = runs.next() {
      if !run.isReceived { add(first: ack.first &+ run.offset, count: run.count) }
    }
  }
}
