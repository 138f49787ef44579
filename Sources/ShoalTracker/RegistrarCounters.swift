import ShoalWire

/// What a tracker has done since it started.
package struct RegistrarCounters: Sendable, Equatable {
  /// By type byte.
  private var received = [Int](repeating: 0, count: 256)
  /// Requests received, by type.
  package var requests: [PacketType: Int] {
    var requests: [PacketType: Int] = [:]
    for type in PacketType.allCases where received[Int(type.rawValue)] > 0 {
      requests[type] = received[Int(type.rawValue)]
    }
    return requests
  }
  /// Requests refused, by reason.
  package internal(set) var errors: [TrackerError: Int] = [:]
  /// Registrations that ended in silence.
  package internal(set) var expired = 0
  /// Registrations that ended because a less greedy host needed the room.
  package internal(set) var displaced = 0
  /// Datagrams that are not requests to a tracker, or come from an address that cannot be answered.
  package internal(set) var ignored = 0
  /// Requests dropped because their host sends too many.
  package internal(set) var limited = 0
  /// Requests that came without a valid cookie, CONNECTs not counted.
  package internal(set) var unproven = 0
  /// Those of them that were dropped without an answer, because there were too many.
  package internal(set) var unanswered = 0
  /// How long the requests waited for their replies.
  package internal(set) var times = ReplyTimes()
  /// Replies withheld: larger than a request that came without a valid cookie.
  package internal(set) var withheld = 0
  /// Replies and events dropped because the host did not fetch them.
  package internal(set) var overflowed = 0

  /// The sum of these and another tracker's.
  package mutating func add(_ other: RegistrarCounters) {
    for type in received.indices { received[type] += other.received[type] }
    errors.merge(other.errors) { $0 + $1 }
    expired += other.expired
    displaced += other.displaced
    ignored += other.ignored
    limited += other.limited
    unproven += other.unproven
    unanswered += other.unanswered
    withheld += other.withheld
    overflowed += other.overflowed
    times.add(other.times)
  }

  mutating func count(_ type: PacketType) { received[Int(type.rawValue)] += 1 }
}
