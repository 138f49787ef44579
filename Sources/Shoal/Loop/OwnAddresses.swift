import ShoalWire

/// The address of this host that each peer sends to. Answers must leave from that address: a host may have several, and
/// the route may choose another; to the peer and to every NAT on the way, a datagram from another address comes from a
/// stranger.
package struct OwnAddresses {
  /// The most peers that are remembered; beyond that, all are forgotten, and each is learned again from its next
  /// datagram.
  private static let limit = 4_096

  private var known: [Address: Address] = [:]
  /// The latest peer: most datagrams come from the same peer as the one before.
  private var last: (peer: Address, own: Address)?

  /// Notes that `peer` sent to `own`.
  package mutating func note(_ own: Address, for peer: Address) {
    if let last, last.peer == peer, last.own == own { return }
    guard !own.isMulticast else { return }
    last = (peer, own)
    if known.count >= Self.limit, known[peer] == nil { known.removeAll(keepingCapacity: true) }
    known[peer] = own
  }

  /// Forgets a peer's choice: the route decides again.
  package mutating func forget(_ peer: Address) {
    guard !known.isEmpty else { return }
    known[peer] = nil
    last = nil
  }

  /// The address to send to `peer` from; nil if the route decides.
  package func towards(_ peer: Address) -> Address? {
    if let last, last.peer == peer { return last.own }
    return known.isEmpty ? nil : known[peer]
  }
}
