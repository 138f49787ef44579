import Testing

/// A TCP or UDP packet over IPv4 or IPv6, with the right checksum.
struct TestPacket: Sendable, CustomTestStringConvertible {
  let version: Int
  let isTCP: Bool
  /// Bytes of IPv4 options or of IPv6 destination options.
  var options = 0
  var payload: [UInt8]

  static let all: [TestPacket] = [4, 6].flatMap { version in
    [false, true].flatMap { isTCP in
      [0, 8].flatMap { options in
        [1, 2, 31, 32].map { count in
          TestPacket(
            version: version, isTCP: isTCP, options: options, payload: (0..<count).map { UInt8(($0 * 37 + 11) & 0xff) })
        }
      }
    }
  }

  var testDescription: String { "IPv\(version) \(isTCP ? "TCP" : "UDP"), options \(options), payload \(payload.count)" }

  var ipHeader: Int { (version == 4 ? 20 : 40) + options }
  /// Where the checksum of TCP or UDP is.
  var checksum: Range<Int> {
    let start = ipHeader + (isTCP ? 16 : 6)
    return start..<start + 2
  }

  var bytes: [UInt8] {
    // TCP with a timestamp option, as is common.
    var transport: [UInt8] =
      isTCP
      ? [0x13, 0x88, 0x13, 0x89, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0x18, 1, 0, 0, 0, 0, 0]
        + [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]
      : [0x13, 0x88, 0x13, 0x89] + big(8 + payload.count) + [0, 0]
    transport += payload
    var packet = header(transport.count) + transport
    let value = ~(sum(pseudo(transport.count) + words(transport)))
    let sent = value == 0 && !isTCP ? 0xffff : value
    packet.replaceSubrange(checksum, with: big(Int(sent)))
    return packet
  }

  func isChecksumRight(_ packet: [UInt8]) -> Bool {
    let transport = Array(packet[ipHeader...])
    return sum(pseudo(transport.count) + words(transport)) == 0xffff
  }

  private var source: [UInt8] { version == 4 ? [10, 77, 0, 1] : [0xfd] + Array(repeating: 3, count: 15) }
  private var destination: [UInt8] { version == 4 ? [10, 77, 0, 2] : [0xfd] + Array(repeating: 9, count: 15) }
  private var number: UInt8 { isTCP ? 6 : 17 }

  private func header(_ length: Int) -> [UInt8] {
    if version == 4 {
      let start: [UInt8] = [0x40 | UInt8((20 + options) / 4), 0] + big(20 + options + length)
      return start + [0, 1, 0x40, 0, 64, number, 0, 0] + source + destination + Array(repeating: 1, count: options)
    }
    let start: [UInt8] = [0x60, 0, 0, 0] + big(options + length) + [options > 0 ? 60 : number, 64]
    let extra: [UInt8] = options > 0 ? [number, UInt8(options / 8 - 1), 1, 4, 0, 0, 0, 0] : []
    return start + source + destination + extra
  }

  private func pseudo(_ length: Int) -> [UInt16] {
    words(source) + words(destination) + [UInt16(length), UInt16(number)]
  }

  private func words(_ bytes: [UInt8]) -> [UInt16] {
    let even = bytes.count % 2 == 0 ? bytes : bytes + [0]
    return stride(from: 0, to: even.count, by: 2).map { even.word($0) }
  }

  private func big(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)] }
}

extension [UInt8] {
  /// The 16-bit number in network order at `offset`.
  func word(_ offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }
}
