import ShoalWire

/// What the analyzer says about one datagram: what is remarkable about it, and the state of its flow after it.
///
/// Numbers of packets are unwrapped to 64 bits: the low 32 bits are those on the wire, and they never wrap.
struct Observation {
  /// An earlier datagram that a mark refers to.
  struct Reference {
    /// Its `Datagram.number`; 0: none was seen.
    var number: UInt64 = 0
    /// Nanoseconds from it to this datagram, if both times are known.
    var span: UInt64?
  }

  var marks = MarkSet()
  /// Why the fields are not what the protocol requires.
  var fault: WireError?
  /// The index, in `Analyzer.flows`, of the direction in which the datagram travels; nil if its connection is unknown.
  var flow: Int?
  /// The flow whose numbers the datagram concerns: its own for DATA, the reverse for an ACK.
  var subject: Int?
  /// The first number of the subject, if its handshake was seen: people count from there.
  var origin: UInt32?
  /// Whether it was captured between the ends of the path: what its sender knew cannot be seen.
  var isBetween = false

  // MARK: DATA

  /// The number of a DATA packet.
  var sequence: Int64?
  /// Bytes of content in its BLOCKs.
  var content = 0
  /// Bytes by which a retransmission is shorter than the transmission before: they go out under a new number.
  var cutOff = 0
  /// Whether its number was not seen before, so that the content is new.
  var isFresh = false
  /// How many times it was sent before, as it says itself.
  var attempt: UInt8 = 0
  /// The first transmission of what is retransmitted; the original of a duplicate.
  var first = Reference()
  /// The ACK that showed that what is retransmitted was lost, or that retransmitting it was needless.
  var cause = Reference()
  /// Under go-back-N, how many packets are sent again from here on.
  var goBack: Int64 = 0
  /// Which probe timeout in a row this is, from 1.
  var timeouts: UInt32 = 0
  /// Whether it is the first retransmission of that timeout.
  var startsTimeout = false

  /// Whether it is a retransmission of what was not captured before.
  var isMissed: Bool {
    marks.contains(.resent) && !marks.contains(.duplicate) && first.number == 0 && marks.intersection(.losses).isEmpty
  }

  // MARK: ACK

  /// The number before which all numbers of the subject have arrived.
  var next: Int64?
  /// One more than the highest number that has arrived.
  var top: Int64 = 0
  /// Bytes of datagrams that this ACK was the first to acknowledge.
  var acknowledgedBytes = 0
  /// Packets that this ACK was the first to acknowledge.
  var acknowledgedPackets = 0
  /// When it left, by its sender's clock in microseconds; nil if it does not say.
  var left: UInt32?
  /// How many retransmissions this ACK shows to have been needless.
  var needless = 0
  /// A sample of the time from here to the receiver and back, in nanoseconds, its own delay deducted.
  var roundTrip: UInt64?
  /// How many numbers beyond the last one sent the ACK concerns; if any, it is not believed.
  var beyond: Int64 = 0
  /// The longest delay that was asked for, in microseconds, where the ACK is late.
  var delayLimit: UInt32 = 0

  // MARK: The subject after this datagram

  /// Bytes of datagrams sent and not acknowledged, with each number counted once; nil if the capture was made at the
  /// receiver, which cannot know it.
  var inFlight: Int?
  /// The first number that the window forbids, if the window is known.
  var windowEdge: Int64?

  // MARK: Others

  /// The request that a reply answers, or that a retry repeats.
  var request = Reference()
  /// Which try a retry is, from 2.
  var tries: UInt32 = 0
  /// The size that the path was shown to carry, or from which it fell back.
  var pathMTU = 0
}
