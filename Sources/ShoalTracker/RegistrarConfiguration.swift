import ShoalBase
import ShoalContent

/// How often peers register with a tracker, and how much it keeps.
package struct RegistrarConfiguration: Sendable, Equatable {
  /// How often peers are asked to register again, 1...65,535 s; after three intervals of silence they are forgotten.
  package var interval: Nanoseconds = 60 * .second
  /// The most registrations (a peer of a file) in total. Each takes some 800 bytes, its file among them: 200 MB.
  package var registrations = 250_000
  /// The most registrations from one host, an IPv4 address or an IPv6 /64 network: none can fill the tracker alone.
  package var registrationsPerHost = 8_192
  /// The most peers of one file: bounds the work of a LOOKUP for a chunk, which asks each.
  package var peersPerFile = 4_096
  /// The most files that FIND finds under one name: bounds its work. Those beyond are registered all the same.
  package var filesPerName = 1_024
  /// The bytes of all chunk maps together; empty and complete ones take none. A peer of a 4 GB film has 128 bytes.
  package var mapBytes = 256 << 20
  /// The most registrations that are ended to make room for one request's chunk map: bounds its work.
  package var displacedAtOnce = 64
  /// The most bytes of a name, at most `Limits.nameLength`.
  package var nameLength = Limits.nameLength

  /// The defaults.
  package init() {}

  /// The time without REGISTER or UPDATE after which a registration ends.
  package var silence: Nanoseconds { Nanoseconds(seconds) * 3 * .second }
  /// The interval as REGISTERED gives it.
  var seconds: UInt16 { UInt16(clamping: max(1, interval / .second)) }
}
