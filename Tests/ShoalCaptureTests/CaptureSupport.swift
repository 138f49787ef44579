import ShoalCapture
import ShoalWire

/// A record with its bytes copied out.
struct Packet: Equatable {
  var number: UInt64
  var time: UInt64?
  var interface: Int
  var linkType: LinkType
  var originalLength: Int
  var direction: CaptureDirection?
  var bytes: [UInt8]
  var comment: String?
}

/// The result of reading a whole file.
struct Reading {
  var packets: [Packet] = []
  var error: CaptureError?
}

/// Reads a file in chunks of this size.
func read(_ file: [UInt8], chunk: Int = 1 << 20) -> Reading {
  var reader = CaptureReader()
  var reading = Reading()
  var position = 0
  while true {
    do {
      while let record = try reader.next() {
        reading.packets.append(
          Packet(
            number: record.number, time: record.time, interface: record.interface, linkType: record.linkType,
            originalLength: record.originalLength, direction: record.direction, bytes: [UInt8](record.bytes),
            comment: record.comment.map { String(decoding: $0, as: UTF8.self) }))
      }
    } catch {
      reading.error = error
      return reading
    }
    if position > file.count { return reading }
    if position == file.count {
      reader.finish()
      position += 1
    } else {
      let end = min(position + chunk, file.count)
      reader.feed(file[position..<end].span)
      position = end
    }
  }
}

/// Builds files and packets by hand, in either byte order.
struct Maker {
  var isBig: Bool
  var bytes: [UInt8] = []

  init(isBig: Bool) { self.isBig = isBig }

  mutating func put<T: FixedWidthInteger>(_ value: T) {
    let size = T.bitWidth / 8
    let shifts = (0..<size).map { 8 * (isBig ? size - 1 - $0 : $0) }
    bytes += shifts.map { UInt8(truncatingIfNeeded: value >> T($0)) }
  }

  mutating func block(_ type: UInt32, _ fill: (inout Maker) -> Void) {
    var body = Maker(isBig: isBig)
    fill(&body)
    while body.bytes.count % 4 != 0 { body.bytes.append(0) }
    let length = UInt32(body.bytes.count + 12)
    put(type)
    put(length)
    bytes += body.bytes
    put(length)
  }

  mutating func option(_ code: UInt16, _ value: [UInt8]) {
    put(code)
    put(UInt16(value.count))
    bytes += value
    while bytes.count % 4 != 0 { bytes.append(0) }
  }

  mutating func section() {
    block(0x0a0d_0d0a) {
      $0.put(UInt32(0x1a2b_3c4d))
      $0.put(UInt16(1))
      $0.put(UInt16(0))
      $0.put(UInt64.max)
    }
  }

  mutating func interface(_ linkType: UInt16, snapLength: UInt32 = 0, resolution: UInt8? = nil, offset: Int64? = nil) {
    block(1) {
      $0.put(linkType)
      $0.put(UInt16(0))
      $0.put(snapLength)
      if let resolution { $0.option(9, [resolution]) }
      if let offset {
        var value = Maker(isBig: $0.isBig)
        value.put(offset)
        $0.option(14, value.bytes)
      }
    }
  }

  mutating func enhanced(_ data: [UInt8], interface: UInt32 = 0, ticks: UInt64, original: Int? = nil) {
    block(6) {
      $0.put(interface)
      $0.put(UInt32(ticks >> 32))
      $0.put(UInt32(truncatingIfNeeded: ticks))
      $0.put(UInt32(data.count))
      $0.put(UInt32(original ?? data.count))
      $0.bytes += data
    }
  }

  mutating func pcap(nanoseconds: Bool, linkType: UInt32) {
    put(nanoseconds ? UInt32(0xa1b2_3c4d) : UInt32(0xa1b2_c3d4))
    put(UInt16(2))
    put(UInt16(4))
    put(UInt64(0))
    put(UInt32(65_535))
    put(linkType)
  }

  mutating func pcapRecord(_ data: [UInt8], seconds: UInt32, fraction: UInt32, original: Int? = nil) {
    put(seconds)
    put(fraction)
    put(UInt32(data.count))
    put(UInt32(original ?? data.count))
    bytes += data
  }
}

/// A file made by the writer with a few packets of both families, odd and even, one with a comment.
func smallFile() -> [UInt8] {
  var writer = PcapngWriter(hardware: "box", operatingSystem: "Linux", application: "test")
  let four = Address(ipv4: 0xc000_0201, port: 7401)
  let six = Address(high: 0x2001_0db8_0000_0000, low: 7, port: 7402)
  for (index, to) in [four, six, four].enumerated() {
    let payload = [UInt8]((0..<UInt8(5 + index)).map { $0 &* 31 })
    writer.datagram(
      from: to, to: to, payload: payload.span, wallClockNanoseconds: 1_700_000_000_000_000_000 + UInt64(index),
      outbound: index == 1, comment: index == 1 ? "repeat" : nil)
  }
  return [UInt8](writer.bytes)
}

/// Reads everything in a file and looks for UDP in every packet; returns how many frames were UDP.
func digest(_ file: [UInt8], chunk: Int = 1 << 20) -> Int {
  var found = 0
  for packet in read(file, chunk: chunk).packets {
    if let frame = try? IPFrame.parse(linkType: packet.linkType, bytes: packet.bytes.span) {
      found += frame.payload.upperBound <= packet.bytes.count ? 1 : 0
    }
  }
  return found
}

/// SplitMix64, so that the tests can be repeated exactly.
struct Dice {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// RFC 1071, word by word, as in a textbook.
func onesComplementSum(_ bytes: [UInt8]) -> UInt32 {
  var sum: UInt32 = 0
  for index in stride(from: 0, to: bytes.count, by: 2) {
    sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
    if sum > 0xffff { sum -= 0xffff }
  }
  return sum
}

/// Builds IP packets by hand.
enum Packets {
  static func be16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }

  /// A UDP datagram with the correct checksum for a pseudo-header.
  static func udp(_ payload: [UInt8], addresses: [UInt8], checksum: Int? = nil) -> [UInt8] {
    let length = payload.count + 8
    var datagram = be16(1000) + be16(2000) + be16(length) + be16(0) + payload
    let sum = onesComplementSum(addresses + [0, 17] + be16(length) + datagram)
    let field = checksum ?? (0xffff - Int(sum) == 0 ? 0xffff : 0xffff - Int(sum))
    datagram.replaceSubrange(6..<8, with: be16(field))
    return datagram
  }

  static let four: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 9]
  static let six: [UInt8] =
    [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1, 0xfe, 0x80]
    + [UInt8](repeating: 0, count: 13) + [9]

  static func ipv4(
    _ content: [UInt8], options: [UInt8] = [], number: UInt8 = 17, fragment: Int = 0x4000, total: Int? = nil
  ) -> [UInt8] {
    let header = 20 + options.count
    return [UInt8(0x40 | header / 4), 0] + be16(total ?? header + content.count) + be16(77) + be16(fragment)
      + [64, number, 0, 0] + four + options + content
  }

  static func ipv6(_ content: [UInt8], next: UInt8 = 17, length: Int? = nil) -> [UInt8] {
    [0x60, 0, 0, 0] + be16(length ?? content.count) + [next, 64] + six + content
  }
}
