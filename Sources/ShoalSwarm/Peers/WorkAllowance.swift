import ShoalBase
import ShoalTransport

/// The work that a peer may yet ask of us: it grows with time, to a second's worth at most.
struct WorkAllowance {
  private var left: Int?
  private var renewedAt: Instant?

  /// What is left; `rate` is added each second. Below zero if one message cost more than was left.
  mutating func left(_ rate: Int, at now: Instant) -> Int {
    let elapsed = renewedAt.map { min(max(now - $0, 0), .second) } ?? 0
    renewedAt = now
    let earned = Int(Double(rate) * Double(elapsed) / Double(Nanoseconds.second))
    left = min((left ?? rate) + earned, rate)
    return left ?? rate
  }

  mutating func spend(_ work: Int) { left = left.map { $0 - work } }
}

// What a host may ask of us, over all its connections.
extension Swarm {
  /// A host's share of our time is divided among its connections, so that one of them cannot use up that of others.
  private func workPerSecond(_ link: LinkKey) -> Int {
    guard let address = links[link]?.address else { return 0 }
    return configuration.workPerHost / max(links.links(ofHost: address).count, 1)
  }

  /// What is left of a peer's allowance.
  mutating func allowance(_ link: LinkKey, at now: Instant) -> Int {
    let rate = workPerSecond(link)
    return links[link]?.allowance.left(rate, at: now) ?? 0
  }

  /// A peer has made us work.
  mutating func charge(_ work: Int, to link: LinkKey) {
    guard let connection = links[link]?.connection else { return }
    links[link]?.allowance.spend(work)
    endpoint.charge(work, to: connection)
  }

  /// Whether a message that costs so much is within what a peer may ask; it is charged if it is. Ranges are refused when
  /// nothing is left, messages only a second's worth later: who asks for all that it may have must still be heard.
  mutating func affords(_ work: Int, _ link: LinkKey, at now: Instant) -> Bool {
    guard allowance(link, at: now) > -workPerSecond(link) else { return false }
    charge(work, to: link)
    return true
  }

  /// How many more ranges may wait on a connection. So many as every peer must bear (Protocol.md section 6) always
  /// may; those beyond are few for each host.
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

  /// How many ranges wait on a connection, to be read or to be sent.
  func queuedRanges(_ key: LinkKey) -> Int {
    guard let link = links[key] else { return 0 }
    return endpoint.queued(link.connection).ranges + link.reads.count
  }

  /// Whether a peer may want one more file of us: one on each connection, and some for each host.
  func mayWantMore(_ key: LinkKey) -> Bool {
    guard let link = links[key], !link.served.isEmpty else { return true }
    guard link.served.count < configuration.wantsPerConnection else { return false }
    let all = links.links(ofHost: link.address).reduce(0) { $0 + (links[$1]?.served.count ?? 0) }
    return all < configuration.wantsPerHost
  }
}
