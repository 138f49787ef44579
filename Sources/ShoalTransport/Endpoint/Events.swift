import ShoalBase
import ShoalWire

/// Names a connection of an endpoint; never reused within 2^32 connections of one slot.
public struct ConnectionID: Hashable, Sendable, BitwiseCopyable {
  var slot: UInt32
  var generation: UInt32
}

/// What an endpoint tells its owner. Places in a datagram are of the one last handed to `receive`.
public enum TransportEvent: Sendable, BitwiseCopyable {
  /// The handshake is complete; `byPeer` if the other side began it.
  case opened(ConnectionID, byPeer: Bool)
  /// A message other than a block has come, its fields being at `body`.
  case message(ConnectionID, MessageType, body: ByteRange)
  /// A block has come.
  case block(ConnectionID, Block)
  /// The connection is over. The code is a `CloseCode`, or one of a later version.
  case closed(ConnectionID, code: UInt16, byPeer: Bool)
}

/// A datagram to be sent.
public struct Transmit: Sendable, BitwiseCopyable {
  /// Where to.
  public var to: Address
  /// How many bytes were written to the buffer.
  public var headerLength: Int
  /// What follows them; its length is 0 if nothing does.
  public var payload: Payload
  /// How many bytes wait to be sent that follow the payload's in the file: worth reading together with them.
  public var ahead = 0
  /// The connection, if the datagram belongs to one.
  public var connection: ConnectionID?

  /// The bytes of the whole datagram.
  public var length: Int { headerLength + payload.length }

  /// A datagram; one that is complete as written has no payload and no connection.
  public init(to: Address, headerLength: Int, payload: Payload = .empty, connection: ConnectionID? = nil) {
    self.to = to
    self.headerLength = headerLength
    self.payload = payload
    self.connection = connection
  }
}

extension Payload {
  /// No bytes.
  public static let empty = Payload(source: 0, space: .content, file: 0, offset: 0, length: 0)
}

/// What was counted on one connection, or, summed up, on an endpoint.
public struct TransportCounters: Sendable, Hashable {
  /// Datagrams sent, of any kind.
  public var sent = 0
  /// Intact datagrams received, of any kind.
  public var received = 0
  /// Datagrams sent that repeat a numbered packet.
  public var retransmitted = 0
  /// Packets declared lost.
  public var lost = 0
  /// Packets that were declared lost and had arrived after all.
  public var spurious = 0
  /// Corrupt datagrams that came from the peer's address.
  public var corrupt = 0
  /// Numbered packets that arrived again.
  public var duplicate = 0
  /// Numbered packets received that were not their first attempt.
  public var receivedRetransmitted = 0
  /// UDP payload bytes sent.
  public var bytesSent = 0
  /// UDP payload bytes received.
  public var bytesReceived = 0
  /// Bytes of file sent, repeats included.
  public var contentSent = 0

  /// Nothing counted.
  public init() {}

  /// Adds what another counted.
  public static func += (a: inout TransportCounters, b: TransportCounters) {
    a.sent += b.sent
    a.received += b.received
    a.retransmitted += b.retransmitted
    a.lost += b.lost
    a.spurious += b.spurious
    a.corrupt += b.corrupt
    a.duplicate += b.duplicate
    a.receivedRetransmitted += b.receivedRetransmitted
    a.bytesSent += b.bytesSent
    a.bytesReceived += b.bytesReceived
    a.contentSent += b.contentSent
  }
}

/// How a connection stands.
public struct ConnectionStatus: Sendable {
  /// The id in the header of what goes to the peer; 0 until it is known.
  public var remoteID: UInt64
  /// The peer's address.
  public var address: Address
  /// The smoothed round trip; nil before the first sample.
  public var roundTrip: Nanoseconds?
  /// Bytes sent that are neither acknowledged nor taken for lost.
  public var bytesInFlight: Int
  /// The most of them that congestion control allows.
  public var congestionWindow: Int
  /// Bytes a second; infinite if not paced.
  public var pacingRate: Double
  /// How long nothing may be acknowledged before what is in flight is probed.
  public var probeTimeout: Nanoseconds
  /// How often that has passed in a row.
  public var probeTimeouts: Int
  /// The congestion controller's state, by name.
  public var state: String
  /// Bytes of file that wait to be sent.
  public var queuedBytes: Int
  /// The negotiated window in packets.
  public var window: UInt32
  /// The negotiated repeat mode.
  public var repeatMode: RepeatMode
  /// The UDP payload of a full datagram.
  public var datagram: Int
  /// What was counted.
  public var counters: TransportCounters
}
