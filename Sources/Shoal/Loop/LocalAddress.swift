import ShoalWire

/// An address of this machine, with what the system knows about it.
package struct LocalAddress: Hashable, Sendable {
  /// The address, without a port.
  package var address: Address
  /// The name of its interface.
  package var interface: String
  /// Whether the interface can carry anything.
  package var isRunning = true
  /// Whether only this machine's containers and virtual machines are behind the interface.
  package var isInternal = false
  /// Whether the default route uses this interface.
  package var hasDefaultRoute = false
  /// Whether it is a temporary address, which the machine changes every day for privacy (RFC 8981).
  package var isTemporary = false
  /// Whether it should no longer be used.
  package var isDeprecated = false
  /// Whether it may still turn out to be another machine's (duplicate address detection).
  package var isTentative = false

  package init(_ address: Address, on interface: String) {
    self.address = address
    self.interface = interface
  }

  /// The most addresses of one family in a ticket: a ticket must stay short enough to be sent by chat, and its receiver
  /// tries each address.
  package static let most = 4

  /// The addresses of this machine to put into a ticket, best first; none if none is of use to others.
  ///
  /// Addresses of the interface with the default route come first, and within an interface the public ones. If the
  /// family has a private address, one is among the first four, since a neighbour in the same network may be unable to
  /// reach any other. Addresses that others cannot reach, or not for long, are included only if there is nothing
  /// better: those of interfaces without a carrier, of bridges to containers, in 169.254.0.0/16, and deprecated ones.
  package static func ticket(of all: [LocalAddress]) -> [Address] {
    var usable: [LocalAddress] = []
    for own in all where own.isUsable && !usable.contains(where: { $0.address == own.address }) { usable.append(own) }
    let best = usable.map(\.grade).min()
    usable = usable.filter { $0.grade == best }
    // Temporary addresses are left out where there is a permanent one.
    usable = usable.filter { own in
      !own.isTemporary || !usable.contains { $0.interface == own.interface && !$0.isTemporary && $0.isLike(own) }
    }
    let families = [true, false].map { isIPv4 in few(usable.filter { $0.address.isIPv4 == isIPv4 }) }
    return (0..<most).flatMap { index in families.compactMap { index < $0.count ? $0[index].address : nil } }
  }

  private static func few(_ family: [LocalAddress]) -> [LocalAddress] {
    // Ties are decided by the system's order.
    let sorted = family.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
      .map(\.element)
    var few = Array(sorted.prefix(most))
    for isPublic in [true, false] where !few.contains(where: { $0.address.isPublic == isPublic }) {
      if let other = sorted.first(where: { $0.address.isPublic == isPublic }) { few[few.count - 1] = other }
    }
    return few
  }

  private var isUsable: Bool {
    !isTentative && !address.isLoopback && !address.isUnspecified && !address.isMulticast && !address.isLinkLocal
  }

  private var isLast: Bool { address.isIPv4 && address.ipv4 >> 16 == 0xa9fe }

  /// How well others can be expected to reach it; only addresses of the best grade present are used.
  private var grade: Int {
    if !isRunning { return 3 }
    if isInternal && !hasDefaultRoute { return 2 }
    return isLast || isDeprecated ? 1 : 0
  }

  private var rank: Int { (hasDefaultRoute ? 0 : 2) + (address.isPublic ? 0 : 1) }

  private func isLike(_ other: LocalAddress) -> Bool {
    address.isIPv4 == other.address.isIPv4 && address.isPublic == other.address.isPublic
  }
}

extension Address {
  /// Whether it denotes the same host everywhere, unlike the ranges that every network may use for itself.
  var isPublic: Bool {
    guard isIPv4 else { return high >> 57 != 0xfc >> 1 && !isLinkLocal && !isLoopback }
    let isPrivate = ipv4 >> 24 == 10 || ipv4 >> 20 == 0xac1 || ipv4 >> 16 == 0xc0a8
    // 100.64.0.0/10 belongs to a provider, behind its NAT.
    return !isPrivate && ipv4 >> 22 != 0x191 && ipv4 >> 16 != 0xa9fe && !isLoopback
  }
}
