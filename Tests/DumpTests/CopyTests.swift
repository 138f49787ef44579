import Foundation
import ShoalCapture
import Testing

@testable import shoal_dump

/// Captures of several interfaces, as `tcpdump -i any` makes them on a host that forwards.
@Suite struct CopyTests {
  /// A pcap of Linux cooked frames, version 2.
  private struct Cooked {
    var bytes = pcapHeader(linkType: 276)
    private var time: UInt32 = 0

    mutating func add(_ payload: [UInt8], interface: UInt8, kind: UInt8, after microseconds: UInt32 = 9) {
      time += microseconds
      let record = pcapRecord(payload, cutTo: payload.count)
      let packet = record[16...]
      let header: [UInt8] = [8, 0, 0, 0, 0, 0, 0, interface, 0, 1, kind, 6] + [UInt8](repeating: 0, count: 8)
      let size = UInt32(header.count + packet.count)
      for word in [1_700_000_000, time, size, size] { bytes += bigEndian(word) }
      bytes += header + packet
    }
  }

  private func forwarded() throws -> [UInt8] {
    var capture = Cooked()
    for index in UInt32(0)..<10 {
      let datagram = try data(index, block(offset: UInt64(index) * 100, count: 100))
      // The network duplicates one on its way here, and both are forwarded.
      for _ in 0..<(index == 5 ? 2 : 1) { capture.add(datagram, interface: 2, kind: 0, after: 1_000) }
      for _ in 0..<(index == 5 ? 2 : 1) { capture.add(datagram, interface: 3, kind: 4) }
    }
    return capture.bytes
  }

  @Test func eachDatagramCountsOnce() throws {
    let bytes = try forwarded()
    let lines = try inspect(bytes).lines
    #expect(lines.count == 11 && lines.count { $0.contains("[duplicate of ") } == 1, "\(lines)")
    let all = try inspect(bytes, "--all").lines
    #expect(all.count == 22 && all[1].hasSuffix(" len=142 [copy of 1]"))
    let stats = try inspect(by: "stats", bytes)
    #expect(stats.lines.contains { $0.hasPrefix("remark: 11 datagrams were captured on two interfaces or more") })
    let holds = "datagrams == 11 && duplicate == 1 && content == 1000B && overhead < 2"
    #expect(try inspect(bytes, "-q", "--assert", holds).error == "")
  }

  /// When the capture is written again, all of them are kept, each with its interface.
  @Test func interfacesAreKept() throws {
    let written = try rewritten(try forwarded())
    var reader = CaptureReader()
    reader.feed(written.span)
    reader.finish()
    var interfaces: [Int] = []
    while let record = try reader.next() { interfaces.append(record.interface) }
    #expect(interfaces.count == 22 && Set(interfaces) == [0, 1])
    #expect(reader.interfaceNames == ["interface 2", "interface 3"])
    #expect(try inspect(written).lines.count == 11)
    let again = try rewritten(written)
    #expect(again == written)
  }

  /// A file that ends before anything passed is still a capture.
  @Test func anEmptyCapture() throws {
    var reader = CaptureReader()
    let written = try rewritten(pcapHeader(linkType: 101))
    reader.feed(written.span)
    reader.finish()
    #expect(try reader.next() == nil && reader.interfaces.count == 1)
  }

  @Test func whatPassesOneInterfaceTwiceIsADuplicate() throws {
    let capture = TestCapture()
    for _ in 0..<2 { capture.add(try data(1)) }
    #expect(try inspect(capture.bytes).lines[1].contains("[duplicate of 1, 1.000 ms]"))
  }
}
