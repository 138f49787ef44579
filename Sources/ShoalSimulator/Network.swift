import ShoalBase
import ShoalLink
import ShoalWire

/// Hosts joined by their access links, in virtual time.
///
/// A datagram crosses the sender's link up and then the receiver's link down; between them lies nothing. The network
/// holds its bytes, and a damaged one really has other bits. It is also the clock of all its hosts: it tells each when
/// the time that it asked for has come. Whoever runs the hosts calls `nextEvent` over and over. All that happens
/// follows from the seed.
package struct Network {
  /// The time.
  package private(set) var now: Instant
  /// Datagrams that no host of the network was the destination of.
  package private(set) var unreachable = 0
  /// Sees each datagram as a host sends it, and may change it; one for which it says false is gone.
  package var onSend: ((_ datagram: inout NetworkDatagram, _ now: Instant) -> Bool)?

  private let start: Instant
  private var generator: SeededGenerator
  private var hosts: [NetworkHost] = []
  private var indices: [Address: Int] = [:]
  private var queue = Releases(capacity: .max)
  private var flights: [Flight] = []
  private var freeFlights: [Int] = []

  private struct Flight {
    var datagram: NetworkDatagram
    /// It has crossed the sender's link, and the receiver's too once this is set.
    var hasCrossedBoth: Bool
  }

  /// Tokens of the queue above this are wakes of hosts; those below are flights.
  private static let wakeToken: UInt32 = 1 << 31

  /// A network without hosts.
  package init(seed: UInt64, start: Instant = .zero) {
    self.start = start
    now = start
    generator = SeededGenerator(seed: seed)
  }

  // MARK: Hosts

  /// Joins a host, or gives the one that has the address another link. What is on its way stays so.
  package mutating func join(_ address: Address, link: LinkSpec) {
    let host = NetworkHost(address, link, seed: generator.next(), start: start)
    guard let index = indices[address] else {
      indices[address] = hosts.count
      hosts.append(host)
      return
    }
    hosts[index].up = host.up
    hosts[index].down = host.down
  }

  /// Takes a host out; what is on its way to it vanishes.
  package mutating func leave(_ address: Address) {
    guard let index = indices.removeValue(forKey: address) else { return }
    hosts[index].wakeAt = .distantFuture
  }

  /// The addresses of all hosts, in the order in which they joined.
  package var addresses: [Address] { indices.sorted { $0.value < $1.value }.map(\.key) }

  /// What the links of a host have done; nil if there is no such host.
  package func counters(of address: Address) -> (up: LinkCounters, down: LinkCounters)? {
    indices[address].map { (hosts[$0].up.counters, hosts[$0].down.counters) }
  }

  /// How long a datagram that a host sends now waits for the rate of its link up; 0 if there is no such host.
  package func queueDelay(from address: Address) -> Nanoseconds {
    indices[address].map { hosts[$0].up.queueDelay(at: now) } ?? 0
  }

  /// Asks for a `wake` of a host at `instant`, and at no other time.
  package mutating func wake(_ address: Address, at instant: Instant) {
    guard let index = indices[address] else { return }
    hosts[index].wakeAt = instant
    queueWake(index)
  }

  private mutating func queueWake(_ index: Int) {
    let at = max(hosts[index].wakeAt, now)
    guard at < hosts[index].queuedWake else { return }
    hosts[index].queuedWake = at
    _ = queue.insert(Network.wakeToken + UInt32(index), at: at)
  }

  // MARK: Datagrams

  /// Sends a datagram now.
  package mutating func send(_ bytes: UnsafeRawBufferPointer, from: Address, to: Address) {
    send(NetworkDatagram(from: from, to: to, bytes: Array(bytes)))
  }

  /// Sends a datagram now. One from an address that no host has, which may be forged, crosses no link up.
  package mutating func send(_ datagram: NetworkDatagram) {
    var datagram = datagram
    if let onSend, !onSend(&datagram, now) { return }
    guard let index = indices[datagram.from] else {
      return queue(Flight(datagram: datagram, hasCrossedBoth: false), at: now)
    }
    let length = Network.length(datagram)
    let fate = hosts[index].up.admit(ipLength: length.ip, payloadLength: length.payload, at: now)
    carry(datagram, fate, hasCrossedBoth: false)
  }

  private static func length(_ datagram: NetworkDatagram) -> (ip: Int, payload: Int) {
    (datagram.bytes.count + (datagram.to.isIPv4 ? 28 : 48), datagram.bytes.count)
  }

  private mutating func carry(_ datagram: consuming NetworkDatagram, _ fate: Fate, hasCrossedBoth: Bool) {
    guard case .delivered(let delivery) = fate else { return }
    if let corruption = delivery.corruption { datagram.bytes.withUnsafeMutableBytes { corruption.apply(to: $0) } }
    let flight = Flight(datagram: datagram, hasCrossedBoth: hasCrossedBoth)
    if let duplicate = delivery.duplicate { queue(flight, at: duplicate) }
    queue(flight, at: delivery.release)
  }

  private mutating func queue(_ flight: consuming Flight, at instant: Instant) {
    let index: Int
    if let free = freeFlights.popLast() {
      index = free
      flights[free] = flight
    } else {
      index = flights.count
      flights.append(flight)
    }
    _ = queue.insert(UInt32(index), at: instant)
  }

  // MARK: Time

  /// The next thing that happens no later than `limit`, the clock being set to its time; nil if there is none, the
  /// clock then being set to `limit` unless that is `distantFuture`.
  package mutating func nextEvent(until limit: Instant = .distantFuture) -> NetworkEvent? {
    while queue.deadline <= limit, queue.deadline != .distantFuture {
      now = max(now, queue.deadline)
      guard let token = queue.popDue(at: now) else { break }
      if let event = token >= Network.wakeToken ? wake(Int(token - Network.wakeToken)) : arrive(Int(token)) {
        return event
      }
    }
    if limit != .distantFuture { now = max(now, limit) }
    return nil
  }

  private mutating func wake(_ index: Int) -> NetworkEvent? {
    guard hosts[index].queuedWake <= now else { return nil }
    hosts[index].queuedWake = .distantFuture
    guard hosts[index].wakeAt <= now else {
      queueWake(index)
      return nil
    }
    hosts[index].wakeAt = .distantFuture
    return .wake(hosts[index].address)
  }

  private mutating func arrive(_ index: Int) -> NetworkEvent? {
    let flight = flights[index]
    flights[index].datagram.bytes = []
    freeFlights.append(index)
    guard let host = indices[flight.datagram.to] else {
      unreachable += 1
      return nil
    }
    if flight.hasCrossedBoth { return .arrival(flight.datagram) }
    let length = Network.length(flight.datagram)
    let fate = hosts[host].down.admit(ipLength: length.ip, payloadLength: length.payload, at: now)
    carry(flight.datagram, fate, hasCrossedBoth: true)
    return nil
  }
}
