import ShoalWire

/// What the analyzer says of one datagram: what is remarkable about it, and how its flow stands after it.
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
  /// Why the fields are not what the protocol says.
  var fault: WireError?
  /// The index, among `Analyzer.flows`, of the direction in which the datagram travels; nil: of no connection known.
  var flow: Int?
  /// The flow whose numbers the datagram concerns: its own for DATA, the reverse for an ACK.
  var subject: Int?
  /// The first number of the subject, if its handshake was seen: people count from there.
  var origin: UInt32?
  /// Whether it was captured between the ends of the path: what its sender knew does not show.
  var isBetween = false

  // MARK: DATA

  /// The number of a DATA packet.
  var sequence: Int64?
  /// Bytes of content in its BLOCKs.
  var content = 0
  /// Bytes by which a repeat is shorter than the sending before: they go out under a new number.
  var cutOff = 0
  /// Whether its number was not seen before, so that the content is new.
  var isFresh = false
  /// How many times it was sent before, as it says itself.
  var attempt: UInt8 = 0
  /// The first sending of a repeat; the original of a duplicate.
  var first = Reference()
  /// The ACK that showed that what is repeated was lost, or needless.
  var cause = Reference()
  /// Under go-back-N, how many packets are sent again from here on.
  var goBack: Int64 = 0
  /// Which probe timeout in a row this is, from 1.
  var timeouts: UInt32 = 0
  /// Whether it is the first repeat of that timeout.
  var startsTimeout = false

  /// Whether it is a repeat of what was not captured before.
  var isMissed: Bool {
    marks.contains(.resent) && !marks.contains(.duplicate) && first.number == 0 && marks.intersection(.losses).isEmpty
  }

  // MARK: ACK

  /// All numbers of the subject before this one have arrived.
  var next: Int64?
  /// One more than the highest number that has arrived.
  var top: Int64 = 0
  /// Bytes of datagrams that this ACK was the first to acknowledge.
  var acknowledgedBytes = 0
  /// Packets that this ACK was the first to acknowledge.
  var acknowledgedPackets = 0
  /// How many repeats this ACK shows to have been needless.
  var needless = 0
  /// A sample of the time from here to the receiver and back, in nanoseconds, its own delay deducted.
  var roundTrip: UInt64?
  /// How many numbers beyond the last that was sent the ACK concerns; it is not believed then.
  var beyond: Int64 = 0
  /// The longest delay that was asked for, in microseconds, where the ACK is late.
  var delayLimit: UInt32 = 0

  // MARK: The subject after this datagram

  /// Bytes of datagrams sent and not acknowledged, each number counted once; nil where the receiver captured, who
  /// cannot know it.
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
