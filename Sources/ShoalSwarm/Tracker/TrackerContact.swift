import ShoalWire

/// The addresses of one tracker, and which of them have been tried while it is not known at which one it answers.
struct TrackerContact: Sendable {
  /// The addresses, beginning with the one at which it last answered or, before it has answered, the likeliest.
  private(set) var addresses: [Address]
  /// Whether it has answered at the first of them.
  private(set) var isMade = false
  /// How many of them have been asked in this round.
  private var asked = 0
  /// The most addresses that are kept.
  private let limit: Int

  init(_ addresses: [Address], limit: Int) {
    self.limit = max(1, limit)
    self.addresses = Self.distinct(addresses, limit: self.limit)
  }

  /// Where the tracker is.
  var current: Address { addresses[0] }
  /// Whether all have been asked.
  var isRoundOver: Bool { asked >= addresses.count }
  /// Whether none has been asked yet.
  var isRoundNew: Bool { asked == 0 }
  /// Whether only the one that has answered before has been asked.
  var isAskingTheKnown: Bool { isMade && asked == 1 }

  /// The next address to ask.
  mutating func next() -> Address {
    if isRoundOver { asked = 0 }
    defer { asked += 1 }
    return addresses[asked]
  }

  /// Begins a round, in which all are asked again from the first one on.
  mutating func startRound() { asked = 0 }

  /// Whether the tracker may answer from this address.
  func hears(_ address: Address) -> Bool { address == current || addresses.prefix(asked).contains(address) }

  /// Notes that it has answered at this address; returns whether it had answered at another before.
  mutating func answered(at address: Address) -> Bool {
    let hasMoved = isMade && address != current
    isMade = true
    asked = 0
    addresses.removeAll { $0 == address }
    addresses.insert(address, at: 0)
    return hasMoved
  }

  /// Replaces the addresses. If the tracker has answered at one that is not among them, that one is kept and tried
  /// last: a name server may be wrong.
  mutating func replace(_ others: [Address]) -> (isNew: Bool, hasMoved: Bool) {
    guard !others.isEmpty else { return (false, false) }
    let known = isMade ? current : nil
    let hasMoved = known.map { !others.contains($0) } ?? false
    let before = addresses
    let first = hasMoved ? [] : known.map { [$0] } ?? []
    addresses = Self.distinct(first + others, limit: hasMoved && limit > 1 ? limit - 1 : limit)
    if hasMoved, limit > 1, let known { addresses.append(known) }
    let isNew = addresses.contains { !before.contains($0) }
    if isNew || hasMoved { asked = 0 } else { asked = min(asked, addresses.count) }
    if hasMoved { isMade = false }
    return (isNew, hasMoved)
  }

  private static func distinct(_ addresses: [Address], limit: Int) -> [Address] {
    var distinct: [Address] = []
    for address in addresses where distinct.count < limit && !distinct.contains(address) { distinct.append(address) }
    return distinct
  }
}
