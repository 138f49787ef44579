import ShoalBase
import ShoalTransport
import ShoalWire

// The same by pointers and raw spans, for hosts that still hold their bytes by them.
extension Swarm {
  /// `receive`, by a raw span.
  package mutating func receive(_ datagram: RawSpan, from address: Address, at now: Instant) {
    receive(Span(_bytes: datagram), from: address, at: now)
  }
  /// `nextTransmit`, by a pointer.
  package mutating func nextTransmit(into buffer: UnsafeMutableRawBufferPointer, at now: Instant) -> Transmit? {
    var span = unsafe MutableSpan<UInt8>(_unsafeBytes: buffer)
    return nextTransmit(into: &span, at: now)
  }
}
