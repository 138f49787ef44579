import Shoal
import ShoalContent
import ShoalWire

/// The number of complete copies that others have: a receiver has one when it has everything that is shared together.
struct CopyCount {
  private let ids: Set<Digest>
  private var had: [Address: Set<Digest>] = [:]
  /// The copies so far.
  private(set) var count = 0

  /// Copies of these files.
  init(of ids: Set<Digest>) { self.ids = ids }

  /// Takes an event; returns whether there is another copy.
  mutating func take(_ event: PeerEvent) -> Bool {
    guard case .served(let address, let id, _, _) = event, ids.contains(id) else { return false }
    if had.count >= CopyCount.memory { had.removeAll() }
    had[address, default: []].insert(id)
    guard had[address] == ids else { return false }
    had[address] = nil
    count += 1
    return true
  }

  /// The most receivers that are remembered between their files, as others may invent any number of them.
  private static let memory = 10_000
}
