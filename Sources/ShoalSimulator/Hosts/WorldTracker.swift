import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire

/// A tracker of a `World`, which may have more than one address.
package final class WorldTracker: WorldHost {
  /// Its address.
  package let address: Address
  /// The tracker itself.
  package private(set) var tracker: Registrar
  private let configuration: RegistrarConfiguration

  /// A tracker, which has a key of its own.
  package init(
    _ address: Address, using random: inout SeededGenerator,
    _ configuration: RegistrarConfiguration = RegistrarConfiguration()
  ) {
    self.address = address
    self.configuration = configuration
    tracker = WorldTracker.make(using: &random, configuration)
  }

  static func make(
    using random: inout SeededGenerator, _ configuration: RegistrarConfiguration = RegistrarConfiguration()
  ) -> Registrar {
    let secret = random.next().byteSwapped.bigEndianBytes
    let key = Blake3.hash(secret.span)
    return Registrar(key: key, seed: random.next(), configuration: configuration)
  }

  /// Loses its state, including its key.
  package func restart(using random: inout SeededGenerator) {
    tracker = WorldTracker.make(using: &random, configuration)
  }

  package func receive(_ datagram: NetworkDatagram, at now: Instant) {
    guard let bytes = Datagram.open(datagram.bytes.span) else { return }
    tracker.receive(bytes, from: datagram.from, at: now)
  }

  package func expire(at now: Instant) { tracker.expire(at: now) }

  package func nextTransmit(at now: Instant) -> NetworkDatagram? {
    guard case (let to, var bytes)? = tracker.nextTransmit(at: now) else { return nil }
    Datagram.seal(&bytes)
    return NetworkDatagram(from: address, to: to, bytes: bytes)
  }

  package func nextEvent(at now: Instant) -> String? {
    while tracker.nextEvent() != nil {}
    return nil
  }

  package var deadline: Instant { tracker.deadline }
  package var isFingerprinted: Bool { false }
}
