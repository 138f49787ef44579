import ShoalCapture
import Testing

@Suite struct ReaderTests {
  @Test(arguments: [false, true], [false, true])
  func pcap(isBig: Bool, nanoseconds: Bool) {
    var file = Maker(isBig: isBig)
    // An FCS length in the upper bits must not hide the link type.
    file.pcap(nanoseconds: nanoseconds, linkType: 0x1400_0001)
    file.pcapRecord([1, 2, 3], seconds: 1_700_000_000, fraction: 123_456, original: 1500)
    file.pcapRecord([], seconds: .max, fraction: 999_999)
    let reading = read(file.bytes)
    #expect(reading.error == nil)
    #expect(reading.packets.count == 2)
    #expect(reading.packets.first?.bytes == [1, 2, 3])
    #expect(reading.packets.first?.originalLength == 1500)
    #expect(reading.packets.first?.linkType == .ethernet)
    #expect(reading.packets.first?.direction == nil)
    let unit: UInt64 = nanoseconds ? 1 : 1000
    #expect(
      reading.packets.map(\.time) == [
        1_700_000_000_000_000_000 + 123_456 * unit, 4_294_967_295_000_000_000 + 999_999 * unit,
      ])
    #expect(reading.packets.map(\.number) == [1, 2])
  }

  @Test func sectionsOfBothOrders() {
    var file = Maker(isBig: false)
    file.section()
    file.interface(1)
    file.enhanced([1], ticks: 5)
    file.isBig = true
    file.section()
    file.interface(101, resolution: 9)
    file.interface(113, resolution: 3, offset: 100)
    file.enhanced([2, 2], interface: 0, ticks: 1 << 32 + 7)
    file.enhanced([3, 3, 3], interface: 1, ticks: 9, original: 60)
    file.isBig = false
    file.section()
    file.interface(228, offset: -1)
    file.enhanced([4], ticks: 2_000_000)
    let reading = read(file.bytes)
    #expect(reading.error == nil)
    let packets = reading.packets
    #expect(packets.map(\.time) == [5000, (1 << 32) + 7, 100_009_000_000, 1_000_000_000])
    #expect(packets.map(\.linkType) == [.ethernet, .raw, .linuxCooked, .ipv4])
    #expect(packets.map(\.interface) == [0, 0, 1, 0])
    #expect(packets.map(\.bytes) == [[1], [2, 2], [3, 3, 3], [4]])
    #expect(packets.map(\.originalLength) == [1, 2, 60, 1])
    #expect(packets.map(\.number) == [1, 2, 3, 4])
  }

  @Test(
    arguments: [
      (0, 0, 7, 7_000_000_000), (3, 0, 7, 7_000_000), (12, 0, 7999, 7), (127, 0, UInt64.max, 0), (29, 0, .max, 0),
      (28, 0, 10_000_000_000_000_000_000, 1), (0x80, 0, 3, 3_000_000_000), (0x8a, 0, 1024, 1_000_000_000),
      (0xa0, 0, 3 << 31, 1_500_000_000), (0xff, 0, .max, 0), (0, 0, .max, .max), (9, 1, .max, .max), (9, -1, 5, 0),
      (9, Int64.min, .max, 0), (0, Int64.max, .max, .max), (6, -3, 3_000_001, 1000),
    ] as [(UInt8, Int64, UInt64, UInt64)])
  func clocks(resolution: UInt8, offset: Int64, ticks: UInt64, time: UInt64) {
    for isBig in [false, true] {
      var file = Maker(isBig: isBig)
      file.section()
      file.interface(101, resolution: resolution, offset: offset)
      file.enhanced([], ticks: ticks)
      #expect(read(file.bytes).packets.map(\.time) == [time])
    }
  }

  @Test(arguments: [false, true])
  func otherBlocks(isBig: Bool) {
    var file = Maker(isBig: isBig)
    file.section()
    file.interface(101, snapLength: 3)
    // A name resolution block and a custom block are skipped.
    file.block(4) { $0.put(UInt32(0)) }
    file.block(0x0bad) { $0.bytes += [UInt8](repeating: 0xff, count: 100_000) }
    file.block(3) {
      $0.put(UInt32(1400))
      $0.bytes += [1, 2, 3]
    }
    file.block(3) {
      $0.put(UInt32(2))
      $0.bytes += [1, 2]
    }
    file.block(2) {
      $0.put(UInt16(0))
      $0.put(UInt16(9))
      $0.put(UInt64(0))
      $0.put(UInt32(1))
      $0.put(UInt32(70))
      $0.bytes += [8, 0, 0, 0]
      $0.option(1, [0x68, 0x69])
      $0.option(1, [0x68])
      $0.option(2, isBig ? [0, 0, 0, 1] : [1, 0, 0, 0])
    }
    let reading = read(file.bytes, chunk: 777)
    #expect(reading.error == nil)
    #expect(reading.packets.map(\.bytes) == [[1, 2, 3], [1, 2], [8]])
    #expect(reading.packets.map(\.originalLength) == [1400, 2, 70])
    #expect(reading.packets.map(\.time) == [nil, nil, 0])
    #expect(reading.packets.last?.comment == "hi")
    #expect(reading.packets.last?.direction == .inbound)
  }

  @Test(arguments: [1, 2, 3, 5, 28, 64, 1000])
  func chunksOfAnySize(chunk: Int) {
    let file = smallFile()
    #expect(read(file, chunk: chunk).packets == read(file).packets)
    #expect(read(file, chunk: chunk).packets.map(\.comment) == [nil, "repeat", nil])
  }

  @Test func preparedRoom() throws {
    let file = smallFile()
    var reader = CaptureReader()
    var position = 0
    var found = 0
    while position < file.count {
      let count = min(37, file.count - position)
      let came = reader.read(100) { room in
        for index in 0..<count { room[index] = file[position + index] }
        return count
      }
      #expect(came == count)
      position += count
      while try reader.next() != nil { found += 1 }
    }
    reader.finish()
    #expect(try reader.next() == nil)
    #expect(found == 3)
    #expect(reader.interfaces.map(\.linkType) == [.raw])
  }
}
