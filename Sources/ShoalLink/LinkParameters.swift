import ShoalBase

/// What one direction of a link does to the datagrams that cross it.
///
/// Values outside the ranges given here are not checked: ``LinkSpec`` checks those that come from text, and ``Link``
/// takes the nearest that makes sense.
package struct LinkParameters: Sendable, Equatable {
  /// The share of datagrams lost, 0…1.
  package var loss: Double
  /// The mean number of datagrams lost in a row, 1…10,000; nil: each loss is independent of the one before.
  ///
  /// Losses then come from a two-state model (Gilbert, 1960): Good loses none, Bad loses all, and a stay in Bad lasts
  /// `burst` datagrams on average. So with a `burst` of 1 no two are ever lost in a row, whereas independent losses
  /// have a mean run of 1 / (1 - loss).
  package var burst: Double?
  /// The share of datagrams in which 1 to 3 bits of the UDP payload flip, 0…1.
  package var corrupt: Double
  /// The share of datagrams that arrive twice, 0…1.
  package var duplicate: Double
  /// The share of datagrams held back so that later ones overtake them, 0…1.
  package var reorder: Double
  /// The one-way delay, 0…600 s.
  package var delay: Nanoseconds
  /// The most that is added to the delay, drawn uniformly, 0…600 s; it never changes the order.
  package var jitter: Nanoseconds
  /// Bits a second of IP, 1…10^12; nil: no limit, and no queue.
  package var rate: Int64?
  /// When the line can deliver, in place of a rate; nil: see `rate`.
  package var trace: LinkTrace?
  /// Bytes of IP that may be accepted and not yet sent, 0…10^9; nil: see ``queueLimit``.
  ///
  /// They include the rest of the datagram being sent. A datagram that does not fit is dropped, unless the line is
  /// idle.
  package var queue: Int?
  /// The longest IP datagram that passes, 576…65,535 bytes; nil: any.
  package var mtu: Int?
  /// When the link is down; nil: never.
  package var outage: Outage?

  /// A direction that changes nothing except as given.
  package init(
    loss: Double = 0, burst: Double? = nil, corrupt: Double = 0, duplicate: Double = 0, reorder: Double = 0,
    delay: Nanoseconds = 0, jitter: Nanoseconds = 0, rate: Int64? = nil, queue: Int? = nil, mtu: Int? = nil,
    outage: Outage? = nil, trace: LinkTrace? = nil
  ) {
    self.loss = loss
    self.burst = burst
    self.corrupt = corrupt
    self.duplicate = duplicate
    self.reorder = reorder
    self.delay = delay
    self.jitter = jitter
    self.rate = rate
    self.queue = queue
    self.mtu = mtu
    self.outage = outage
    self.trace = trace
  }

  /// A direction that leaves everything as it is.
  package static var clean: LinkParameters { LinkParameters() }

  /// Whether every datagram passes at once and unchanged.
  package var isClean: Bool {
    loss <= 0 && corrupt <= 0 && duplicate <= 0 && reorder <= 0 && delay <= 0 && jitter <= 0 && rate == nil
      && mtu == nil && outage == nil && trace == nil
  }

  /// The bytes that may wait for the rate: `queue`, or else one bandwidth-delay product, at least ``leastQueue``.
  ///
  /// The product is `rate`, or the trace's mean rate, × 2 · `delay`, the round trip over a link with this delay both
  /// ways.
  package var queueLimit: Int {
    if let queue { return max(0, queue) }
    let product = Int128(max(0, trace?.rate ?? rate ?? 0)) * 2 * Int128(max(0, delay)) / 8_000_000_000
    return Int(clamping: max(Int128(LinkParameters.leastQueue), product))
  }

  /// How much longer than the others a reordered datagram is held: half the delay, at least 1 ms.
  package var reorderHold: Nanoseconds { max(delay / 2, .millisecond) }

  /// The default queue of a link with a small bandwidth-delay product: 64 kB, about 43 full Ethernet frames.
  package static var leastQueue: Int { 64_000 }
}
