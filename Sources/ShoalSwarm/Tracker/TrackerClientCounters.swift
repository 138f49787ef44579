/// What a tracker client has sent and received.
package struct TrackerClientCounters: Sendable, Equatable {
  /// Requests begun, including CONNECT.
  package internal(set) var requests = 0
  /// Tries of a request after its first.
  package internal(set) var retries = 0
  /// Requests that the tracker refused.
  package internal(set) var errors = 0
  /// Datagrams from the tracker that answer no request, or cannot be decoded.
  package internal(set) var ignored = 0
}
