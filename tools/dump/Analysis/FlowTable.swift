import ShoalWire

/// Finds flows by the id in the header, or by addresses if the id cannot be believed.
struct FlowTable {
  /// What is known of datagrams between two addresses, in that direction.
  enum Place: Equatable {
    case unknown
    /// Shoal datagrams, but of no single flow.
    case shared
    case flow(Int)
  }

  private struct Pair: Hashable {
    var from: Address
    var to: Address
  }

  private var byID: [UInt64: Int] = [:]
  /// The latest finds: ids are random, so their low bits spread.
  private var recent = [(id: UInt64, index: Int)](repeating: (0, -1), count: 256)
  private var byPair: [Pair: Place] = [:]
  /// Flows between two addresses that may be half of a connection whose handshake was not seen.
  private var unpaired: [Pair: [Int]] = [:]

  mutating func find(_ id: UInt64) -> Int? {
    let slot = Int(truncatingIfNeeded: id & 255)
    if recent[slot].id == id, recent[slot].index >= 0 { return recent[slot].index }
    guard let index = byID[id] else { return nil }
    recent[slot] = (id, index)
    return index
  }

  /// The same, for callers that ask rarely.
  func flow(of id: UInt64) -> Int? { byID[id] }

  mutating func insert(_ index: Int, id: UInt64) { byID[id] = index }

  func find(from source: Address, to destination: Address) -> Place {
    byPair[Pair(from: source, to: destination)] ?? .unknown
  }

  /// Notes that a flow leads from one address to the other.
  mutating func note(_ index: Int, from source: Address, to destination: Address) {
    let pair = Pair(from: source, to: destination)
    switch byPair[pair] {
    case nil where byPair.count < Analyzer.mostFlows: byPair[pair] = .flow(index)
    case nil, .flow(index), .shared: break
    default: byPair[pair] = .shared
    }
    if unpaired[pair, default: []].count < 64 { unpaired[pair, default: []].append(index) }
  }

  mutating func noteTracker(_ datagram: Datagram) {
    let pair = Pair(from: datagram.source, to: datagram.destination)
    guard byPair[pair] == nil, byPair.count < Analyzer.mostFlows else { return }
    byPair[pair] = .shared
  }

  /// Flows from one address to the other whose reverse is not known.
  func candidates(from source: Address, to destination: Address) -> [Int] {
    unpaired[Pair(from: source, to: destination)] ?? []
  }

  mutating func remove(_ index: Int, from source: Address, to destination: Address) {
    unpaired[Pair(from: source, to: destination)]?.removeAll { $0 == index }
  }
}
