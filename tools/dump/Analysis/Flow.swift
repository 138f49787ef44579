import ShoalWire

/// One direction of a connection: what goes from one end to the other under the id that the receiver gave.
struct Flow {
  /// The header's `connection` of its datagrams.
  let connection: UInt64
  /// Where its datagrams last came from.
  var source: Address
  /// Where they last went.
  var destination: Address
  /// The index of the other direction, once it is known.
  var reverse: Int?
  /// Whether the opener sends in this direction; nil if the handshake was not seen.
  var isFromOpener: Bool?
  /// What the handshake said.
  var window: UInt32?
  var arq: RepeatMode?
  var initialSequence: UInt32?

  /// When its first and its latest datagram were captured, in nanoseconds since 1970.
  var firstTime: UInt64?
  var lastTime: UInt64?
  /// When it was last used, counted in datagrams.
  var lastUse: UInt64 = 0
  /// Which way it went according to the capture, and where it was captured, if that is known.
  var directions: CapturedDirections = []
  var vantage: Vantage?
  /// The least time from here to the receiver and back, in nanoseconds, whatever showed it.
  var leg: UInt64?
  /// In the flow to the opener: when OPEN was captured last, and ACCEPT, until they were answered.
  var opened: UInt64?
  var accepted: UInt64?
  /// Whether a frame was cut that may have held several packets.
  var hidesPackets = false
  /// The numbered packets.
  var sent = SentPackets()
  /// The shortest time from here to the receiver and back, in nanoseconds, and how many samples there were.
  var shortestRoundTrip = UInt64.max
  var roundTrips: UInt64 = 0
  var smoothedRoundTrip: UInt64 = 0
  /// The largest datagram that the path was shown to carry; 0 if none was.
  var pathMTU = 0
  /// The corrupt datagrams that the receiver's ACKs report.
  var reportedCorrupt: UInt32 = 0

  /// Its DATA transmissions so far, as far as they were captured, and the one that left last.
  var transmissions: UInt64 = 0
  var latest: Transmission?
  /// The longest delay of ACKs that it asked for lately, in microseconds.
  var askedDelay: (latest: UInt16, before: UInt16) = (0, 0)
  /// What ACKs last reported: the latest timestamp that arrived, and in which ACK.
  var latestEcho: UInt32?
  /// The time until which what left may be what ACKs without an echo acknowledged.
  var answeredUntil: UInt64?
  var echoed = Seen()
  var losses = LossEvidence()
  /// Probe timeouts since the last ACK that acknowledged something new.
  var timeoutsInARow: UInt32 = 0
  /// While the address is unproven: what the opener sent, and what went back to it.
  var unproven: (received: Int, sent: Int)?
  /// The opener's OPEN, and the WANTs in it, in the flow towards the opener.
  var wish: OpenPacket?
  var earlyWants: [Want] = []

  init(connection: UInt64, source: Address, destination: Address) {
    (self.connection, self.source, self.destination) = (connection, source, destination)
  }
}

/// The transmission of a DATA packet.
struct Transmission {
  var number: Int64
  /// The sender's clock.
  var timestamp: UInt32
  /// Whether it is the first packet that a probe timeout made leave; the second follows at once.
  var isFirstProbe = false

  /// Microseconds from it to what left at `timestamp`, modulo 2^32; negative if that left before.
  func span(to timestamp: UInt32) -> Int32 { Int32(bitPattern: timestamp &- self.timestamp) }
}

/// A datagram that a later one may refer to.
struct Seen {
  /// 0: none.
  var number: UInt64 = 0
  var time: UInt64?

  /// The reference to it from a datagram at `time`.
  func reference(at now: UInt64?) -> Observation.Reference {
    guard let now, let time, now >= time else { return Observation.Reference(number: number) }
    return Observation.Reference(number: number, span: now - time)
  }
}
