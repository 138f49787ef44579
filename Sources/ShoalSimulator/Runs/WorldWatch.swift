import ShoalBase
import ShoalWire

/// Watches one host of a run, as `--capture` and `--qlog` watch a real one. It never changes what happens.
package struct WorldWatch {
  /// Which host is watched.
  package enum Place: Sendable, Equatable {
    /// The sender of the file or, of a swarm, the origin.
    case sender
    /// A receiver, counted from 1.
    case receiver(Int)

    /// The address that this host has in a simulated transfer or swarm.
    package var address: Address {
      switch self {
      case .sender: World.address(1)
      case .receiver(let number): World.address(UInt32(clamping: number + 1))
      }
    }
  }

  /// Which host is watched.
  package var place: Place
  /// Called with each datagram that the host sends or gets, and the time since the run began.
  package var onDatagram: (_ datagram: NetworkDatagram, _ isOutbound: Bool, _ time: Nanoseconds) -> Void
  /// Called after each of the host's turns, with the time since the run began.
  package var afterTurn: (_ host: any WorldHost, _ time: Nanoseconds) -> Void

  /// A watch over a host.
  package init(
    _ place: Place,
    onDatagram: @escaping (_ datagram: NetworkDatagram, _ isOutbound: Bool, _ time: Nanoseconds) -> Void,
    afterTurn: @escaping (_ host: any WorldHost, _ time: Nanoseconds) -> Void
  ) {
    (self.place, self.onDatagram, self.afterTurn) = (place, onDatagram, afterTurn)
  }
}

extension World {
  /// Lets a watch observe its host from now on, in addition to any others.
  func add(_ watch: WorldWatch) {
    let (address, start) = (watch.place.address, now)
    onSend = { [earlier = onSend] datagram, now in
      earlier?(datagram, now)
      if datagram.from == address { watch.onDatagram(datagram, true, now - start) }
    }
    onArrival = { [earlier = onArrival] datagram, now in
      earlier?(datagram, now)
      if datagram.to == address { watch.onDatagram(datagram, false, now - start) }
    }
    afterTurn = { [unowned self, earlier = afterTurn] host in
      earlier?(host)
      if host.address == address { watch.afterTurn(host, now - start) }
    }
  }
}
