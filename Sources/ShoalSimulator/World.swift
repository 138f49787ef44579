import ShoalBase
import ShoalLink
import ShoalSwarm
import ShoalTransport
import ShoalWire

/// Hosts of every kind that exchange datagrams over a network, in virtual time; everything that arrives is checked.
///
/// It is the event loop of all its hosts: it delivers what arrives for each, calls it when its deadline has passed,
/// carries what it sends, and asks when to call it again. Whatever must never happen is recorded in `violations`.
/// Seeds, faults and the fingerprint belong to the world, whatever the hosts are.
package final class World {
  /// The network between the hosts, and the clock.
  package var network: Network
  /// The peers, in the order in which they came, including those that are gone.
  package internal(set) var peers: [WorldPeer] = []
  /// The files and messages that bare endpoints were given to send.
  let cargo = WorldCargo()
  /// The pieces on the peers' disks.
  let pieces = PiecePool()
  /// Violations of the protocol's rules.
  package private(set) var violations: [String] = []
  /// Sees each datagram as a host sends it, before anything has happened to it.
  package var onSend: ((_ datagram: NetworkDatagram, _ now: Instant) -> Void)?
  /// Sees each datagram as it arrives at its host.
  package var onArrival: ((_ datagram: NetworkDatagram, _ now: Instant) -> Void)?
  /// Called after each turn of a host.
  package var afterTurn: ((any WorldHost) -> Void)?
  /// A sum over what was sent, and when: the same for identical runs.
  package private(set) var fingerprint: UInt64 = 0

  /// The hosts by their number in the network.
  private var hosts: [(any WorldHost)?] = []
  private var clocks: [Int: WorldClock] = [:]
  private let start: Instant
  var generator: SeededGenerator
  private var nextAddress: UInt32 = 0

  /// No host needs to send this many datagrams at one instant.
  private static let endless = 3_000_000

  /// A world without hosts, whose whole history follows from `seed`.
  package init(seed: UInt64, start: Instant = .zero) {
    self.start = start
    generator = SeededGenerator(seed: seed)
    network = Network(seed: generator.next(), start: start)
  }

  /// The time.
  package var now: Instant { network.now }

  func newAddress() -> Address {
    nextAddress += 1
    return World.address(nextAddress)
  }

  /// The address of the host that was given the nth address, counted from 1.
  static func address(_ number: UInt32) -> Address { Address(ipv4: 0x0a00_0000 &+ number, port: 7_400) }

  // MARK: Hosts

  /// Adds a host, with a clock of its own if it is given one; at the address of another host it takes that host's
  /// place.
  package func add(_ host: any WorldHost, link: LinkSpec = .clean, clock: WorldClock? = nil) {
    let number = network.join(host.address, link: link)
    if let clock { clocks[number] = clock }
    while hosts.count <= number { hosts.append(nil) }
    hosts[number] = host
    flush(host)
  }

  /// Removes a host as a power failure would: it falls silent, and a peer's disk loses what was not synced.
  package func crash(_ host: any WorldHost) {
    guard let number = number(of: host) else { return }
    network.leave(host.address)
    hosts[number] = nil
    var random = SeededGenerator(seed: host.address.low ^ UInt64(bitPattern: now.nanoseconds))
    host.crash(using: &random)
  }

  /// Ends a peer's process, as `kill -9` does: it falls silent, and its disk has all that was written.
  package func kill(_ peer: WorldPeer) {
    guard let number = number(of: peer) else { return }
    network.leave(peer.address)
    hosts[number] = nil
    peer.end()
  }

  /// Cuts some hosts off from all others, until `heal`.
  package func part(_ hosts: [any WorldHost]) { network.part(hosts.map(\.address)) }

  /// Lets all hosts reach each other again.
  package func heal() { network.heal() }

  /// The host at an address.
  package func host(at address: Address) -> (any WorldHost)? { network.number(of: address).flatMap { hosts[$0] } }

  private func number(of host: any WorldHost) -> Int? {
    network.number(of: host.address).flatMap { hosts[$0] === host ? $0 : nil }
  }

  // MARK: Time

  /// Runs until `condition` holds, for at most `limit`; returns whether it came to hold.
  @discardableResult
  package func run(for limit: Nanoseconds, until condition: () -> Bool = { false }) -> Bool {
    let end = now + limit
    while !condition() {
      guard violations.isEmpty, let event = network.nextEvent(until: end) else { return condition() }
      switch event {
      case .arrival(let datagram, let number):
        guard let host = hosts[number] else { continue }
        onArrival?(datagram, now)
        host.receive(datagram, at: time(at: number))
        turn(host, number)
      case .wake(let number):
        guard let host = hosts[number] else { continue }
        host.expire(at: time(at: number))
        turn(host, number)
      }
    }
    return true
  }

  /// What a host's clock shows.
  package func time(of host: any WorldHost) -> Instant { number(of: host).map(time(at:)) ?? now }

  private func time(at number: Int) -> Instant {
    guard !clocks.isEmpty, let clock = clocks[number] else { return now }
    return clock.reading(at: now - start, since: start)
  }

  private func wake(_ number: Int, at deadline: Instant) {
    guard !clocks.isEmpty, let clock = clocks[number], deadline != .distantFuture else {
      return network.wake(number, at: deadline)
    }
    network.wake(number, at: start + clock.elapsed(at: deadline, since: start))
  }

  /// Handles a host's events, sends what it has to send, and asks for its next turn. For hosts whose state was changed
  /// from outside.
  package func flush(_ host: any WorldHost) {
    if let number = number(of: host) { turn(host, number) }
  }

  private func turn(_ host: any WorldHost, _ number: Int) {
    let time = time(at: number)
    while let what = host.nextEvent(at: time) { violate(what) }
    send(from: host, number, at: time)
    // The last completions of its disk may have caused messages, which are sent at once.
    if host.deadline < time { send(from: host, number, at: time) }
    let deadline = host.deadline
    if deadline < time, deadline != .zero { violate("\(host.address) has a deadline in the past") }
    wake(number, at: deadline)
    afterTurn?(host)
  }

  /// Carries what a host has to send, and handles the events that follow.
  private func send(from host: any WorldHost, _ number: Int, at time: Instant) {
    var count = 0
    while let datagram = host.nextTransmit(at: time) {
      if host.isFingerprinted { note(datagram) }
      onSend?(datagram, now)
      network.send(datagram, by: number)
      count += 1
      guard count < World.endless else { return violate("\(host.address) does not stop sending") }
    }
    while let what = host.nextEvent(at: time) { violate(what) }
  }

  // MARK: Checks

  /// Records a violation.
  package func violate(_ what: String) {
    if violations.count < 20 { violations.append("\(now.nanoseconds / 1_000) us: \(what)") }
  }

  private func note(_ datagram: NetworkDatagram) {
    let sum = Checksum.found(datagram.bytes.span)
    fingerprint = (fingerprint ^ UInt64(bitPattern: now.nanoseconds) ^ datagram.from.low) &* 0x9e37_79b9_7f4a_7c15
    fingerprint = (fingerprint ^ UInt64(sum)) &* 0xbf58_476d_1ce4_e5b9
    fingerprint ^= fingerprint >> 29
  }
}
