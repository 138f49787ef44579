import ShoalBase
import ShoalLink
import ShoalWire

/// A machine of a `World`: a state machine, and what a real host does around it, behind the same five verbs.
package protocol WorldHost: AnyObject {
  /// Its address.
  var address: Address { get }
  /// A datagram has come.
  func receive(_ datagram: NetworkDatagram, at now: Instant)
  /// The time is at or past the deadline.
  func expire(at now: Instant)
  /// The next datagram that it sends, sealed; nil if there is none now.
  func nextTransmit(at now: Instant) -> NetworkDatagram?
  /// Takes what the state machine has to tell and does what follows from it; then the next thing that has happened
  /// although it must not, in words, or nil.
  func nextEvent(at now: Instant) -> String?
  /// When it is to expire.
  var deadline: Instant { get }
  /// Its power fails.
  func crash(using random: inout SeededGenerator)
  /// Whether the world's fingerprint is taken of what it sends. What only answers need not be: it shows in what others
  /// send next.
  var isFingerprinted: Bool { get }
}

extension WorldHost {
  package func crash(using random: inout SeededGenerator) {}
  package var isFingerprinted: Bool { true }
}

/// The clock of a host: where it stands against the world's, and how much faster it goes.
package struct WorldClock: Sendable {
  /// How far it was ahead when the world began.
  package var offset: Nanoseconds
  /// How many millionths it is faster.
  package var drift: Int

  /// A clock that is ahead by so much, and fast by so many millionths.
  package init(offset: Nanoseconds = 0, drift: Int = 0) { (self.offset, self.drift) = (offset, drift) }

  /// What it shows so long after the world began.
  func reading(at elapsed: Nanoseconds, since start: Instant) -> Instant {
    start + (elapsed + elapsed / 1_000_000 * Nanoseconds(drift) + offset)
  }

  /// How long after the world began it shows this, or just a little more.
  func elapsed(at reading: Instant, since start: Instant) -> Nanoseconds {
    let shown = max(reading - start - offset, 0)
    var elapsed = shown / (1_000_000 + Nanoseconds(drift)) * 1_000_000
    while self.reading(at: elapsed, since: start) < reading {
      elapsed += max((reading - self.reading(at: elapsed, since: start)) / 2, 1)
    }
    return elapsed
  }
}
