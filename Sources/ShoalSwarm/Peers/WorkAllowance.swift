import ShoalBase
import ShoalTransport

/// The work that a peer may still cause: it grows with time, up to a second's worth.
struct WorkAllowance {
  private var left: Int?
  private var renewedAt: Instant?

  /// The allowance left, to which `rate` is added each second. Below zero if the last message cost more than was left.
  mutating func left(_ rate: Int, at now: Instant) -> Int {
    let elapsed = renewedAt.map { min(max(now - $0, 0), .second) } ?? 0
    renewedAt = now
    let earned = Int(Double(rate) * Double(elapsed) / Double(Nanoseconds.second))
    left = min((left ?? rate) + earned, rate)
    return left ?? rate
  }

  mutating func spend(_ work: Int) { left = left.map { $0 - work } }
}

// The work that a host may cause, across all its connections.
extension Swarm {
  /// A connection's part of the allowance of its host, divided so that no connection can use up that of others.
  private func workPerSecond(_ link: LinkKey) -> Int {
    guard let address = links[link]?.address else { return 0 }
    return configuration.workPerHost / max(links.links(ofHost: address).count, 1)
  }

  /// The allowance left to a peer.
  mutating func allowance(_ link: LinkKey, at now: Instant) -> Int {
    let rate = workPerSecond(link)
    return links[link]?.allowance.left(rate, at: now) ?? 0
  }

  /// Charges a peer for work that it caused.
  mutating func charge(_ work: Int, to link: LinkKey) {
    guard let connection = links[link]?.connection else { return }
    links[link]?.allowance.spend(work)
    endpoint.charge(work, to: connection)
  }

  /// Whether a peer may cause this much work; if so, it is charged. Ranges are refused as soon as nothing is left, but
  /// messages only a second's worth later, as a peer that requests all that it may must still be heard.
  mutating func affords(_ work: Int, _ link: LinkKey, at now: Instant) -> Bool {
    guard allowance(link, at: now) > -workPerSecond(link) else { return false }
    charge(work, to: link)
    return true
  }

  /// How many more ranges may wait on a connection. The number that every peer must allow (Protocol.md section 6) is
  /// always free; beyond that, each host has a limited number.
  func roomForRanges(_ link: LinkKey) -> Int {
    let queued = queuedRanges(link)
    let most = configuration.rangesPerConnection - queued
    guard let address = links[link]?.address, most > 0 else { return 0 }
    let own = SwarmConstants.leastRanges - queued
    guard most > own else { return most }
    let beyond = links.links(ofHost: address).reduce(0) { sum, other in
      sum + max(queuedRanges(other) - SwarmConstants.leastRanges, 0)
    }
    return min(most, max(own, 0) + max(configuration.rangesPerHost - beyond, 0))
  }

  /// The number of ranges of a connection that wait for their turn, to be read, or to be sent.
  func queuedRanges(_ key: LinkKey) -> Int {
    guard let link = links[key] else { return 0 }
    return endpoint.queued(link.connection).ranges + link.reads.count + uploads.count(key)
  }

  /// Whether a peer may want one more file from us: each connection may want one, and each host some more.
  func mayWantMore(_ key: LinkKey) -> Bool {
    guard let link = links[key], !link.served.isEmpty else { return true }
    guard link.served.count < configuration.wantsPerConnection else { return false }
    let all = links.links(ofHost: link.address).reduce(0) { $0 + (links[$1]?.served.count ?? 0) }
    return all < configuration.wantsPerHost
  }
}
