import ShoalCapture
import ShoalContent
import ShoalWire

/// Every Shoal datagram in one capture, in a few machine words each, for comparison with another capture.
struct Sightings {
  /// One datagram.
  struct Sighting {
    /// What distinguishes it from others: `Datagram.identity`.
    var key: UInt64
    /// The number of a DATA packet, mixed with its connection; 0 for others.
    var packet: UInt64
    /// Nanoseconds since 1970.
    var time: UInt64
    /// The place of its addresses in `pairs`.
    var pair: UInt32
    var length: UInt16
    var isCorrupt: Bool
    /// 1: it left the machine that captured it; -1: it arrived there; 0: unknown.
    var direction: Int8
  }

  /// A pair of addresses: from where to where.
  struct Pair: Hashable {
    var from: Address
    var to: Address
  }

  private(set) var all: [Sighting] = []
  private(set) var pairs: [Pair] = []
  private var indices: [Pair: UInt32] = [:]

  init() {}

  mutating func add(_ datagram: Datagram) {
    guard datagram.isOurs, let time = datagram.time, datagram.bytes.count >= Limits.headerLength else { return }
    var packet: UInt64 = 0
    if case .data(let data) = datagram.content { packet = mix(datagram.connection, UInt64(data.sequence) | 1 << 40) }
    let direction: Int8 =
      switch datagram.direction {
      case .outbound: 1
      case .inbound: -1
      case nil: 0
      }
    all.append(
      Sighting(
        key: datagram.identity, packet: packet, time: time, pair: pair(datagram),
        length: UInt16(clamping: datagram.length), isCorrupt: datagram.isCorrupt, direction: direction))
  }

  private mutating func pair(_ datagram: Datagram) -> UInt32 {
    if let last = all.last, pairs[Int(last.pair)].from == datagram.source,
      pairs[Int(last.pair)].to == datagram.destination
    {
      return last.pair
    }
    let pair = Pair(from: datagram.source, to: datagram.destination)
    if let index = indices[pair] { return index }
    let index = UInt32(pairs.count)
    pairs.append(pair)
    indices[pair] = index
    return index
  }
}
