import ShoalBase

/// The most that a peer takes of its machine's links and sees of others. They may change while it runs; nil is no limit.
package struct SwarmLimits: Sendable, Hashable {
  /// Bytes of files per second that are sent to all peers together, retransmissions included.
  package var upload: Int?
  /// Bytes of files per second that are requested from all peers together.
  package var download: Int?
  /// Connections at a time. A lower limit ends none that is open.
  package var peers: Int?

  /// No limits.
  package init() {}

  /// The least that a rate may be limited to, in bytes per second: with less, a block takes longer than peers wait.
  package static let leastRate = 1_000
}

/// Limits what is requested, and so what is received, to a rate: a token bucket (RFC 2697 section 3). As requests are for
/// whole pieces, it holds on average over the time that a few of them take.
struct RequestAllowance {
  /// Bytes per second; nil is no limit.
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
  /// The limits that hold from now on.
  package mutating func setLimits(_ limits: SwarmLimits, at now: Instant) {
    self.limits = limits
    uploads.limit(limits.upload)
    resources.requests.limit = limits.download
    if !files.wanted.isEmpty || !uploads.isIdle { wake(at: now) }
  }

  /// How many peers a file is fetched from at a time.
  var placesPerFile: Int { min(configuration.peersPerFile, limits.peers ?? .max) }

  /// Whether one more connection may be opened, or accepted that has just been opened by a peer.
  func hasRoom(besides count: Int) -> Bool { limits.peers.map { count < $0 } ?? true }
}
