import ShoalBase
import ShoalContent

/// What a sender knew of a path at an earlier visit.
struct PathMemory: Equatable {
  /// The rate of the bottleneck, in bytes per second.
  var rate: Double
  /// The least round trip.
  var roundTrip: Nanoseconds

  init(rate: Double, roundTrip: Nanoseconds) { (self.rate, self.roundTrip) = (rate, roundTrip) }

  /// From the `terms` of a PASS: in the upper half the rate in kilobytes per second, in the lower half the round trip in
  /// microseconds. Nil if either is 0: nothing was known.
  init?(terms: UInt64) {
    let (rate, trip) = (terms >> 32, terms & 0xffff_ffff)
    guard rate > 0, trip > 0 else { return nil }
    self.init(rate: Double(rate) * 1_000, roundTrip: min(Nanoseconds(trip) * .microsecond, Constants.longestRoundTrip))
  }

  /// As the `terms` of a PASS.
  var terms: UInt64 {
    let rate = UInt64(min(max(self.rate / 1_000, 0), Double(UInt32.max)))
    return rate << 32 | UInt64(min(max(roundTrip / .microsecond, 0), Nanoseconds(UInt32.max)))
  }
}

/// The rate in the `terms` of a pass.
package struct PathTerms: Sendable {
  /// Kilobytes per second; 0 if nothing is known.
  package let rate: UInt32

  /// From the terms.
  package init(_ terms: UInt64) { rate = UInt32(terms >> 32) }
}

/// A start that trusts what an earlier visit has shown, but not much: Careful Resume (RFC 9959).
///
/// - *Reconnaissance*: the first flight leaves as on any path. If the first of it is acknowledged, nothing is lost, and
///   the round trip is at least half and at most ten times the one remembered, this may be the same path.
/// - *Unvalidated*: for a round trip, half of the remembered rate leaves.
/// - *Validating*: at no higher rate, until all of that is acknowledged. Then startup goes on from what was measured.
/// - *Retreat*: if a queue shows or losses do meanwhile, no more leaves than startup would send, and when what is in
///   flight has been answered startup ends: the rate is what was delivered, and the queue is drained.
struct CarefulResume {
  enum Phase { case reconnaissance, unvalidated, validating, retreat, over }

  let memory: PathMemory
  private(set) var phase = Phase.reconnaissance
  private var since = Instant.zero
  private var roundTrip: Nanoseconds = 0
  /// The phase ends when this much has been delivered.
  private var end: UInt64 = 0

  init(_ memory: PathMemory) { self.memory = memory }

  /// The bytes per second that leave at least; nil if it has no say.
  var rate: Double? { phase == .unvalidated || phase == .validating ? memory.rate / 2 : nil }
  /// The bytes in flight that this takes.
  var window: Double? { rate.map { $0 * Double(max(roundTrip, memory.roundTrip)) / 1e9 } }

  /// Takes an ACK; `least` is the least round trip, and `isCongested` whether a queue or an excess of losses shows.
  /// Returns whether startup is to end, as a retreat is complete.
  mutating func take(_ sample: CongestionSample, least: Nanoseconds, isCongested: Bool) -> Bool {
    switch phase {
    case .reconnaissance:
      guard sample.ackedBytes > 0 else { return false }
      let isSame = least >= memory.roundTrip / 2 && least <= 10 * memory.roundTrip
      guard isSame, !isCongested, sample.losses.packets == 0 else { phase = .over; return false }
      (phase, since, roundTrip) = (.unvalidated, sample.now, min(least, memory.roundTrip))
    case .unvalidated, .validating:
      if isCongested {
        phase = .retreat
        end = sample.delivered + UInt64(sample.bytesInFlight)
      } else if phase == .unvalidated, sample.now - since >= least {
        phase = .validating
        end = sample.delivered + UInt64(sample.bytesInFlight)
      } else if phase == .validating, sample.delivered >= end || sample.now - since >= 4 * least {
        phase = .over
      }
    case .retreat:
      guard sample.delivered >= end || sample.bytesInFlight == 0 else { return false }
      phase = .over
      return true
    case .over: break
    }
    return false
  }
}
