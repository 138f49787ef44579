import ShoalWire

/// What a tracker has done since it started.
package struct RegistrarCounters: Sendable, Equatable {
  /// Requests received, by type.
  package internal(set) var requests: [PacketType: Int] = [:]
  /// Requests refused, by reason.
  package internal(set) var errors: [TrackerError: Int] = [:]
  /// Registrations that ended in silence.
  package internal(set) var expired = 0
  /// Registrations that ended because a less greedy host needed the room.
  package internal(set) var displaced = 0
  /// Datagrams that are not requests to a tracker, or come from an address that cannot be answered.
  package internal(set) var ignored = 0
  /// Replies withheld: larger than a request that came without a valid cookie.
  package internal(set) var withheld = 0
  /// Replies and events dropped because the host did not fetch them.
  package internal(set) var overflowed = 0
}
