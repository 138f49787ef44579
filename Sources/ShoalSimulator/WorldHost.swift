import ShoalBase
import ShoalLink
import ShoalTransport
import ShoalWire

/// A machine of a `World`: a state machine with everything that a real host does around it, behind the same five calls.
package protocol WorldHost: AnyObject {
  /// Its address.
  var address: Address { get }
  /// A datagram has arrived.
  func receive(_ datagram: NetworkDatagram, at now: Instant)
  /// The time is at or past the deadline.
  func expire(at now: Instant)
  /// The next datagram that it sends, sealed; nil if there is none now.
  func nextTransmit(at now: Instant) -> NetworkDatagram?
  /// Handles the state machine's events; then returns a description of the next violation, or nil.
  func nextEvent(at now: Instant) -> String?
  /// When it is to expire.
  var deadline: Instant { get }
  /// Cuts its power.
  func crash(using random: inout SeededGenerator)
  /// Whether what it sends counts for the world's fingerprint. A host that only answers may be left out: its answers
  /// show in what others send next.
  var isFingerprinted: Bool { get }
  /// The state of its connections, and the losses found on each since the last call.
  func takeState() -> ([ConnectionStatus], losses: [[LossVerdict]])
}

extension WorldHost {
  package func crash(using random: inout SeededGenerator) {}
  package var isFingerprinted: Bool { true }
  package func takeState() -> ([ConnectionStatus], losses: [[LossVerdict]]) { ([], []) }
}

/// The clock of a host: how far it is ahead of the world's, and how much faster it runs.
package struct WorldClock: Sendable {
  /// How far it was ahead when the world began.
  package var offset: Nanoseconds
  /// How many millionths faster it runs.
  package var drift: Int

  /// A clock that is ahead by this much, and fast by this many millionths.
  package init(offset: Nanoseconds = 0, drift: Int = 0) { (self.offset, self.drift) = (offset, drift) }

  /// What it shows this long after the world began.
  func reading(at elapsed: Nanoseconds, since start: Instant) -> Instant {
    start + (elapsed + elapsed / 1_000_000 * Nanoseconds(drift) + offset)
  }

  /// How long after the world began it shows this reading, or just a little more.
  func elapsed(at reading: Instant, since start: Instant) -> Nanoseconds {
    let shown = max(reading - start - offset, 0)
    var elapsed = shown / (1_000_000 + Nanoseconds(drift)) * 1_000_000
    while self.reading(at: elapsed, since: start) < reading {
      elapsed += max((reading - self.reading(at: elapsed, since: start)) / 2, 1)
    }
    return elapsed
  }
}
