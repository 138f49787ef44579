import TestSupport
import Testing

@testable import ShoalBase
@testable import ShoalContent
@testable import ShoalWire

@Suite struct LayoutTests {
  private func read(_ datagram: [UInt8]) -> DatagramLayout { DatagramLayout(datagram.span) }

  @Test(arguments: PacketType.allCases) func rowsCoverEveryByteOnce(type: PacketType) throws {
    guard type != .data else { return }
    for seed in seeds(0..<20) {
      let datagram = try datagram(type.packet, seed: seed)
      let layout = read(datagram)
      #expect(layout.type == type && layout.error == nil, "seed \(seed)")
      expectCover(layout.rows, 0..<datagram.count, "seed \(seed)")
    }
  }

  private func datagram<P: Packet>(_: P.Type, seed: UInt64) throws -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return try sample(P.self, &random).datagram
  }

  @Test(arguments: MessageType.allCases) func rowsOfMessagesCoverEveryByteOnce(type: MessageType) throws {
    for seed in seeds(0..<20) {
      let first = try message(type.message, at: DataPacket.overhead, seed: seed)
      let second = try message(type.message, at: DataPacket.overhead + first.count, seed: seed + 1_000)
      let datagram = try dataDatagram([first, second, [99, 0, 1, 7]])
      let layout = read(datagram)
      #expect(layout.type == .data && layout.error == nil, "seed \(seed)")
      expectCover(layout.rows, 0..<datagram.count, "seed \(seed)")
      let names = layout.rows.filter { $0.depth == 0 && $0.value == .group }.map(\.name)
      #expect(names == [type.name, type.name, "unknown message"])
    }
  }

  private func message<M: Message>(_: M.Type, at offset: Int, seed: UInt64) throws -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return try sample(M.self, at: offset, &random).bytes
  }

  /// Rows of one depth follow each other without a gap; those in a group fill it, except for a message's type and length.
  private func expectCover(_ rows: [LayoutRow], _ range: Range<Int>, depth: Int = 0, _ comment: Comment) {
    var next = range.lowerBound
    for (index, row) in rows.enumerated() where row.depth == depth {
      #expect(row.range.offset == next, "\(row.name), \(comment)")
      next = row.range.end
      guard row.value == .group else { continue }
      let inner = rows[(index + 1)...].prefix { $0.depth > depth }
      let overhead = row.name.hasSuffix("]") ? 0 : MessageType.overhead
      expectCover(Array(inner), row.range.offset + overhead..<row.range.end, depth: depth + 1, comment)
    }
    #expect(next == range.upperBound, comment)
  }

  @Test func namesPlacesAndValues() throws {
    var packet = RegisterPacket()
    packet.cookie = 0xabcd
    packet.cut = Cut(size: 734_003_200, pieceExponent: 20, chunks: 700)
    packet.name = "film.mkv"
    packet.have = [ChunkRun(first: 3, count: 2)]
    let layout = read(try packet.datagram(connection: 9))
    func row(_ name: String) -> LayoutRow? { layout.rows.first { $0.name == name } }
    #expect(row("connection")?.value == .number(9, .hex))
    #expect(row("cookie")?.value == .number(0xabcd, .hex) && row("cookie")?.range == ByteRange(offset: 16, count: 8))
    #expect(row("id")?.value == .digest(.zero))
    #expect(row("size")?.value == .number(734_003_200, .decimal))
    #expect(row("name")?.value == .text("film.mkv") && row("name")?.range.count == 9)
    #expect(row("have")?.value == .runs([ChunkRun(first: 3, count: 2)]) && row("have")?.range.count == 4)
  }

  @Test func whatComesBeforeAFaultIsShown() throws {
    var packet = ConnectedPacket()
    packet.cookie = 5
    var bytes = try packet.datagram(connection: 9)
    bytes[24] = 5
    let layout = read(bytes)
    #expect(layout.type == .connected && layout.rows.last?.name == "cookie")
    #expect(layout.error?.kind == .value && layout.error?.field == "observed")
    let foreign = read([UInt8](repeating: 1, count: 20))
    #expect(foreign.type == nil && foreign.error?.kind == .magic && foreign.rows.count == 5)
    let short = read([0x53, 0x68, 1])
    #expect(short.type == nil && short.error?.kind == .truncated && short.rows.map(\.name) == ["magic", "version"])
  }
}
