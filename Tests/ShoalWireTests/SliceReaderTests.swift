import Testing

@testable import ShoalBase
@testable import ShoalContent
@testable import ShoalWire

@Suite struct SliceReaderTests {
  private typealias Slice = (arrived: [Bool], isMalformed: Bool)

  /// The state of each number in a slice.
  private func read(_ ack: AckPacket, _ datagram: [UInt8]) -> Slice {
    var reader = SliceReader(ack, datagram.span)
    var arrived: [Bool] = []
    while let run = reader.next() {
      #expect(run.count > 0 && Int(run.offset) == arrived.count)
      arrived += Array(repeating: run.isReceived, count: Int(run.count))
    }
    return (arrived, reader.isMalformed)
  }

  private func ack(_ encoding: UInt8, _ count: UInt32, _ slice: [UInt8]) -> (AckPacket, [UInt8]) {
    var ack = AckPacket()
    (ack.encoding, ack.count) = (encoding, count)
    ack.slice = ByteRange(offset: AckPacket.overhead, count: slice.count)
    return (ack, [UInt8](repeating: 0, count: AckPacket.overhead) + slice)
  }

  /// The same, computed as the specification describes it: a bit or a length at a time.
  private func plain(_ encoding: UInt8, _ count: UInt32, _ slice: [UInt8]) -> Slice {
    var arrived: [Bool] = []
    if encoding == 1 {
      for index in 0..<min(Int(count), slice.count * 8) { arrived.append(slice[index / 8] >> (index % 8) & 1 == 1) }
      return (arrived, arrived.count < count)
    }
    var offset = 0
    var isReceived = false
    while arrived.count < count {
      guard let length = Varint.read(slice.span, &offset) else { return (arrived, true) }
      let room = Int(count) - arrived.count
      arrived += Array(repeating: isReceived, count: min(Int(clamping: length), room))
      if Int(clamping: length) > room { return (arrived, true) }
      isReceived.toggle()
    }
    return (arrived, false)
  }

  /// For any bytes, including truncated and invalid ones.
  @Test func anyBytes() {
    var random = SeededGenerator(seed: 12)
    for round in 0..<4_000 {
      let encoding = UInt8(round & 1)
      let density = UInt8.random(in: 0...3, using: &random)
      let slice = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        let byte = UInt8.random(in: 0 ... .max, using: &random)
        return density == 0 ? 0 : density == 1 ? 0xff : density == 2 ? byte & 0x3f : byte
      }
      let count = UInt32.random(in: 0...330, using: &random)
      let (packet, datagram) = ack(encoding, count, slice)
      let (found, expected) = (read(packet, datagram), plain(encoding, count, slice))
      #expect(found == expected, "\(encoding) \(count) \(slice)")
    }
  }

  @Test func anEncodingThatIsNotKnownSaysNothing() {
    for count in [0, 1, 100] as [UInt32] {
      let (packet, datagram) = ack(2, count, [1, 2, 3])
      #expect(read(packet, datagram) == ([], true))
    }
  }

  /// A count that exceeds the bytes causes no large allocation and no long loop.
  @Test func theLargestCount() {
    var (packet, datagram) = ack(1, .max, [0b101])
    #expect(read(packet, datagram) == ([true, false, true, false, false, false, false, false], true))
    (packet, datagram) = ack(0, .max, [2, 3])
    #expect(read(packet, datagram) == ([false, false, true, true, true], true))
    packet.slice = ByteRange(offset: 1_000, count: 1_000)
    #expect(read(packet, datagram) == ([], true))
  }

  private func left(_ ack: AckPacket, _ datagram: [UInt8]) -> UInt32? {
    SliceReader.rest(of: ack, datagram.span)?.left
  }

  /// The time stands behind the slice, whose end follows from `count`.
  @Test func theTimeFollowsTheSlice() {
    let slices: [(UInt8, UInt32, [UInt8])] = [
      (0, 0, []), (1, 0, []), (1, 10, [0xe6, 0x03]), (0, 351, [0x01, 0x31, 0x01, 0x41, 0x2c]), (1, 16, [0xff, 0xff]),
    ]
    for (encoding, count, slice) in slices {
      for more in 0...6 {
        let (ack, bytes) = ack(encoding, count, slice + [0x2a, 0x05, 0xf2, 0x00, 0x77, 0x88].prefix(more))
        #expect(left(ack, bytes) == (more < 4 ? nil : 0x2a05_f200), "\(encoding) \(count) \(more)")
      }
    }
    // No time can be found behind what is malformed.
    for (encoding, count, slice) in [(2, 10, [1, 2, 3, 4]), (0, 3, [9, 1, 2, 3, 4]), (1, 99, [1, 2, 3, 4])]
      as [(UInt8, UInt32, [UInt8])]
    {
      let (ack, bytes) = ack(encoding, count, slice)
      #expect(left(ack, bytes) == nil)
    }
    var (cut, bytes) = ack(1, 0, [])
    cut.slice.count = 100
    #expect(left(cut, bytes) == nil)
    bytes += [0, 0, 0, 7]
    #expect(left(cut, bytes) == 7)
  }
}
