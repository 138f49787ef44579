import ShoalBase
import ShoalContent

/// How often peers register with a tracker, and how much it keeps.
package struct RegistrarConfiguration: Sendable, Equatable {
  /// How often peers are asked to register again, 1...65,535 s; after three intervals of silence they are forgotten.
  package var interval: Nanoseconds = 60 * .second
  /// The bytes of memory beyond which a new registration is only taken in place of another.
  package var memory: Int
  /// The most registrations (a peer of a file) in total.
  package var registrations: Int
  /// The most registrations from one host, an IPv4 address or an IPv6 /64 network: none can fill the tracker alone.
  package var registrationsPerHost = 8_192
  /// The requests that a host may send each second, and those that it may send at once after a pause: none can take much
  /// of the tracker's time, and the peers behind one address can all register.
  package var requestsPerHost = 1_000, requestsPerHostAtOnce = 10_000
  /// The requests without a valid cookie, CONNECTs not counted, that are refused each second; others are dropped.
  package var strangers = 20_000
  /// The most peers of one file: no file can fill the tracker alone.
  package var peersPerFile = 4 << 20
  /// The most files that FIND finds under one name: bounds its work. Those beyond are registered all the same.
  package var filesPerName = 24
  /// The bytes of all chunk maps together; empty and complete ones take none. A peer of a 4 GB film has 128 bytes.
  package var mapBytes: Int
  /// The most registrations that are ended to make room for one request's chunk map: bounds its work.
  package var displacedAtOnce = 2
  /// The most bytes of a name, at most `Limits.nameLength`.
  package var nameLength = Limits.nameLength

  /// The limits that follow from this many bytes of memory, 1 MiB to 1 TiB.
  package init(memory: Int = 512 << 20) {
    let memory = min(max(memory, 1 << 20), 1 << 40)
    self.memory = memory
    // A complete IPv4 peer takes some 55 bytes, and one that is alone with its file and a name some 400.
    registrations = memory / 64
    mapBytes = memory / 2
  }

  /// The limits of each of so many trackers that have parts of the files. How many requests a host may send is a limit
  /// of each, as it protects each one's time.
  package func part(of count: Int) -> RegistrarConfiguration {
    var part = self
    part.memory /= count
    part.registrations /= count
    part.registrationsPerHost = max(1, registrationsPerHost / count)
    part.mapBytes /= count
    part.strangers = max(1, strangers / count)
    return part
  }

  /// Adds the limits of another part.
  package mutating func add(_ other: RegistrarConfiguration) {
    memory += other.memory
    registrations += other.registrations
    registrationsPerHost += other.registrationsPerHost
    mapBytes += other.mapBytes
    strangers += other.strangers
  }

  /// The time without REGISTER or UPDATE after which a registration ends.
  package var silence: Nanoseconds { Nanoseconds(seconds) * 3 * .second }
  /// The interval as REGISTERED gives it.
  var seconds: UInt16 { UInt16(clamping: max(1, interval / .second)) }
}
