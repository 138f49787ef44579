import TestSupport
import Testing

@testable import ShoalBase
@testable import ShoalContent
@testable import ShoalWire

@Suite struct MessageTests {
  @Test(arguments: MessageType.allCases) func roundTrip(type: MessageType) throws {
    for seed in seeds(0..<60) { try roundTrip(type.message, seed: seed) }
  }

  private func roundTrip<M: Message>(_: M.Type, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (message, bytes) = try sample(M.self, at: DataPacket.overhead, &random)
    let datagram = try dataDatagram([bytes])
    var reader = MessageReader(datagram.span, from: DataPacket.overhead)
    let next = try reader.next()
    let (type, body) = try #require(next)
    #expect(type == M.type && body.end == datagram.count, "seed \(seed)")
    #expect(try equal(M.decode(datagram.span, body), message), "seed \(seed)")
    #expect(try reader.next() == nil, "seed \(seed)")
  }

  @Test func severalMessagesAndUnknownOnes() throws {
    var have = Have()
    have.chunks = [ChunkRun(first: 12, count: 3)]
    let datagram = try dataDatagram([have.encoded(), [200, 0, 2, 9, 9], have.encoded(), [201, 0, 0]])
    var reader = MessageReader(datagram.span, from: DataPacket.overhead)
    var types: [MessageType?] = []
    while let (type, body) = try reader.next() {
      types.append(type)
      if type == .have { #expect(try Have.decode(datagram.span, body) == have) }
    }
    #expect(types == [.have, nil, .have, nil])
  }

  @Test func bytesAfterTheLastFieldAreIgnored() throws {
    var random = SeededGenerator(seed: 4)
    let (message, bytes) = try sample(Want.self, at: DataPacket.overhead, &random)
    let longer = [bytes[0], bytes[1], bytes[2] + 2] + bytes[3...] + [1, 2]
    let datagram = try dataDatagram([longer])
    let body = ByteRange(offset: DataPacket.overhead + 3, count: longer.count - 3)
    #expect(try Want.decode(datagram.span, body) == message)
  }

  @Test func aMessageEndsWhereItsLengthSays() throws {
    // A HAVE that claims one byte less than its run takes, before another message.
    var have = Have()
    have.chunks = [ChunkRun(first: 12, count: 3)]
    var bytes = try have.encoded()
    bytes[2] -= 1
    let datagram = try dataDatagram([bytes, have.encoded()])
    let body = ByteRange(offset: DataPacket.overhead + 3, count: bytes.count - 4)
    let error = failure { () throws(WireError) in _ = try Have.decode(datagram.span, body) }
    #expect(error?.kind == .truncated && error?.field == "chunks")
  }

  @Test func noMessageIsLongerThanEveryPathCarries() throws {
    // 3 + 2 + 2 bytes, and two for each run.
    var have = Have()
    have.chunks = (0..<582).map { ChunkRun(first: $0 * 2, count: 1) }
    #expect(try have.encoded().count == 1_171 && MessageType.longest == 1_172)
    have.chunks.append(ChunkRun(first: 1_164, count: 1))
    #expect(failure { () throws(WireError) in _ = try have.encoded() }?.kind == .overflow)
  }

  @Test func blocksAsTheHotPathHasThem() throws {
    var block = Block()
    (block.file, block.offset) = (3, 65_536)
    var bytes = [UInt8](repeating: 0, count: 64)
    var span = bytes.mutableSpan
    let end = try block.encode(into: &span, contentLength: 50)
    #expect(end == Block.overhead && Array(bytes[..<3]) == [6, 0, 61])
    let body = ByteRange(offset: 3, count: 61)
    let read = try Block.read(bytes.span, body)
    #expect(read.content == ByteRange(offset: Block.overhead, count: 50))
    #expect(read.offset == 65_536 && read.file == 3)
    let error = failure { () throws(WireError) in
      var span = bytes.mutableSpan
      _ = try block.encode(into: &span, contentLength: 65_525)
    }
    #expect(error?.kind == .value && error?.field == "length")
  }

  @Test func aLengthBeyondTheDatagramIsAnError() throws {
    let datagram = try dataDatagram([[6, 0, 4, 1, 2, 3]])
    let error = failure { () throws(WireError) in
      var reader = MessageReader(datagram.span, from: DataPacket.overhead)
      _ = try reader.next()
    }
    #expect(error?.kind == .truncated && error?.field == "length" && error?.offset == DataPacket.overhead + 1)
  }
}
