/// What a tracker client has sent and received.
public struct TrackerClientCounters: Sendable, Equatable {
  /// Requests begun, CONNECT among them.
  public internal(set) var requests = 0
  /// Tries beyond the first of a request.
  public internal(set) var retries = 0
  /// Requests that the tracker refused.
  public internal(set) var errors = 0
  /// Datagrams from the tracker that answer nothing asked, or cannot be read.
  public internal(set) var ignored = 0
}
