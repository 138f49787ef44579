import ShoalBase
import ShoalContent
import ShoalWire

/// How large a datagram the path carries: packetization-layer path MTU discovery, RFC 8899, over the sizes that
/// paths are known to have.
struct PathMTU {
  /// The largest UDP payload that is known to pass.
  private(set) var confirmed = Limits.smallestDatagram
  /// When to send a probe, or to give up waiting for its answer; `distantFuture` when the search is over.
  private(set) var deadline = Instant.distantFuture
  /// The largest IP packet that is tried.
  let limit: Int
  /// The sizes to try, the largest first.
  private let sizes: [Int]
  /// Where a search begins: with what Ethernet carries, as nearly all paths do; after that, with the largest.
  private let first: Int
  /// The size being tried, and how often it has been.
  private var index: Int
  private var tries = 0
  /// The sizes that were tried since nothing large got through, one bit each: no other probe can have arrived.
  private var tried: UInt16 = 0
  /// When the probe left; nil if another of its size left before it.
  private var firstSentAt: Instant?

  /// IP packets of Ethernet behind PPPoE and tunnels, of Ethernet, and of jumbo frames.
  private static let usual = [1_400, 1_480, ethernet, 8_900, 9_000, 16_384, 65_535]
  private static let ethernet = 1_500
  /// How many probes of a size may go unanswered before it is given up (RFC 8899 §5.1.2: MAX_PROBES).
  private static let probes = 3
  /// The wait before larger sizes are tried again (RFC 8899 §5.1.1: PMTU_RAISE_TIMER).
  private static let raiseTime: Nanoseconds = 600 * .second
  /// The wait after a suspected black hole, which may have been an outage.
  private static let outageTime: Nanoseconds = 10 * .second

  /// The search for a path to `address`, up to IP packets of `limit` bytes and UDP payloads of `peerLimit`.
  init(limit: Int, peerLimit: Int, address: Address, at now: Instant) {
    self.limit = limit
    let headers = address.headers
    let most = min(limit - headers, peerLimit, Limits.largestDatagram)
    var sizes = PathMTU.usual.map { $0 - headers }.filter { $0 > Limits.smallestDatagram && $0 < most }
    if most > Limits.smallestDatagram { sizes.append(most) }
    self.sizes = sizes.reversed()
    first = self.sizes.firstIndex { $0 <= PathMTU.ethernet - headers } ?? 0
    index = first
    if !sizes.isEmpty { deadline = now }
  }

  /// The size of the probe that is due now.
  mutating func nextProbe(_ timeout: Nanoseconds, at now: Instant) -> Int? {
    guard now >= deadline else { return nil }
    if tries >= PathMTU.probes {
      index += 1
      tries = 0
    }
    guard index < sizes.count, sizes[index] > confirmed else {
      rest(at: now)
      return nil
    }
    tries += 1
    tried |= 1 << UInt16(index)
    firstSentAt = tries == 1 ? now : nil
    deadline = now + timeout
    return sizes[index]
  }

  /// The round trip that the answer to a probe of this size shows; nil if it may answer a different probe.
  func roundTrip(_ size: Int, at now: Instant) -> Nanoseconds? {
    guard let firstSentAt, index < sizes.count, sizes[index] == size, size > confirmed else { return nil }
    return now - firstSentAt
  }

  /// Notes that a probe of this size has arrived; returns whether datagrams may now be larger.
  mutating func onProbed(_ size: Int, at now: Instant) -> Bool {
    guard size > confirmed, let place = sizes.firstIndex(of: size), tried & 1 << UInt16(place) != 0 else {
      return false
    }
    confirmed = size
    if place == first, place > 0, tried & 1 == 0 {
      // What Ethernet carries gets through: now for the largest, and whatever else is larger.
      (index, tries, deadline) = (0, 0, now)
    } else {
      rest(at: now)
    }
    return true
  }

  /// Notes that nothing large gets through any more (RFC 8899 §4.3); returns whether the size fell.
  mutating func suspectBlackHole(at now: Instant) -> Bool {
    guard confirmed > Limits.smallestDatagram else { return false }
    confirmed = Limits.smallestDatagram
    (index, tries, tried) = (first, 0, 0)
    deadline = now + PathMTU.outageTime
    return true
  }

  /// Ends the search for now; the next one tries what is larger than what was found.
  private mutating func rest(at now: Instant) {
    (index, tries) = (confirmed > Limits.smallestDatagram ? 0 : first, 0)
    deadline = sizes.first == confirmed ? .distantFuture : now + PathMTU.raiseTime
  }
}

extension Address {
  /// The bytes of the IP and UDP headers of a packet to this address.
  var headers: Int { isIPv4 ? 28 : 48 }
}
