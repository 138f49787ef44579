import ShoalBase
import ShoalContent
import ShoalWire

/// Bytes that the host gathers as it sends them: the core holds none.
public struct Payload: Hashable, Sendable, BitwiseCopyable {
  /// The host's own number for the file.
  public var source: UInt32
  /// A `ContentSpace`.
  public var space: UInt8
  /// The number that the receiver gave the file.
  public var file: UInt16
  /// The first byte.
  public var offset: UInt64
  /// How many bytes.
  public var length: Int

  /// A run of bytes of a file or its manifest.
  public init(source: UInt32, space: ContentSpace, file: UInt16, offset: UInt64, length: Int) {
    self.source = source
    self.space = space.rawValue
    self.file = file
    self.offset = offset
    self.length = length
  }
}

/// When a transmission left, and which it was, counted from 1 over all packets and attempts.
struct Departure: BitwiseCopyable {
  var order: UInt64
  var sentAt: Instant
}

/// What is remembered of a numbered packet until it is acknowledged.
struct SentPacket: BitwiseCopyable {
  /// Which transmission its last attempt was, and when that left; set as it leaves.
  var order: UInt64
  var sentAt: Instant
  /// For the delivery rate (draft-cheng-iccrg-delivery-rate-estimation §3.2), as of that attempt.
  var delivered: UInt64
  var deliveredAt: Instant
  var firstSentAt: Instant
  var appLimited: Bool
  /// Attempts so far.
  var attempts: UInt32
  /// The bytes of the last attempt's datagram.
  var bytes: Int32
  /// How its last attempt left.
  var phase: SendPhase
  /// It left in the second half of a burst.
  var isTail: Bool
  /// Its last attempt was a probe: it had not been declared lost.
  var isProbe: Bool
  /// It counts as in flight: sent, and neither acknowledged nor declared lost.
  var inFlight: Bool
  /// It was declared lost and waits to be repeated.
  var isLost: Bool
  /// The slot of the messages that it carries, if any.
  var messages: Int32?
  /// The block that it carries; its length is 0 if there is none.
  var payload: Payload

  /// The number of its last attempt, from 0.
  var attempt: UInt32 { attempts > 0 ? attempts - 1 : 0 }
  var departure: Departure { Departure(order: order, sentAt: sentAt) }
  /// Whether its last attempt was larger than every path carries.
  var isLarge: Bool { bytes > Limits.smallestDatagram }
}
