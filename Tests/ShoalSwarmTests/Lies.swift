import ShoalContent
import ShoalSimulator
import ShoalWire

@testable import ShoalSwarm

// What the liars say.
extension Liars {
  mutating func chance(_ n: UInt64) -> Bool { random.next() % n == 0 }

  /// A datagram of some messages.
  mutating func lie(_ i: Int) {
    guard let theirs = peers[i].theirs else { return }
    var packet = DataPacket()
    (packet.sequence, packet.ackEvery) = (peers[i].sequence, 2)
    peers[i].sequence &+= 1
    guard var bytes = try? packet.datagram(connection: theirs) else { return fail("cannot write") }
    for _ in 0..<1 + random.next() % 40 where bytes.count < 50_000 {
      bytes += message(i)
      messages += 1
    }
    say(i, bytes)
    drain()
    if !chance(20) { acknowledge(i) }
  }

  private mutating func someFile(_ i: Int) -> WorldFile {
    if let (_, id) = peers[i].wanted.randomElement(using: &random), let file = catalogue.first(where: { $0.id == id }) {
      return file
    }
    return catalogue[Int(random.next() % UInt64(catalogue.count))]
  }

  private mutating func number(_ i: Int) -> UInt64 {
    switch random.next() % 16 {
    case 0: random.next() & 0xffff
    case 1: 65_535
    case 2..<8: random.next() % 4
    default: UInt64(peers[i].wanted.last?.number ?? 0)
    }
  }

  /// Offsets, sizes and lengths: at the edges, over the whole range, and near the truth.
  private mutating func bytes(_ cut: Cut) -> UInt64 {
    let size = cut.size
    switch random.next() % 24 {
    case 0: return random.next()
    case 1: return .max
    case 2: return .max - random.next() % 70_000
    case 3: return 1 << (random.next() % 64)
    case 4: return 1 << (random.next() % 64) &- 1
    case 5: return UInt64(UInt32.max)
    case 6: return Limits.fileSize + random.next() % 3 &- 1
    case 7: return 0
    case 8: return size &+ random.next() % 3 &- 1
    case 9..<16: return UInt64(cut.pieceSize) * (random.next() % UInt64(cut.pieces + 1))
    default: return random.next() % max(size, 1)
    }
  }

  private mutating func ranges(_ cut: Cut, _ most: UInt64 = 255) -> [UInt8] {
    let count = chance(8) ? 0 : random.next() % (chance(6) ? most : 6) + 1
    var list = [UInt8(count)]
    for _ in 0..<count {
      list.put(bytes(cut), 8)
      list.put(chance(3) ? UInt64(cut.pieceSize) : bytes(cut), 4)
    }
    return list
  }

  private mutating func runs(_ cut: Cut) -> [UInt8] {
    if chance(4) {
      // All chunks.
      return [0, 1, 0] + varint(UInt64(max(cut.chunks, 1)))
    }
    var (list, count, next): ([UInt8], UInt64, UInt64) = ([], 0, 0)
    for _ in 0..<random.next() % (chance(8) ? 300 : 6) {
      let gap = chance(8) ? random.next() % 4_194_304 : random.next() % 5
      let length = chance(8) ? 1 + random.next() % 4_194_304 : 1 + random.next() % 5
      // Mostly runs that a receiver accepts.
      guard next + gap + length <= 4_194_304 || chance(200) else { break }
      list += varint(gap) + varint(chance(2_000) ? 0 : length)
      next += gap + length
      count += 1
    }
    var all: [UInt8] = []
    all.put(count, 2)
    return all + list
  }

