import ShoalBase
import ShoalTransport

/// The work that a peer may still ask of us: it grows with time, up to a second's worth.
struct WorkAllowance {
  private var left: Int?
  private var renewedAt: Instant?

  /// What is left, with `rate` added each second. Below zero if one message cost more than was left.
  mutating func left(_ rate: Int, at now: Instant) -> Int {
    let elapsed = renewedAt.map { min(max(now - $0, 0), .second) } ?? 0
    renewedAt = now
    let earned = Int(Double(rate) * Double(elapsed) / Double(Nanoseconds.second))
    left = min((left ?? rate) + earned, rate)
    return left ?? rate
  }

  mutating func spend(_ work: Int) { left = left.map { $0 - work } }
}

// What a host may ask of us, across all its connections.
extension Swarm {
  /// A connection's part of its host's share of our time, divided so that no connection can use up that of others.
  private func workPerSecond(_ link: LinkKey) -> Int {
    guard let address = links[link]?.address else { return 0 }
    return configuration.workPerHost / max(links.links(ofHost: address).count, 1)
  }

  /// What is left of a peer's allowance.
  mutating func allowance(_ link: LinkKey, at now: Instant) -> Int {
    let rate = workPerSecond(link)
    return links[link]?.allowance.left(rate, at: now) ?? 0
  }

  /// Notes that a peer has made us work.
  mutating func charge(_ work: Int, to link: LinkKey) {
    guard let connection = links[link]?.connection else { return }
    links[link]?.allowance.spend(work)
    endpoint.charge(work, to: connection)
  }

  /// Whether a message that costs this much is within what a peer may ask; if it is, it is charged. Ranges are refused
  /// as soon as nothing is left, messages only a second's worth later: a peer that asks for everything it may have must
  /// still be heard.
  mutating func affords(_ work: Int, _ link: LinkKey, at now: Instant) -> Bool {
    guard allowance(link, at: now) > -workPerSecond(link) else { return false }
    charge(work, to: link)
    return true
  }

  /// How many more ranges may wait on a connection. As many as every peer must bear (Protocol.md section 6) always may;
  /// beyond that, there are only a few for each host.
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

  /// How many ranges of a connection are waiting for their turn, to be read, or to be sent.
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
