import Foundation
import ShoalContent
import ShoalWire

/// A host on loopback, 127.9.x.y, that speaks the handshake and nothing else.
final class Stranger {
  private let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
  private let target: Address

  init(_ number: UInt16, to target: Address) {
    self.target = target
    var own = Self.socketAddress(Address(ipv4: 0x7f09_0000 | UInt32(number), port: 0))
    own.sin_port = 0
    _ = unsafe withUnsafePointer(to: &own) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  deinit { close(descriptor) }

  private static func socketAddress(_ address: Address) -> sockaddr_in {
    var it = sockaddr_in()
    it.sin_family = sa_family_t(AF_INET)
    it.sin_port = address.port.bigEndian
    it.sin_addr.s_addr = address.ipv4.bigEndian
    return it
  }

  func send(_ bytes: [UInt8]) {
    var to = Self.socketAddress(target)
    _ = unsafe withUnsafePointer(to: &to) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe sendto(
          descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT), $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  func open(_ id: UInt64, token: UInt64 = 0) throws {
    var packet = OpenPacket()
    packet.window = 1_024
    packet.token = token
    send(try packet.datagram(connection: id))
  }

  /// What has come within so many milliseconds.
  func receive(within milliseconds: Int32 = 0) -> [UInt8]? {
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe Glibc.poll(&poll, 1, milliseconds) > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return count > 0 ? Array(bytes.prefix(count)) : nil
  }

  /// Does all that makes a connection, and asks for a file, so that it is kept.
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
