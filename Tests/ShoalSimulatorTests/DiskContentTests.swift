import ShoalBase
import TestSupport
import Testing

@testable import ShoalSimulator

@Suite struct DiskContentTests {
  /// Compared with an array that does the same.
  @Test func whatIsWrittenIsRead() {
    for seed in seeds(1..<51) {
      var random = SeededGenerator(seed: seed)
      var content = DiskContent()
      var model: [UInt8] = []
      for _ in 0..<40 {
        if random.next() % 5 == 0 {
          let length = Int(random.next() % 200)
          model = Array(model.prefix(length)) + Array(repeating: 0, count: max(0, length - model.count))
          content.resize(length)
        } else {
          let (offset, count) = (Int(random.next() % 12) * 10, Int(random.next() % 3) * 10 + 5)
          let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
          model += Array(repeating: 0, count: max(0, offset + count - model.count))
          model.replaceSubrange(offset..<offset + count, with: bytes)
          content.write(bytes, at: offset)
        }
        #expect(content.bytes == model && content.count == model.count, "seed \(seed)")
        #expect(content.hasContent == model.contains { $0 != 0 })
        guard !model.isEmpty else { continue }
        let start = Int(random.next() % UInt64(model.count))
        let end = start + Int(random.next() % UInt64(model.count - start + 1))
        #expect(content.bytes(in: start..<end) == Array(model[start..<end]), "seed \(seed)")
      }
    }
  }
}
