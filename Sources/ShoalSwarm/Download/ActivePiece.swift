import ShoalBase
import ShoalContent
import ShoalWire

/// The most fragments of a piece or manifest: twice what results when a piece of 4 MiB comes in blocks of 1 KiB of
/// which every other one is lost. Only a malicious peer sends so little at a time and leaves so much out.
let mostFragments = 4_096

/// A piece that has been requested.
struct ActivePiece {
  /// Bytes of it that one peer sent.
  struct Contribution {
    let address: Address
    fileprivate(set) var ranges: RangeSet<Int>
    var bytes: Int { ranges.count }
  }
  private(set) var received = RangeSet<Int>(limit: mostFragments)
  /// The links from which the missing bytes are requested: one, or several near the end; none if they are gone.
  var requesters: [LinkKey] = []
  /// The peer that sent all bytes so far, as long as there is only one.
  private var sender: Address?
  /// The peers that sent bytes of it, if there were several.
  private var shares: [Contribution] = []
  /// When one of its requesters last made way for another.
  var madeWayAt: Instant?
  var isVerifying = false
  /// Whether it was wrong when it came from several peers, and the wrong blocks could not be found: now it must come
  /// from one.
  let isSuspect: Bool
  /// What is known of its blocks, once it was found wrong.
  var proof: PieceProof?

  init(isSuspect: Bool) { self.isSuspect = isSuspect }

  /// Whether the host holds bytes of it, right or wrong.
  private(set) var isHeld = false
  /// Whether any byte of it is here.
  var isBegun: Bool { !received.isEmpty }
  /// Whether it, or some block of it, must come from one peer.
  var isExclusive: Bool { isSuspect || proof != nil }

  /// What was accepted of the bytes that a peer sent.
  struct Acceptance {
    /// How many bytes are new, and how many of the piece there are now.
    var new = 0, total = 0
    /// The bytes that the host is to take: none that another peer sent before, who would be blamed if these are wrong.
    var ranges: [Range<Int>] = []
    /// The other peers that were asked for the piece.
    var others: [LinkKey] = []
  }

  /// Takes bytes from a peer that was asked for them.
  mutating func accept(_ range: Range<Int>, from link: LinkKey, _ address: Address) -> Acceptance {
    guard !isVerifying, requesters.contains(link) else { return Acceptance() }
    let ranges = received.isEmpty || sender == address ? [range] : received.gaps(in: range)
    guard let new = contribute(range, of: address), new > 0 else { return Acceptance() }
    assert(contributions.reduce(0) { $0 + $1.bytes } == received.count, "a byte came from one peer")
    let others = requesters.count > 1 ? requesters.filter { $0 != link } : []
    return Acceptance(new: new, total: received.count, ranges: ranges, others: others)
  }

  /// The peers that sent bytes of it, to be blamed if it is wrong.
  var contributions: [Contribution] {
    sender.map { [Contribution(address: $0, ranges: received)] } ?? shares
  }

  /// Records bytes and their sender; returns how many are new, or nil if there would be too many fragments.
  private mutating func contribute(_ range: Range<Int>, of address: Address) -> Int? {
    // Most pieces come from one peer.
    guard received.isEmpty || sender == address else { return share(range, of: address) }
    (sender, shares, isHeld) = (address, [], true)
    return received.insert(range)
  }

  /// The same when there are bytes from another peer.
  private mutating func share(_ range: Range<Int>, of address: Address) -> Int? {
    let gaps = received.gaps(in: range)
    guard !gaps.isEmpty else { return 0 }
    (shares, sender) = (contributions, nil)
    let place = shares.firstIndex { $0.address == address } ?? shares.count
    if place == shares.count { shares.append(Contribution(address: address, ranges: RangeSet(limit: mostFragments))) }
    guard shares[place].ranges.ranges.count + gaps.count < mostFragments, let new = received.insert(range) else {
      shares.removeAll { $0.ranges.isEmpty }
      return nil
    }
    for gap in gaps { shares[place].ranges.insert(gap) }
    return new
  }

  /// The peers that sent any of these bytes.
  func senders(of range: Range<Int>) -> [Address] {
    contributions.filter { $0.ranges.intersects(range) }.map(\.address)
  }

  /// Forgets these bytes.
  mutating func forget(_ range: Range<Int>) {
    received.remove(range)
    for i in shares.indices { shares[i].ranges.remove(range) }
    shares.removeAll { $0.ranges.isEmpty }
  }

  /// Forgets what a peer sent.
  mutating func forget(_ address: Address) {
    for contribution in contributions where contribution.address == address {
      for range in contribution.ranges.ranges { forget(range) }
    }
  }

  /// Drops incomplete blocks, once the piece is no longer requested from anybody, so that each block comes from one
  /// peer, and whoever sends a wrong one is known.
  mutating func leaveBlocks(of piece: Int, _ cut: Cut) {
    for part in received.ranges {
      for block in [part.lowerBound, part.upperBound - 1].map({ $0 / BlockTree.blockBytes }) {
        let range = cut.block(block, ofPiece: piece)
        if !received.contains(range) { forget(range) }
      }
    }
  }
}

/// What is needed to find the wrong blocks of a piece, and then the result.
struct PieceProof {
  /// The values of the blocks as received.
  var found: [Digest]
  /// The true values, once a peer has sent them.
  var tree: [Digest] = []
  var fetch = ProofFetch()
  /// Links that were too slow to send these blocks.
  var holders: [LinkKey] = []
  /// When the blocks were requested.
  var askedAt: Instant?
}
