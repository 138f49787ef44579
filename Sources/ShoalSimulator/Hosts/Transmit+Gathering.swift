import ShoalTransport

extension Transmit {
  /// The datagram whose header is in `buffer`, with its content, if any, written by `fill`; it is yet to be sealed.
  func gathered(
    behind buffer: [UInt8], _ fill: (Payload, inout MutableSpan<UInt8>) -> Void
  ) -> [UInt8] {
    var bytes = Array(buffer[..<length])
    if payload.length > 0 {
      var span = bytes.mutableSpan
      var room = span._mutatingExtracting(headerLength...)
      fill(payload, &room)
    }
    return bytes
  }
}
