import ShoalWire

/// Which address of this host each peer writes to. Answers leave from it: a host may have several, the route may choose
/// another, and what comes from another is a stranger's to the peer and to every NAT on the way.
package struct OwnAddresses {
  /// Beyond so many peers all are forgotten, and known again with the next datagram of each.
  private static let limit = 4_096

  private var known: [Address: Address] = [:]
  /// Most datagrams come from the peer of the one before.
  private var last: (peer: Address, own: Address)?

  /// `peer` wrote to `own`.
  package mutating func note(_ own: Address, for peer: Address) {
    if let last, last.peer == peer, last.own == own { return }
    guard !own.isMulticast else { return }
    last = (peer, own)
    if known.count >= Self.limit, known[peer] == nil { known.removeAll(keepingCapacity: true) }
    known[peer] = own
  }

  /// The route decides again.
  package mutating func forget(_ peer: Address) {
    guard !known.isEmpty else { return }
    known[peer] = nil
    last = nil
  }

  /// Nil where the route decides.
  package func towards(_ peer: Address) -> Address? {
    if let last, last.peer == peer { return last.own }
    return known.isEmpty ? nil : known[peer]
  }
}
