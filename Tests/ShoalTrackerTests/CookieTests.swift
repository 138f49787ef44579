import ShoalTracker
import ShoalWire
import Testing

struct CookieTests {
  @Test func aCookieIsOfOneAddress() throws {
    var harness = TrackerHarness()
    var packet = try harness.registering(digest(1), from: peer(1))
    for other in [peer(2), peer(1).with(port: 7_402), Address(high: 1, low: peer(1).low, port: 7_401)] {
      #expect(try harness.error(packet, from: other) == .staleCookie)
    }
    for bit in 0..<64 {
      packet.cookie ^= 1 << UInt64(bit)
      #expect(try harness.error(packet, from: peer(1)) == .staleCookie)
      packet.cookie ^= 1 << UInt64(bit)
    }
    #expect(harness.tracker.registrationCount == 0 && harness.events().isEmpty)
    let _: RegisteredPacket = try harness.ask(packet, from: peer(1))
  }

  @Test func aCookieIsValidForAPeriodAndStaleAfterTwo() throws {
    for phase in stride(from: Int64(0), to: 120, by: 7) {
      var harness = TrackerHarness()
      harness.advance(phase)
      let packet = try harness.finding("x", from: peer(1))
      harness.advance(119)
      #expect(try harness.error(packet, from: peer(1)) == .unknownFile)
      harness.advance(121)
      #expect(try harness.error(packet, from: peer(1)) == .staleCookie)
    }
  }

  @Test func anotherTrackersCookieIsNoGood() throws {
    var harness = TrackerHarness()
    let packet = try harness.finding("x", from: peer(1))
    harness.tracker = Registrar(key: digest(100), seed: 1)
    #expect(try harness.error(packet, from: peer(1)) == .staleCookie)
  }

  @Test func withoutACookieNoReplyIsLargerThanItsRequest() throws {
    var harness = TrackerHarness()
    let v6 = Address(high: 0x2001_0db8 << 32, low: 1, port: 9)
    for address in [peer(1), v6] {
      var requests = [try ConnectPacket().datagram(connection: 7)]
      requests.append(try RegisterPacket().datagram(connection: 7))
      requests.append(try UpdatePacket().datagram(connection: 7))
      requests.append(try LookupPacket().datagram(connection: 7))
      requests.append(try MapPacket().datagram(connection: 7))
      requests.append(try DeregisterPacket().datagram(connection: 7))
      requests.append(try FindPacket().datagram(connection: 7))
      requests.append(try ListPacket().datagram(connection: 7))
      for request in requests {
        #expect(harness.send(request, from: address).count == 1, "a whole request is answered")
        for length in 0...request.count {
          for reply in harness.send(Array(request[..<length]), from: address) { #expect(reply.count <= length) }
        }
      }
    }
    #expect(harness.tracker.counters.withheld > 0 && harness.tracker.counters.ignored > 0)
  }
}
