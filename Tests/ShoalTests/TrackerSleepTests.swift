import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalTransport
import ShoalWire
import Testing

@testable import Shoal

/// A tracker on a machine that was asleep, or whose virtual machine was.
struct TrackerSleepTests {
  private let peer = Address(ipv4: 0x0a00_0001, port: 7_401)

  /// The reply to a request.
  private func ask(_ service: inout TrackerService, _ packet: some Packet, at now: Instant) throws -> [UInt8] {
    let request = try packet.encoded(connection: 1)
    let isTaken = service.receive(request.span, from: peer, at: now)
    #expect(isTaken)
    var reply = [UInt8](repeating: 0, count: Limits.smallestDatagram)
    var room = reply.mutableSpan
    let count = service.nextTransmit(into: &room, at: now)?.headerLength ?? 0
    return Array(reply[..<count])
  }

  private func register(_ service: inout TrackerService, at now: Instant) throws {
    let connected = try ask(&service, ConnectPacket(), at: now)
    var packet = RegisterPacket()
    packet.cookie = try ConnectedPacket.decode(connected.span).cookie
    (packet.id, packet.cut) = (Blake3.hash([1].span), Cut(size: 1 << 20, pieceExponent: 16, chunks: 16))
    let registered = try ask(&service, packet, at: now)
    let reply = try? RegisteredPacket.decode(registered.span)
    #expect(reply != nil)
  }

  /// Has the turns that the service asks for; returns when.
  private func run(_ service: inout TrackerService, from start: Instant, for span: Nanoseconds) -> Instant {
    var now = start
    while service.deadline < start + span {
      now = max(now, service.deadline)
      service.expire(at: now)
    }
    return start + span
  }

  @Test(arguments: [false, true]) func peersAreNotForgottenForItsSleep(isWokenByARequest: Bool) throws {
    var secrets = SecretGenerator(seed: 1)
    var service = TrackerService(&secrets)
    var now = SystemClock.now()
    try register(&service, at: now)
    now = run(&service, from: now, for: 100 * .second)
    for hours in [1, 30, 2_000] as [Int64] {
      now = now + hours * 3_600 * .second
      // A cookie is too old by then; the peer connects again.
      if isWokenByARequest { _ = try ask(&service, ConnectPacket(), at: now) }
      service.expire(at: now)
      #expect(service.standing.registrations == 1, "after \(hours) hours")
    }
    try register(&service, at: now)
    now = run(&service, from: now, for: 170 * .second)
    #expect(service.standing.registrations == 1)
    // A peer that is silent while the machine is awake is forgotten.
    now = run(&service, from: now, for: 20 * .second)
    #expect(service.standing.registrations == 0)
  }
}
