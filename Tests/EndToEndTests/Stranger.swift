import Foundation
import ShoalContent
import ShoalWire
import TestSupport

/// A host on loopback, 127.9.x.y, that implements the handshake and nothing else.
final class Stranger {
  private let socket = TestSocket()
  private let target: Address

  init(_ number: UInt16, to target: Address) {
    self.target = target
    socket.bind("127.9.\(number >> 8).\(number & 255)")
  }

  func send(_ bytes: [UInt8]) { socket.send(bytes, to: target.host, port: target.port) }

  func open(_ id: UInt64, token: UInt64 = 0) throws {
    var packet = OpenPacket()
    packet.window = 1_024
    packet.token = token
    send(try packet.datagram(connection: id))
  }

  /// The next datagram, if one arrives within this many milliseconds.
  func receive(within milliseconds: Int32 = 0) -> [UInt8]? { socket.receive(within: milliseconds) }

  /// Opens a connection and asks for a file, so that the connection is kept.
  func connect(_ id: UInt64, wanting file: Digest) throws -> Bool {
    try open(id)
    while let bytes = receive(within: 1_000) {
      let (header, type) = try Header.decode(bytes.span)
      guard header.connection == id else { continue }
      switch type {
      case .retry: try open(id, token: try RetryPacket.decode(bytes.span).token)
      case .accept:
        var want = Want()
        want.id = file
        var data = try DataPacket().datagram(connection: try AcceptPacket.decode(bytes.span).responder)
        data += try want.encoded()
        Datagram.seal(&data)
        send(data)
        return true
      case .close: return false
      default: continue
      }
    }
    return false
  }
}
