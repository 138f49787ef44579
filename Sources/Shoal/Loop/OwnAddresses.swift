import ShoalWire

/// The address of this host that each peer writes to. Answers leave from that address: a host may have several, the
/// route may choose another, and to the peer and to every NAT on the way what comes from another address is a
/// stranger's.
package struct OwnAddresses {
  /// The most peers that are remembered; beyond that all are forgotten, and each is learnt again from its next
  /// datagram.
  private static let limit = 4_096

  private var known: [Address: Address] = [:]
  /// The latest peer: most datagrams come from the same peer as the one before.
  private var last: (peer: Address, own: Address)?

  /// Notes that `peer` wrote to `own`.
  package mutating func note(_ own: Address, for peer: Address) {
    if let last, last.peer == peer, last.own == own { return }
    guard !own.isMulticast else { return }
    last = (peer, own)
    if known.count >= Self.limit, known[peer] == nil { known.removeAll(keepingCapacity: true) }
    known[peer] = own
  }

  /// Lets the route decide again.
  package mutating func forget(_ peer: Address) {
    guard !known.isEmpty else { return }
    known[peer] = nil
    last = nil
  }

  /// The address to write to `peer` from; nil where the route decides.
  package func towards(_ peer: Address) -> Address? {
    if let last, last.peer == peer { return last.own }
    return known.isEmpty ? nil : known[peer]
  }
}
