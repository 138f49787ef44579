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
