import ShoalBase
import ShoalLink
import ShoalWire

/// One direction of this endpoint's simulated access link: datagrams that it delays are held here until they are due.
struct LinkStage {
  private var link: Link
  private var releases: Releases
  private var held: [Held] = []
  private var free: [UInt32] = []
  /// Datagrams dropped because too many were held.
  private(set) var overflow = 0
  let isClean: Bool

  struct Held {
    var bytes: [UInt8]
    var peer: Address
  }

  /// The most datagrams that one link holds: bounds its memory to some 100 MB.
  private static let capacity = 65_536

  init(_ link: Link) {
    self.link = link
    isClean = link.parameters.isClean
    releases = Releases(capacity: LinkStage.capacity)
  }

  var counters: LinkCounters { link.counters }
  var deadline: Instant { releases.deadline }

  /// Puts a datagram into the link; `popDue` returns whatever comes out, when it does.
  mutating func admit(_ bytes: Span<UInt8>, _ peer: Address, at now: Instant) {
    let headers = peer.isIPv4 ? 28 : 48
    guard
      case .delivered(let delivery) = link.admit(ipLength: bytes.count + headers, payloadLength: bytes.count, at: now)
    else { return }
    hold(bytes, peer, delivery.corruption, until: delivery.release)
    if let second = delivery.duplicate { hold(bytes, peer, delivery.corruption, until: second) }
  }

  private mutating func hold(
    _ bytes: Span<UInt8>, _ peer: Address, _ corruption: Corruption?, until release: Instant
  ) {
    guard releases.count < LinkStage.capacity else {
      overflow += 1
      return
    }
    let slot: UInt32
    if let reused = free.popLast() {
      slot = reused
      held[Int(slot)].bytes.removeAll(keepingCapacity: true)
      held[Int(slot)].bytes.append(bytes)
      held[Int(slot)].peer = peer
    } else {
      slot = UInt32(held.count)
      held.append(Held(bytes: [UInt8](bytes), peer: peer))
    }
    if let corruption { corruption.apply(to: &held[Int(slot)].bytes) }
    _ = releases.insert(slot, at: release)
  }

  /// The slot of the next datagram that is due, to be read and then returned with `recycle`.
  mutating func popDue(at now: Instant) -> UInt32? { releases.popDue(at: now) }

  /// The datagram in a slot.
  subscript(slot: UInt32) -> Held { held[Int(slot)] }

  mutating func recycle(_ slot: UInt32) { free.append(slot) }
}
