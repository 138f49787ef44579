/// What a tracker client has sent and received.
package struct TrackerClientCounters: Sendable, Equatable {
  /// Requests begun, CONNECT among them.
  package internal(set) var requests = 0
  /// Tries beyond the first of a request.
  package internal(set) var retries = 0
  /// Requests that the tracker refused.
  package internal(set) var errors = 0
  /// Datagrams from the tracker that answer nothing asked, or cannot be read.
  package internal(set) var ignored = 0
}
