import ShoalBase
import ShoalWire

/// How much each host uses of an endpoint's shared resources, so that no host can take what others need.
struct HostLedger {
  /// How a connection is counted.
  enum Standing {
    /// This endpoint opened it: nothing that its host does, or anybody in its name, can use up the connections that we
    /// may open.
    case own
    /// Its opener has not yet proven its address, which may be forged: it counts as half open, and as nothing else.
    case unproven
    /// Its opener has proven its address.
    case proven
  }

  private struct Share {
    var connections = 0
    var halfOpen = 0
    var memory = 0
    var crowdedUntil = Instant.zero
    var isEmpty: Bool { connections == 0 && halfOpen == 0 && memory == 0 }
  }

  private let configuration: TransportConfiguration
  private var shares: [HostKey: Share] = [:]
  /// The connections that others opened and whose address is proven.
  private(set) var connections = 0
  /// Those whose address is not proven.
  private(set) var halfOpen = 0

  /// The bytes of send windows and messages.
  private(set) var memory = 0
  private var crowdedUntil = Instant.zero

  init(_ configuration: TransportConfiguration) { self.configuration = configuration }

  /// The connections of a host.
  func connections(of host: HostKey) -> Int { shares[host]?.connections ?? 0 }

  /// The most connections that any host has.
  var mostConnections: Int { shares.values.reduce(0) { max($0, $1.connections) } }

  /// Until then no connection of the host (of any host, if nil) can have been idle for long enough to give way:
  /// repeated attempts then cost no search each.
  func crowdedUntil(_ host: HostKey?) -> Instant { host.map { shares[$0]?.crowdedUntil ?? .zero } ?? crowdedUntil }

  mutating func crowded(_ host: HostKey?, until: Instant) {
    if let host { shares[host]?.crowdedUntil = until } else { crowdedUntil = until }
  }

  /// Whether there is a place for one more connection of this host.
  func hasRoom(_ host: HostKey) -> Bool {
    connections + halfOpen < configuration.maxInbound && connections(of: host) < configuration.maxConnectionsPerHost
  }

  /// Whether there is a place for an opener that claims to be this host.
  func takesUnproven(_ host: HostKey) -> Bool {
    hasRoom(host) && halfOpen < configuration.maxHalfOpen
      && shares[host]?.halfOpen ?? 0 < configuration.maxHalfOpenPerHost
  }

  /// Whether so many are already half open that another one gets little time to prove its address.
  func isRushed(_ host: HostKey) -> Bool {
    halfOpen >= configuration.maxHalfOpen / 4 || shares[host]?.halfOpen ?? 0 >= configuration.maxHalfOpenPerHost / 4
  }

  mutating func joined(_ host: HostKey, _ standing: Standing) { count(host, standing, 1) }
  mutating func left(_ host: HostKey, _ standing: Standing) { count(host, standing, -1) }

  /// Notes that the opener has proven its address.
  mutating func proved(_ host: HostKey, _ standing: inout Standing) {
    guard standing == .unproven else { return }
    left(host, standing)
    standing = .proven
    joined(host, standing)
  }

  /// Whether a host may take this many more bytes. It must leave as much free as it would then have, so that there is
  /// always some for others.
  func mayTake(_ bytes: Int, _ host: HostKey) -> Bool {
    let after = (shares[host]?.memory ?? 0) + bytes
    return after <= configuration.sendRecordsPerHost * SendWindow.bytesPerPacket
      && after <= configuration.sendRecords * SendWindow.bytesPerPacket - memory - bytes
  }

  /// Notes that what a host has taken has changed by this many bytes.
  mutating func took(_ change: Int, _ host: HostKey) {
    memory += change
    var share = shares[host] ?? Share()
    share.memory += change
    assert(share.memory >= 0 && memory >= share.memory)
    shares[host] = share.isEmpty ? nil : share
  }

  private mutating func count(_ host: HostKey, _ standing: Standing, _ change: Int) {
    var share = shares[host] ?? Share()
    switch standing {
    case .own: return
    case .unproven:
      halfOpen += change
      share.halfOpen += change
    case .proven:
      connections += change
      share.connections += change
    }
    assert(share.halfOpen >= 0 && halfOpen >= share.halfOpen)
    assert(share.connections >= 0 && connections >= share.connections)
    shares[host] = share.isEmpty ? nil : share
  }
}
