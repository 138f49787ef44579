import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire
import TestSupport
import Testing

@testable import Shoal

/// The system gives a request to the socket of the worker that has the file.
struct SharedPortTests {
  @Test(arguments: [2, 3, 7]) func requestsArriveWhereTheirFilesAre(workers: Int) throws {
    let parts = (0..<workers).map { RegistrarPart($0, of: workers, secret: 0x0123_4567_89ab_cdef) }
    let first = try UDPSocket.bind(to: UDPSocketTests.loopback4)
    first.sharePort()
    var options = UDPSocket.Options()
    options.sharesPort = true
    var sockets = [first]
    while sockets.count < workers {
      let next = try UDPSocket.bind(to: first.localAddress, options: options)
      sockets.append(next)
    }
    sockets[workers - 1].steer(by: parts[0])
    var arrived = [Int](repeating: 0, count: workers), expected = arrived
    for number in 0..<64 {
      let bytes = (0..<32).map { UInt8(truncatingIfNeeded: number &* ($0 + 3)) }
      let id = Digest(bytes.span)
      var lookup = LookupPacket(), register = RegisterPacket(), update = UpdatePacket(), map = MapPacket()
      (lookup.id, register.id, update.id, map.id, register.name) = (id, id, id, id, "film")
      var packets: [[UInt8]] = []
      packets.append(try lookup.datagram(connection: 1))
      packets.append(try register.datagram(connection: 2))
      packets.append(try update.datagram(connection: 3))
      packets.append(try map.datagram(connection: 4))
      for packet in packets { try send(packet, to: sockets[0].localAddress) }
      for index in sockets.indices { arrived[index] += waiting(at: sockets[index]) }
      let owner = parts[0].owner(of: id)
      expected[owner] += packets.count
      #expect(arrived == expected)
    }
    let least = arrived.min() ?? 0
    #expect(least > 4 * 64 / workers / 3, "each has its part")
  }
  private func send(_ datagram: [UInt8], to address: Shoal.Address) throws {
    let sender = try UDPSocketTests.socket(UDPSocketTests.loopback4)
    var batch = SendBatch(for: sender)
    UDPSocketTests.append(datagram, to: address, &batch)
    UDPSocketTests.flush(&batch, sender)
  }

  private func waiting(at socket: UDPSocket) -> Int {
    var batch = ReceiveBatch(for: socket, buffers: 8)
    return batch.receive(socket)
  }
}
