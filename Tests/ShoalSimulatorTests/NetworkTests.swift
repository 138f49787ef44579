import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@Suite struct NetworkTests {
  private let first = Address(ipv4: 1, port: 1)
  private let second = Address(ipv4: 2, port: 2)

  private func network(_ up: String, _ down: String = "clean", seed: UInt64 = 1) throws -> Network {
    var network = Network(seed: seed)
    network.join(first, link: try LinkSpec(parsing: up))
    network.join(second, link: try LinkSpec(parsing: down))
    return network
  }

  private func arrivals(_ network: inout Network) -> [(at: Nanoseconds, bytes: [UInt8])] {
    var all: [(at: Nanoseconds, bytes: [UInt8])] = []
    while case .arrival(let datagram, _)? = network.nextEvent() {
      all.append((network.now.nanoseconds, datagram.bytes))
    }
    return all
  }

  @Test func aDatagramCrossesBothLinks() throws {
    var network = try network("delay=10ms/20ms,rate=8mbit/none", "delay=1ms/5ms,rate=none/4mbit")
    network.send(NetworkDatagram(from: first, to: second, bytes: Array(repeating: 3, count: 972)))
    // 1,000 bytes of IP: a millisecond, then ten; two milliseconds, then five.
    let there = arrivals(&network)
    #expect(there.map(\.at) == [18 * .millisecond] && there[0].bytes == Array(repeating: 3, count: 972))
    network.send(NetworkDatagram(from: second, to: first, bytes: [1]))
    #expect(arrivals(&network).map(\.at) == [39 * .millisecond])
    #expect(network.counters(of: first)?.up.bytes == 1_000 && network.counters(of: first)?.down.bytes == 29)
  }

  @Test func headersOfIPv6AreLonger() throws {
    var network = Network(seed: 1)
    let (a, b) = (Address(high: 1, low: 1, port: 1), Address(high: 1, low: 2, port: 1))
    network.join(a, link: try LinkSpec(parsing: "mtu=1280"))
    network.join(b, link: .clean)
    for length in [1_232, 1_233] {
      network.send(NetworkDatagram(from: a, to: b, bytes: Array(repeating: 0, count: length)))
    }
    #expect(arrivals(&network).map(\.bytes.count) == [1_232])
    #expect(network.counters(of: a)?.up.droppedMTU == 1)
  }

  @Test func corruptionFlipsBitsInEveryCopy() throws {
    var network = try network("corrupt=100%/0%,duplicate=100%/0%")
    let sent = [UInt8](repeating: 0, count: 500)
    for _ in 0..<50 { network.send(NetworkDatagram(from: first, to: second, bytes: sent)) }
    let all = arrivals(&network)
    #expect(all.count == 100)
    for (_, bytes) in all { #expect((1...3).contains(bytes.reduce(0) { $0 + $1.nonzeroBitCount })) }
  }

  @Test func whatHasNoDestinationVanishes() throws {
    var network = try network("delay=10ms")
    network.send(NetworkDatagram(from: first, to: Address(ipv4: 9, port: 9), bytes: [1]))
    network.send(NetworkDatagram(from: first, to: second, bytes: [2]))
    network.leave(second)
    #expect(arrivals(&network).isEmpty && network.unreachable == 2)
    #expect(network.addresses == [first])
  }

  @Test func aForgedSenderNeedsNoLink() throws {
    var network = try network("clean", "delay=3ms")
    network.send(NetworkDatagram(from: Address(ipv4: 9, port: 9), to: second, bytes: [1]))
    #expect(arrivals(&network).map(\.at) == [3 * .millisecond])
  }

  @Test func hostsAreWokenWhenTheyAskedToBe() throws {
    var network = try network("clean")
    func wakes() -> [Nanoseconds] {
      var all: [Nanoseconds] = []
      while case .wake(let number)? = network.nextEvent(until: Instant(nanoseconds: 100)) {
        #expect(network.number(of: first) == number)
        all.append(network.now.nanoseconds)
      }
      return all
    }
    // Earlier, later, and not at all: the last request counts.
    for times in [[50], [50, 20], [20, 50], [50, 20, 60], [30, 10, 20, 40]] as [[Int64]] {
      network = Network(seed: 1)
      network.join(first, link: .clean)
      for time in times { network.wake(first, at: Instant(nanoseconds: time)) }
      #expect(wakes() == [times.last!])
      #expect(network.now.nanoseconds == 100)
    }
    network = Network(seed: 1)
    network.join(first, link: .clean)
    network.wake(first, at: Instant(nanoseconds: 20))
    network.wake(first, at: .distantFuture)
    #expect(wakes() == [])
    // A time in the past is due at once.
    network.wake(first, at: Instant(nanoseconds: 20))
    #expect(wakes() == [100])
    network.wake(first, at: Instant(nanoseconds: 20))
    network.leave(first)
    #expect(wakes() == [])
  }

  @Test func allFollowsFromTheSeed() throws {
    func run(_ seed: UInt64) throws -> [Nanoseconds] {
      var network = try network(
        "loss=20%,jitter=5ms,reorder=10%,duplicate=10%,delay=10ms", "loss=5%,jitter=1ms", seed: seed)
      for i in 0..<300 { network.send(NetworkDatagram(from: first, to: second, bytes: [UInt8(i & 255)])) }
      return arrivals(&network).map(\.at)
    }
    #expect(try run(1) == run(1))
    #expect(try run(1) != run(2))
  }

  @Test func aSenderCanBeOverheardAndChanged() throws {
    var network = try network("clean")
    network.onSend = { datagram, _ in
      datagram.bytes.append(7)
      return datagram.bytes[0] != 2
    }
    for byte in 1...3 as ClosedRange<UInt8> { network.send(NetworkDatagram(from: first, to: second, bytes: [byte])) }
    #expect(arrivals(&network).map(\.bytes) == [[1, 7], [3, 7]])
  }

  @Test func anotherLinkHoldsFromNowOn() throws {
    var network = try network("delay=10ms")
    network.send(NetworkDatagram(from: first, to: second, bytes: [1]))
    network.join(first, link: try LinkSpec(parsing: "delay=30ms"))
    network.send(NetworkDatagram(from: first, to: second, bytes: [2]))
    #expect(arrivals(&network).map(\.at) == [10 * .millisecond, 30 * .millisecond])
  }
}
