import ShoalBase
import ShoalWire

/// The most fragments in which a piece or a manifest may come: twice what blocks of 1 KiB make of a piece of 4 MiB when
/// every other one is lost. Only a malicious peer sends so little at a time and leaves so much out.
let mostFragments = 4_096

/// A piece whose bytes are on their way.
struct ActivePiece {
  /// Bytes of it that one peer sent.
  struct Contribution {
    let address: Address
    var bytes: Int
  }
  private(set) var received = RangeSet<Int>(limit: mostFragments)
  /// The links that were asked for what is missing: one, or two near the end; none if they are gone.
  var requesters: [LinkKey] = []
  /// The peers that sent bytes of it, to be blamed if it is wrong.
  private(set) var contributions: [Contribution] = []
  var isVerifying = false
  /// Whether it was once wrong, coming from several peers: now it must come from one.
  let isSuspect: Bool

  init(isSuspect: Bool) { self.isSuspect = isSuspect }

  /// Whether any byte of it is here.
  var isBegun: Bool { !received.isEmpty }

  /// Takes bytes from a peer that was asked for them; returns how many are new, how many there are now, and who else
  /// was asked for them.
  mutating func accept(
    _ range: Range<Int>, from link: LinkKey, _ address: Address
  ) -> (new: Int, total: Int, other: LinkKey?) {
    guard !isVerifying, requesters.contains(link) else { return (0, 0, nil) }
    guard let new = received.insert(range), new > 0 else { return (0, 0, nil) }
    if let i = contributions.firstIndex(where: { $0.address == address }) {
      contributions[i].bytes += new
    } else {
      contributions.append(Contribution(address: address, bytes: new))
    }
    assert(contributions.reduce(0) { $0 + $1.bytes } == received.count, "a byte came from one peer")
    return (new, received.count, requesters.count > 1 ? requesters.first { $0 != link } : nil)
  }
}
