import Foundation
import ShoalBase
import ShoalWire

/// Datagrams that are none of ours, or look as if they were.
enum Junk {
  static func send(_ count: Int, to addresses: [Address], seed: UInt64 = 3) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(descriptor) }
    var generator = SeededGenerator(seed: seed)
    for i in 0..<count {
      var bytes = (0..<Int(generator.next() % 1_400)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      if i % 2 == 0, bytes.count >= 16 {
        // Header and checksum are right; what follows is not.
        bytes.replaceSubrange(0..<4, with: [0x53, 0x68, 1, UInt8(truncatingIfNeeded: generator.next() % 0x30)])
        Datagram.seal(&bytes)
      }
      for address in addresses {
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = address.port.bigEndian
        target.sin_addr.s_addr = address.ipv4.bigEndian
        _ = unsafe withUnsafePointer(to: &target) {
          unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
      }
    }
  }
}
