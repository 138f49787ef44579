import ShoalBase
import ShoalContent
import ShoalWire
import Testing

@testable import ShoalTracker

/// What a registration takes, where each peer is a host of its own and 200 have each file.
struct RegistryMemoryTests {
  private func bytesAPeer(_ address: (Int) -> Address) throws -> Double {
    let count = 20_000
    var registry = Registry(RegistrarConfiguration(memory: 4 << 20), seed: 1)
    for number in 0..<count {
      let id = digest(UInt64(number % (count / 200)))
      _ = try registry.register(address(number), id, cut(100), name: "", [run(0, 100)], at: .zero)
    }
    #expect(registry.count == count)
    return Double(registry.byteCount) / Double(count)
  }

  @Test func aCompletePeerIsSmall() throws {
    let four = try bytesAPeer { Address(ipv4: 0x0a00_0000 + UInt32($0), port: 7_401) }
    let six = try bytesAPeer { Address(high: 0x2001_0db8_0000_0000 + UInt64($0), low: 1, port: 7_401) }
    #expect(four < 64 && six < 96, "\(four) and \(six) bytes")
  }

  /// The pages of a map that is given up are used again, and a map that is made anew has nothing of the last one.
  @Test func pagesAreUsedAgain() throws {
    var registry = Registry(RegistrarConfiguration(memory: 4 << 20), seed: 1)
    var before = 0
    for round in 0..<60 {
      for number in 0..<4 {
        // The cut changes each time; as many pages are partly filled, and some are whole.
        let chunks = 200_000 + round % 2
        let have = (0..<UInt32(30)).map { run($0 * 5_000 + UInt32(number), $0 % 7 == 0 ? 3_000 : 2) }
        let registered = try registry.register(peer(number), digest(1), cut(chunks), name: "", have, at: .zero)
        var (known, next): ([ChunkRun], Int) = ([], 0)
        while next < chunks {
          let (runs, end) = registry.runs(registered.entry, from: next, fitting: 10_000)
          (known, next) = (known + runs, end)
        }
        let isSame = known == have
        #expect(isSame)
      }
      if round == 2 { before = registry.byteCount }
    }
    #expect(registry.byteCount == before)
    for number in 0..<4 { registry.remove(registry.find(peer(number), registry.file(digest(1))).entry) }
    #expect(registry.count == 0 && registry.mapBytes == 0)
  }

  /// Nothing grows while peers come and go.
  @Test func comingAndGoingTakesNothing() throws {
    var registry = Registry(RegistrarConfiguration(memory: 4 << 20), seed: 1)
    var before = 0
    for round in 0..<6 {
      for number in 0..<2_000 {
        let have = number % 2 == 0 ? [run(0, 100)] : [run(3, 4)]
        let (address, name) = (Address(ipv4: UInt32(number + 1), port: 1), "a name of some length \(number % 50)")
        _ = try registry.register(address, digest(UInt64(number % 50)), cut(100), name: name, have, at: .zero)
      }
      for index in 0..<registry.entries.count { registry.remove(UInt32(index)) }
      #expect(registry.count == 0 && registry.arena.used == 0 && registry.mapBytes == 0)
      if round == 1 { before = registry.byteCount }
    }
    #expect(registry.byteCount == before)
  }
}
