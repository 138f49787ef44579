import ShoalBase
import ShoalSwarm
import ShoalWire
import TestSupport
import Testing

@testable import Shoal

@Suite struct PassFileTests {
  private let address = Address(ipv4: 0x0102_0304, port: 9)

  @Test func whatIsKeptIsFoundAgain() throws {
    let scratch = try Scratch()
    let file = PassFile(path: scratch.at("cache/passes"))
    #expect(file.load().entries.isEmpty)
    let other = Address(high: 0x2001_0db8_0000_0000, low: 5, port: 7_401, scope: 3)
    file.keep([address: Pass(token: 1, terms: 2), other: Pass(token: .max, terms: 0)])
    file.keep([address: Pass(token: 3, terms: 4)])
    file.keep([:])
    let passes = file.load()
    #expect(passes[address] == Pass(token: 3, terms: 4) && passes[other] == Pass(token: .max, terms: 0))
    #expect(passes.entries.count == 2)
  }

  @Test func whatIsDamagedOrOldIsLeftOut() throws {
    let scratch = try Scratch()
    let file = PassFile(path: scratch.at("passes"))
    let now = UInt64(SystemClock.wall() / .second)
    let old = String(now - PassFile.lifetime, radix: 16)
    let lines = ["0 ffff01020304 9 0 1 2 \(old)", "0 ffff01020304 9", "0 ffff01020304 99999 0 1 2 5", "\u{0}x", ""]
    try JournalFile.begin(file.path, Array(lines.joined(separator: "\n").utf8))
    #expect(file.load().entries.isEmpty)
    for i in 0..<300 as Range<UInt16> { file.keep([address.with(port: i + 1): Pass(token: 1, terms: 0)]) }
    #expect(file.load().entries.count == Passes.most && file.load()[address.with(port: 300)] != nil)
  }
}
