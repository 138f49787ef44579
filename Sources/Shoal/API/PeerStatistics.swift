/// What one peer has counted, in both its roles.
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
  /// Numbered packets that were received before.
  public var duplicate = 0
  /// Datagrams received that the other side had retransmitted.
  public var receivedRetransmitted = 0
  /// Datagrams that the system refused to send: no route, a firewall.
  public var refused = 0
  /// Why the system refused the last of them, if there was one.
  public var lastRefusal: String?
  /// Connections that are open.
  public var connections = 0

  /// Nothing counted.
  public init() {}
}
