import ShoalBase
import ShoalLink
import ShoalWire

/// A datagram with its bytes.
package struct NetworkDatagram: Sendable {
  /// Where it comes from.
  package var from: Address
  /// Where it goes.
  package var to: Address
  /// The UDP payload.
  package var bytes: [UInt8]

  /// A datagram.
  package init(from: Address, to: Address, bytes: [UInt8]) {
    self.from = from
    self.to = to
    self.bytes = bytes
  }
}

/// What a network reports to the runner of its hosts.
package enum NetworkEvent: Sendable {
  /// A datagram has arrived at its destination, the host with this number.
  case arrival(NetworkDatagram, at: Int)
  /// The time has come at which the host with this number asked to be woken.
  case wake(Int)
}

/// A host as seen by the network: its two links, and when it wants to be woken.
struct NetworkHost {
  let address: Address
  /// Its address of the other family, if it has one.
  var second: Address?
  var up: Link
  var down: Link
  var hasLeft = false
  /// Whether it is cut off from the hosts that are not.
  var isApart = false
  /// When the host wants to be woken.
  var wakeAt = Instant.distantFuture
  /// The earliest entry for it in the queue; any later ones are out of date.
  var queuedWake = Instant.distantFuture

  init(_ address: Address, _ spec: LinkSpec, seed: UInt64, start: Instant) {
    self.address = address
    up = spec.makeUpLink(defaultSeed: seed, start: start)
    down = spec.makeDownLink(defaultSeed: seed, start: start)
  }
}
