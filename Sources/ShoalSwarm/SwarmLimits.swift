import ShoalBase

/// Limits on a peer's rates and connections. They may be changed while it runs; nil means no limit.
package struct SwarmLimits: Sendable, Hashable {
  /// The most bytes of files per second sent to all peers together, including retransmissions.
  package var upload: Int?
  /// The most bytes of files per second requested from all peers together.
  package var download: Int?
  /// The most connections at a time. A lower limit closes no open connection.
  package var peers: Int?

  /// No limits.
  package init() {}

  /// The lowest limit for a rate, in bytes per second: with less, a block takes longer than peers wait.
  package static let leastRate = 1_000
}

/// Limits the rate of requests, and so of what is received: a token bucket (RFC 2697 section 3). As whole pieces are
/// requested, the limit holds on average over the time that a few of them take.
struct RequestAllowance {
  /// Bytes per second; nil means no limit.
  var limit: Int? {
    didSet { if limit != oldValue { (tokens, refilledAt) = (0, nil) } }
  }
  /// Below zero if a piece was longer than what was left.
  private var tokens = 0.0
  private var refilledAt: Instant?

  /// Whether anything may be requested now.
  mutating func mayRequest(at now: Instant) -> Bool {
    guard let limit else { return true }
    let rate = Double(limit)
    if let refilledAt { tokens = min(tokens + rate * Double(now - refilledAt) / 1e9, rate * RequestAllowance.burst) }
    refilledAt = now
    return tokens >= 0
  }

  mutating func spend(_ bytes: Int) { if limit != nil { tokens -= Double(bytes) } }

  /// The seconds whose bytes may be saved up.
  private static let burst = 0.1
}

extension Swarm {
  /// Changes the limits from now on.
  package mutating func setLimits(_ limits: SwarmLimits, at now: Instant) {
    self.limits = limits
    uploads.limit(limits.upload)
    resources.requests.limit = limits.download
    if !files.wanted.isEmpty || !uploads.isIdle { wake(at: now) }
  }

  /// The most peers from which a file is fetched at a time.
  var placesPerFile: Int { min(configuration.peersPerFile, limits.peers ?? .max) }

  /// Whether there is room for one more connection besides `count`, opened by either side.
  func hasRoom(besides count: Int) -> Bool { limits.peers.map { count < $0 } ?? true }
}