  private func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.put(value | 0xc000_0000_0000_0000, 8)
    return bytes
  }

  private mutating func message(_ i: Int) -> [UInt8] {
    let file = someFile(i)
    let cut = file.cut
    var type = MessageType.want
    var body: [UInt8] = []
    switch random.next() % 32 {
    case 0, 1:
      body.put(number(i), 2)
      let id: Digest = chance(8) ? .zero : catalogue[Int(random.next() % UInt64(catalogue.count))].id
      body += (0..<Digest.byteCount).map { id[$0] }
      body.append(UInt8(truncatingIfNeeded: chance(4) ? random.next() : random.next() & 1))
    case 2..<6:
      type = .offer
      body.put(number(i), 2)
      // An impossible cut ends the connection, so there are few of them.
      let isTrue = !chance(6)
      body.put(isTrue ? cut.size : chance(30) ? bytes(cut) : random.next() % Limits.fileSize, 8)
      body.put(isTrue || !chance(50) ? UInt64(cut.pieceExponent) : random.next(), 1)
      body.put(isTrue || chance(2) ? UInt64(cut.chunks) : 1, 4)
      let name = [UInt8](repeating: 0x61, count: Int(chance(20) ? 255 : random.next() % 5))
      body += [UInt8(name.count)] + name + runs(cut)
    case 6..<10:
      type = .have
      body.put(number(i), 2)
      body += runs(cut)
    case 10..<14:
      type = .request
      body.put(number(i), 2)
      body.put(chance(16) ? random.next() : random.next() % 3, 1)
      body += ranges(cut)
    case 14..<18:
      type = .cancel
      body.put(number(i), 2)
      body.put(chance(16) ? random.next() : random.next() % 3, 1)
      body += ranges(cut)
    case 18, 19:
      type = .refuse
      body.put(number(i), 2)
      body.put(chance(4) ? random.next() : random.next() % 5, 2)
      body.put(chance(16) ? random.next() : random.next() % 3, 1)
      // Without ranges, it ends a WANT.
      body += chance(8) ? [0] : ranges(cut)
    case 21:
      type = .known
      body.put(number(i), 2)
      let count = random.next() % (chance(8) ? 256 : 20)
      body.append(UInt8(count))
      for _ in 0..<count {
        body.append(chance(4) ? 6 : 4)
        for _ in 0..<(body.last == 6 ? 16 : 4) { body.append(UInt8(truncatingIfNeeded: random.next())) }
        body.put(chance(8) ? 0 : random.next(), 2)
      }
    case 22:
      type = .progress
      body.put(number(i), 2)
      body.put(chance(4) ? random.next() : random.next() % (cut.size + 1), 8)
      body.put(chance(4) ? random.next() : random.next() % (cut.size + 1), 8)
    case 20: return [UInt8(12 + random.next() % 200), 0, 3, 1, 2, 3]
    default: return block(i, file)
    }
    if chance(20) { body += [1, 2, 3] }
    // A message that is cut short ends the connection.
    if chance(500) { body.removeLast(1) }
    return [type.rawValue, UInt8(body.count >> 8), UInt8(body.count & 255)] + body
  }

  /// Bytes that were asked for, now and then the true ones of a manifest; or any bytes.
  private mutating func block(_ i: Int, _ file: WorldFile) -> [UInt8] {
    var body: [UInt8] = []
    var count = random.next() % (chance(4) ? 20_000 : 300)
    if let (number, space, range) = peers[i].asked.randomElement(using: &random), !chance(6) {
      body.put(UInt64(number), 2)
      body.put(UInt64(space), 1)
      let shift = chance(8) ? random.next() % 3_000 : 0
      let offset = chance(2) ? range.offset &- min(shift, range.offset) : range.offset &+ shift
      body.put(offset, 8)
      if chance(2) { count = min(UInt64(range.length), 20_000) }
      if space == 1, let id = peers[i].wanted.first(where: { $0.number == number })?.id,
        let manifest = catalogue.first(where: { $0.id == id })?.manifest.bytes, offset < manifest.count, !chance(20)
      {
        body += manifest[Int(offset)...].prefix(Int(count))
        count = 0
      }
    } else {
      body.put(number(i), 2)
      body.put(chance(8) ? random.next() : random.next() % 3, 1)
      body.put(bytes(file.cut), 8)
    }
    body += [UInt8](repeating: 7, count: Int(count))
    return [MessageType.block.rawValue, UInt8(body.count >> 8), UInt8(body.count & 255)] + body
  }
}

extension [UInt8] {
  /// The lower `count` bytes of a number, big-endian.
  fileprivate mutating func put(_ value: UInt64, _ count: Int) {
    for i in (0..<count).reversed() { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * i))) }
  }
}
