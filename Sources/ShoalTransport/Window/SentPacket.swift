import ShoalBase
import ShoalContent
import ShoalWire

/// Bytes that the host gathers as it sends them: the core holds none.
package struct Payload: Hashable, Sendable, BitwiseCopyable {
  /// The host's own number for the file.
  package var source: UInt32
  /// A `ContentSpace`.
  package var space: UInt8
  /// The number that the receiver gave the file.
  package var file: UInt16
  /// The first byte.
  package var offset: UInt64
  /// How many bytes.
  package var length: Int

  /// A run of bytes of a file or its manifest.
  package init(source: UInt32, space: ContentSpace, file: UInt16, offset: UInt64, length: Int) {
    self.source = source
    self.space = space.rawValue
    self.file = file
    self.offset = offset
    self.length = length
  }
}

/// When a transmission left, and its place, counted from 1, among all packets and attempts.
struct Departure: BitwiseCopyable {
  var order: UInt64
  var sentAt: Instant
}

/// One of the transmissions of a numbered packet.
struct Transmission: BitwiseCopyable {
  var number: UInt64
  var order: UInt64
}

/// What is remembered of a numbered packet until it is acknowledged.
struct SentPacket: BitwiseCopyable {
  /// The place of its last attempt among all transmissions, and when that left; set as it leaves.
  var order: UInt64 = 0
  var sentAt = Instant.zero
  /// The state as of that attempt from which the delivery rate is computed (draft-cheng-iccrg-delivery-rate-estimation
  /// §3.2).
  var delivered: UInt64 = 0
  var deliveredAt = Instant.zero
  var firstSentAt = Instant.zero
  /// The bytes found lost by then, modulo 2^32.
  var lost: UInt32 = 0
  /// Attempts so far.
  var attempts: UInt32 = 0
  /// The bytes of the last attempt's datagram.
  var bytes: Int32 = 0
  /// Whether the sender had nothing more to send then.
  var appLimited = false
  /// How its last attempt left.
  var phase = SendPhase.steady
  /// Whether it left in the second half of a burst.
  var isTail = false
  /// Whether its last attempt was a probe: it had not been declared lost.
  var isProbe = false
  /// Whether it counts as in flight: sent, and neither acknowledged nor declared lost.
  var inFlight = false
  /// Whether it was declared lost and is waiting to be retransmitted.
  var isLost = false
  /// The slot of the messages that it carries, if any.
  var messages: Int32?
  /// The block that it carries; its length is 0 if there is none.
  var payload: Payload

  init(payload: Payload, messages: Int32?) {
    self.payload = payload
    self.messages = messages
  }

  /// Notes that it leaves, once more or for the first time.
  mutating func left(_ order: UInt64, bytes: Int, phase: SendPhase, isTail: Bool, at now: Instant) {
    isProbe = attempts > 0 && !isLost
    attempts += 1
    sentAt = now
    self.order = order
    self.bytes = Int32(bytes)
    self.phase = phase
    self.isTail = isTail
    inFlight = true
  }

  /// The number of its last attempt, from 0.
  var attempt: UInt32 { attempts > 0 ? attempts - 1 : 0 }
  var departure: Departure { Departure(order: order, sentAt: sentAt) }
  /// Whether its last attempt was larger than every path carries.
  var isLarge: Bool { bytes > Limits.smallestDatagram }
}
