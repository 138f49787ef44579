import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire

@testable import ShoalTransport

/// A transfer between two hosts, with everything about it drawn from a seed.
struct Scenario: CustomStringConvertible {
  let seed: UInt64
  var link = LinkParameters()
  var backLink = LinkParameters()
  var first = TransportConfiguration()
  var second = TransportConfiguration()
  var bytes = 0
  var bytesBack = 0
  var messages = 0
  var isIPv6 = false

  init(seed: UInt64) {
    self.seed = seed
    var random = SeededGenerator(seed: seed)
    func one(in n: UInt64) -> Bool { random.next() % n == 0 }
    func number(_ range: ClosedRange<Int>) -> Int {
      range.lowerBound + Int(random.next() % UInt64(range.count))
    }
    func pick<T>(_ values: [T]) -> T { values[Int(random.next() % UInt64(values.count))] }

    func direction() -> LinkParameters {
      var link = LinkParameters()
      if one(in: 2) { link.loss = random.unit() * pick([0.01, 0.1, 0.3]) }
      if link.loss > 0, one(in: 3) { link.burst = 1 / (1 - link.loss) + random.unit() * 6 }
      if one(in: 3) { link.corrupt = random.unit() * 0.1 }
      if one(in: 3) { link.duplicate = random.unit() * 0.1 }
      if one(in: 3) { link.reorder = random.unit() * 0.2 }
      if one(in: 2) { link.jitter = Nanoseconds(number(0...20_000)) * .microsecond }
      if one(in: 4) { link.delay = 0 } else { link.delay = Nanoseconds(number(0...100_000)) * .microsecond }
      if !one(in: 4) {
        link.rate = pick([1, 2, 5, 10, 50, 100, 1_000]) * 1_000_000
        if one(in: 2) { link.queue = number(10_000...200_000) }
      }
      if one(in: 4) { link.mtu = number(1_280...9_000) }
      if one(in: 5) {
        let up = number(100...5_000)
        link.outage = Outage(
          up: Nanoseconds(up) * .millisecond, down: Nanoseconds(number(10...up * 2 / 5)) * .millisecond)
      }
      return link
    }
    link = direction()
    backLink = direction()
    func configuration() -> TransportConfiguration {
      var it = TransportConfiguration()
      if one(in: 4) { it.repeatMode = .goBackN }
      it.window = UInt32(pick([1, 2, 3, number(4...64), number(64...4_096), 4_096, 65_536]))
      it.congestion = pick([.bbr, .bbr, .bbr] + CongestionAlgorithm.allCases)
      if one(in: 2) { it.mtu = number(1_280...9_000) }
      if one(in: 3) { it.initialSequence = UInt32.max - UInt32(number(0...200)) }
      return it
    }
    first = configuration()
    second = configuration()
    isIPv6 = one(in: 4)
    let isSlow = first.repeatMode == .goBackN || second.repeatMode == .goBackN || min(first.window, second.window) < 8
    bytes = number(0...(isSlow ? 120_000 : 1_500_000))
    if one(in: 2) { bytesBack = number(0...(isSlow ? 120_000 : 1_000_000)) }
    messages = number(0...40)
  }

  var description: String {
    "seed \(seed): \(bytes) and \(bytesBack) bytes, \(messages) messages, there \(LinkSpec(up: link, down: backLink)), "
      + [first, second].map {
        "\($0.repeatMode) window \($0.window) \($0.congestion) mtu \($0.mtu)"
      }.joined(separator: "; ")
  }

  /// A time in which even an unlucky transfer should be done.
  var patience: Nanoseconds {
    let loss = max(link.loss + link.corrupt, backLink.loss + backLink.corrupt)
    // A window of one packet costs a round trip, or a probe timeout, per packet.
    let packets = Double(bytes + bytesBack) / 1_158 + Double(messages) + 10
    let roundTrip = Double(link.delay + backLink.delay + 60 * .millisecond) * 1.5
    let rate = Double(min(link.rate ?? .max, backLink.rate ?? .max, 1_000_000_000))
    let line = Double(bytes + bytesBack) * 8e9 / rate
    return 60 * .second + Nanoseconds((packets * roundTrip + 20 * line) / (1 - loss) / (1 - loss) * 4)
  }

  /// Runs it and says what went wrong; nil if nothing did.
  func run(_ prepare: (World) -> Void = { _ in }) -> String? {
    let world = World(seed: seed)
    func address(_ number: UInt64) -> Address {
      isIPv6 ? Address(high: 0x2001_0db8 << 32, low: number, port: 7_400) : Address(ipv4: UInt32(number), port: 7_400)
    }
    let a = world.addEndpoint(first, link: LinkSpec(up: link, down: backLink), address: address(1))
    let b = world.addEndpoint(second, address: address(2))
    var invariants = Invariants()
    world.afterTurn = { host in
      if let host = host as? WorldEndpoint, let broken = invariants.broken(host) { world.violate(broken) }
    }
    prepare(world)
    // An OPEN may well be lost three times.
    var attempts = 0
    // If nothing is lost, the opener need not wait for the responder to know that it is one.
    let isLossless = link.loses + backLink.loses == 0
    while a.connection == nil || (b.connection == nil && !isLossless), attempts < 100 {
      attempts += 1
      guard let id = world.connect(a, to: b) else { return "\(self): no slot" }
      world.run(for: 10 * .second) {
        (a.connection != nil && (b.connection != nil || isLossless)) || a.closed.contains { $0.id == id }
      }
      if b.connection == nil, !isLossless {
        a.endpoint.close(id, .done, at: world.now)
        a.connections.removeAll()
      }
    }
    guard let id = a.connection else { return "\(self): no connection, \(world.violations)" }
    world.sendFile(bytes, from: a, on: id)
    for _ in 0..<messages { world.sendMessage(from: a, on: id) }
    world.run(for: .second) { b.connection != nil }
    guard let idBack = b.connection else { return "\(self): not accepted, \(world.violations)" }
    world.sendFile(bytesBack, from: b, on: idBack, pieces: 7_000)
    for _ in 0..<messages / 2 { world.sendMessage(from: b, on: idBack) }

    let start = world.now
    let isDone = world.run(for: patience) { world.isComplete }
    guard world.violations.isEmpty else { return "\(self): \(world.violations)" }
    guard isDone else {
      return "\(self): after \((world.now - start) / .millisecond) ms \(world.bytesMissing) bytes and "
        + "\(world.messagesMissing) messages are missing; \(a.closed) \(b.closed) "
        + String(describing: a.endpoint.status(id))
    }
    guard a.bytesRepeated + b.bytesRepeated == 0 || invariants.datagramFell else { return "\(self): bytes came again" }
    // What is still unacknowledged is settled; then everything is quiet except for keep-alives.
    world.run(for: 20 * .second)
    guard world.violations.isEmpty, a.closed.isEmpty || attempts > 1, b.closed.isEmpty || attempts > 1 else {
      return "\(self): afterwards \(world.violations) \(a.closed) \(b.closed)"
    }
    return nil
  }
}

extension LinkParameters {
  /// The chance that datagrams that fit are lost; 0 if they cannot be.
  var loses: Double { loss + corrupt + (outage == nil ? 0 : 1) }
}
