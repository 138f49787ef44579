/// The counters of one peer, as a sender and as a receiver.
public struct PeerStatistics: Sendable {
  /// Datagrams sent.
  public var sent = 0
  /// Bytes of UDP payload sent.
  public var bytesSent = 0
  /// Datagrams received intact.
  public var received = 0
  /// Bytes of UDP payload received intact.
  public var bytesReceived = 0
  /// Datagrams sent that repeat a numbered packet.
  public var retransmitted = 0
  /// Packets sent that were declared lost.
  public var lost = 0
  /// Datagrams received that were corrupt.
  public var corrupt = 0
  /// Numbered packets received more than once.
  public var duplicate = 0
  /// Datagrams received that were retransmissions.
  public var receivedRetransmitted = 0
  /// Datagrams that the system refused to send, for instance for want of a route or because of a firewall.
  public var refused = 0
  /// The system's reason for the last refusal, if there was one.
  public var lastRefusal: String?
  /// Connections that are open.
  public var connections = 0

  /// Counters at zero.
  public init() {}
}
