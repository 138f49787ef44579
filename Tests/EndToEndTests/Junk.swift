import ShoalBase
import ShoalWire
import TestSupport

/// Datagrams that are not Shoal's, or only look as if they were.
enum Junk {
  static func send(_ count: Int, to addresses: [Address], seed: UInt64 = 3) throws {
    let socket = TestSocket()
    var generator = SeededGenerator(seed: seed)
    for i in 0..<count {
      var bytes = (0..<Int(generator.next() % 1_400)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      if i % 2 == 0, bytes.count >= 16 {
        // The header and the checksum are right, but not what follows.
        bytes.replaceSubrange(0..<4, with: [0x53, 0x68, 1, UInt8(truncatingIfNeeded: generator.next() % 0x30)])
        Datagram.seal(&bytes)
      }
      for address in addresses { socket.send(bytes, to: address.host, port: address.port) }
    }
  }
}
