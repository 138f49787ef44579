import ShoalBase
import ShoalLink
import ShoalWire

/// Hosts joined by their access links, in virtual time.
///
/// A datagram crosses the sender's uplink and then the receiver's downlink, with nothing in between. The network holds
/// the actual bytes, so a damaged datagram really has different bits. It is also the clock of all hosts, and wakes each
/// at the time that it asked for. The runner of the hosts calls `nextEvent` in a loop. Everything that happens follows
/// from the seed.
package struct Network {
  /// The time.
  package private(set) var now: Instant
  /// Datagrams whose destination was no host of the network.
  package private(set) var unreachable = 0
  /// Sees each datagram as a host sends it, and may change it; if it returns false, the datagram is lost.
  package var onSend: ((_ datagram: inout NetworkDatagram, _ now: Instant) -> Bool)?

  private let start: Instant
  private var generator: SeededGenerator
  private var hosts: [NetworkHost] = []
  private var indices: [Address: Int] = [:]
  private var queue = Releases(capacity: .max)
  private var flights: [Flight] = []
  private var freeFlights: [Int] = []
  private var isParted = false

  private struct Flight {
    var datagram: NetworkDatagram
    /// The host that it has reached; nil if it has crossed only the sender's link.
    var reached: Int?
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

  /// Adds a host, or gives the host that has this address another link; returns its number. Datagrams on their way are
  /// unaffected.
  @discardableResult
  package mutating func join(_ address: Address, link: LinkSpec) -> Int {
    let host = NetworkHost(address, link, seed: generator.next(), start: start)
    guard let index = indices[address] else {
      indices[address] = hosts.count
      hosts.append(host)
      return hosts.count - 1
    }
    hosts[index].up = host.up
    hosts[index].down = host.down
    return index
  }

  /// Gives a host a second address, of the other family: from it goes what it sends to addresses of that family.
  package mutating func add(_ address: Address, to host: Address) {
    guard let index = indices[host], indices[address] == nil, address.isIPv4 != host.isIPv4 else { return }
    indices[address] = index
    hosts[index].second = address
  }

  /// Removes a host; datagrams on their way to it vanish, unless another host joins at its address in time.
  package mutating func leave(_ address: Address) {
    guard let index = indices.removeValue(forKey: address) else { return }
    if let second = hosts[index].second { indices[second] = nil }
    hosts[index].wakeAt = .distantFuture
    hosts[index].hasLeft = true
  }

  /// The number of the host at an address; nil if there is none.
  package func number(of address: Address) -> Int? { indices[address] }

  /// Cuts the hosts at these addresses off from all others: what is sent across vanishes, until `heal`.
  package mutating func part(_ addresses: some Sequence<Address>) {
    isParted = true
    for address in addresses { if let index = indices[address] { hosts[index].isApart = true } }
  }

  /// Lets all hosts reach each other again.
  package mutating func heal() {
    isParted = false
    for index in hosts.indices { hosts[index].isApart = false }
  }

  /// The addresses of all hosts, in the order in which they joined.
  package var addresses: [Address] { indices.sorted { $0.value < $1.value }.map(\.key) }

  /// What the links of a host have done; nil if there is no such host.
  package func counters(of address: Address) -> (up: LinkCounters, down: LinkCounters)? {
    indices[address].map { (hosts[$0].up.counters, hosts[$0].down.counters) }
  }

  /// How long a datagram that a host sends now waits for its uplink's rate; 0 if there is no such host.
  package func queueDelay(from address: Address) -> Nanoseconds {
    indices[address].map { hosts[$0].up.queueDelay(at: now) } ?? 0
  }

  /// How long a datagram that a host sends at `instant` waits for its uplink's rate, and one that it is sent for its
  /// downlink's, if nothing else is sent until then; nil if there is no such host.
  package func waits(of address: Address, at instant: Instant) -> (up: Nanoseconds, down: Nanoseconds)? {
    indices[address].map { (hosts[$0].up.queueDelay(at: instant), hosts[$0].down.queueDelay(at: instant)) }
  }

  /// Asks for a `wake` of a host at `instant`, and at no other time.
  package mutating func wake(_ address: Address, at instant: Instant) {
    if let index = indices[address] { wake(index, at: instant) }
  }

  /// Asks for a `wake` of the host with this number at `instant`, and at no other time.
  package mutating func wake(_ index: Int, at instant: Instant) {
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

  /// Sends a datagram now. One from an address that no host has, as a forged one may be, crosses no uplink.
  package mutating func send(_ datagram: NetworkDatagram) { send(datagram, by: indices[datagram.from]) }

  /// Sends a datagram now, from the host with this number.
  package mutating func send(_ datagram: NetworkDatagram, by host: Int?) {
    var datagram = datagram
    if let host, let second = hosts[host].second, second.isIPv4 == datagram.to.isIPv4 { datagram.from = second }
    if let onSend, !onSend(&datagram, now) { return }
    guard let host else { return queue(Flight(datagram: datagram), at: now) }
    // What a host sends to itself crosses no link.
    if datagram.to == hosts[host].address || datagram.to == hosts[host].second {
      return queue(Flight(datagram: datagram, reached: host), at: now)
    }
    if isParted, hosts[host].isApart != (indices[datagram.to].map { hosts[$0].isApart } ?? false) { return }
    let length = Network.length(datagram)
    let fate = hosts[host].up.admit(ipLength: length.ip, payloadLength: length.payload, at: now)
    carry(datagram, fate, to: nil)
  }

  private static func length(_ datagram: NetworkDatagram) -> (ip: Int, payload: Int) {
    (datagram.bytes.count + (datagram.to.isIPv4 ? 28 : 48), datagram.bytes.count)
  }

  private mutating func carry(_ datagram: consuming NetworkDatagram, _ fate: Fate, to reached: Int?) {
    guard case .delivered(let delivery) = fate else { return }
    if let corruption = delivery.corruption { corruption.apply(to: &datagram.bytes) }
    let flight = Flight(datagram: datagram, reached: reached)
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

  /// The next thing that happens no later than `limit`, with the clock set to its time; nil if there is none, with the
  /// clock then set to `limit` unless that is `distantFuture`.
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
    return .wake(index)
  }

  private mutating func arrive(_ index: Int) -> NetworkEvent? {
    let flight = flights[index]
    flights[index].datagram.bytes = []
    freeFlights.append(index)
    if let host = flight.reached, !hosts[host].hasLeft { return .arrival(flight.datagram, at: host) }
    guard let host = indices[flight.datagram.to] else {
      unreachable += 1
      return nil
    }
    if flight.reached != nil { return .arrival(flight.datagram, at: host) }
    let length = Network.length(flight.datagram)
    let fate = hosts[host].down.admit(ipLength: length.ip, payloadLength: length.payload, at: now)
    carry(flight.datagram, fate, to: host)
    return nil
  }
}
