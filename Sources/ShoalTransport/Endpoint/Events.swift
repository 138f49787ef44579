import ShoalBase
import ShoalWire

/// Names a connection of an endpoint; it is never reused within 2^32 connections of one slot.
package struct ConnectionID: Hashable, Sendable, BitwiseCopyable {
  var slot: UInt32
  var generation: UInt32
}

/// What an endpoint tells its owner. Positions in a datagram refer to the one last given to `receive`.
package enum TransportEvent: Sendable, BitwiseCopyable {
  /// The handshake is complete; `byPeer` if the other side began it.
  case opened(ConnectionID, byPeer: Bool)
  /// A message other than a block has arrived; its fields are at `body`.
  case message(ConnectionID, MessageType, body: ByteRange)
  /// A block has arrived.
  case block(ConnectionID, Block)
  /// The connection is over. The code is a `CloseCode`, or one of a later version.
  case closed(ConnectionID, code: UInt16, byPeer: Bool)
}

/// A datagram to be sent.
package struct Transmit: Sendable, BitwiseCopyable {
  /// The address to send it to.
  package var to: Address
  /// How many bytes were written to the buffer.
  package var headerLength: Int
  /// What follows them; its length is 0 if nothing does.
  package var payload: Payload
  /// How many bytes that follow the payload's in the file are waiting to be sent: worth reading together with them.
  package var ahead = 0
  /// The connection, if the datagram belongs to one.
  package var connection: ConnectionID?

  /// The bytes of the whole datagram.
  package var length: Int { headerLength + payload.length }

  /// A datagram; one that is complete as written has no payload and no connection.
  package init(to: Address, headerLength: Int, payload: Payload = .empty, connection: ConnectionID? = nil) {
    self.to = to
    self.headerLength = headerLength
    self.payload = payload
    self.connection = connection
  }
}

extension Payload {
  /// No bytes.
  package static let empty = Payload(source: 0, space: .content, file: 0, offset: 0, length: 0)
}

/// The counters of one connection or, added up, of an endpoint.
package struct TransportCounters: Sendable, Hashable {
  /// Datagrams sent, of any kind.
  package var sent = 0
  /// Intact datagrams received, of any kind.
  package var received = 0
  /// Datagrams sent that retransmit a numbered packet.
  package var retransmitted = 0
  /// Packets declared lost.
  package var lost = 0
  /// Packets that were declared lost and had arrived after all.
  package var spurious = 0
  /// Corrupt datagrams that came from the peer's address.
  package var corrupt = 0
  /// Numbered packets that arrived more than once.
  package var duplicate = 0
  /// Numbered packets received that were not their first attempt.
  package var receivedRetransmitted = 0
  /// UDP payload bytes sent.
  package var bytesSent = 0
  /// UDP payload bytes received.
  package var bytesReceived = 0
  /// Bytes of files sent, including retransmissions.
  package var contentSent = 0

  /// Counters at zero.
  package init() {}

  /// Adds other counters.
  package static func += (a: inout TransportCounters, b: TransportCounters) {
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

/// How a connection sends.
package struct Sending: Sendable {
  /// The bytes of files that are waiting to be sent for the first time.
  package var unsent: Int
  /// The most bytes in flight that congestion control allows.
  package var window: Int
  /// The smoothed round trip; nil before the first sample.
  package var roundTrip: Nanoseconds?
  /// How fast it can send at present, in bytes per second; before the first sample, in round trips of 0.1 s.
  package var rate: Double
}

/// What keeps a connection from sending.
package enum SendHold: Sendable {
  /// Nothing is waiting to be sent.
  case nothing
  /// The negotiated window is full.
  case window
  /// The congestion window is full.
  case congestion
  /// The pacer.
  case pace
  /// The rate to which the content of all connections together is held.
  case content
  /// Nothing: something leaves as soon as it is asked for.
  case none
}

/// The status of a connection.
package struct ConnectionStatus: Sendable {
  /// The id in the header of what goes to the peer; 0 until it is known.
  package var remoteID: UInt64
  /// The peer's address.
  package var address: Address
  /// The smoothed round trip; nil before the first sample.
  package var roundTrip: Nanoseconds?
  /// Bytes sent that are neither acknowledged nor declared lost.
  package var bytesInFlight: Int
  /// The most bytes in flight that congestion control allows.
  package var congestionWindow: Int
  /// Bytes per second; infinite if not paced.
  package var pacingRate: Double
  /// The probe timeout.
  package var probeTimeout: Nanoseconds
  /// How many probe timeouts have passed in a row.
  package var probeTimeouts: Int
  /// The congestion controller's state, by name.
  package var state: String
  /// Bytes of files that are waiting to be sent.
  package var queuedBytes: Int
  /// The negotiated window in packets.
  package var window: UInt32
  /// The negotiated repeat mode.
  package var repeatMode: RepeatMode
  /// The UDP payload of a full datagram.
  package var datagram: Int
  /// What keeps it from sending.
  package var hold: SendHold
  /// The counters.
  package var counters: TransportCounters
}
