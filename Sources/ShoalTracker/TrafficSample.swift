import ShoalBase
import ShoalContent
import ShoalWire

/// Who asks a tracker the most, and about which files: one of sixteen requests is counted.
struct TrafficSample: Sendable {
  private(set) var hosts = BusyCounts<Address>(size: TrafficSample.size)
  private(set) var files = BusyCounts<Digest>(size: TrafficSample.size)
  private var turn: UInt8 = 0
  private var fadesAt = Instant.zero

  private static let size = 64
  private static let every: UInt8 = 16
  /// After this long, what was counted counts half.
  private static let halfLife: Nanoseconds = 60 * .second

  /// Notes a request with a valid cookie.
  mutating func note(_ bytes: Span<UInt8>, of type: PacketType, from peer: Address, at now: Instant) {
    turn &+= 1
    guard turn % TrafficSample.every == 0 else { return }
    if now >= fadesAt {
      hosts.fade()
      files.fade()
      fadesAt = now + TrafficSample.halfLife
    }
    hosts.add(peer.hostAlone)
    if type == .find || type == .list { return }
    var id = Digest.zero
    var decoder = Decoder(bytes, from: Limits.headerLength + MemoryLayout<UInt64>.size)
    if (try? decoder.digest("id", &id)) != nil { files.add(id) }
  }
}

extension Address {
  /// The host: an IPv4 address, or an IPv6 /64 network; without a port.
  fileprivate var hostAlone: Address { Address(high: high, low: isIPv4 ? low : 0, port: 0) }
}

/// The part that one host or one file has in a tracker's recent requests.
package struct TrafficShare: Sendable, Equatable {
  /// The host, without a port; nil for a file.
  package var host: Address?
  /// The file; nil for a host.
  package var id: Digest?
  /// The file's name, by its claimant, not to be trusted; empty if it has none.
  package var name = ""
  /// The registrations of the file.
  package var peers = 0
  /// The part, from 0 to 1.
  package var share: Double
}

extension Registrar {
  /// The hosts that have sent the most requests lately.
  package func busiestHosts(_ most: Int) -> [TrafficShare] {
    traffic.hosts.most(most).map { TrafficShare(host: $0.key, share: Double($0.count) / Double(traffic.hosts.total)) }
  }

  /// The files that most requests of late were about.
  package func busiestFiles(_ most: Int) -> [TrafficShare] {
    var shares: [TrafficShare] = []
    for (id, count) in traffic.files.most(most) {
      var share = TrafficShare(id: id, share: Double(count) / Double(traffic.files.total))
      let file = registry.file(id)
      if file != chainEnd {
        share.name = registry.name(of: registry.entries[registry.files[file].claimant].label)
        share.peers = registry.files[file].count
      }
      shares.append(share)
    }
    return shares
  }
}
