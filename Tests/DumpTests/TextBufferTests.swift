import ShoalBase
import Testing

@testable import shoal_dump

/// Numbers are written as Swift writes them.
@Suite struct TextBufferTests {
  @Test func numbers() {
    var values: [UInt64] = [0, 1, 9, 10, 99, 100, 101, 999, 1_000, 1_005, 10_000, .max - 1, .max]
    var generator = SeededGenerator(seed: 11)
    for shift in UInt64(0)..<64 { values.append(generator.next() >> shift) }
    for value in values {
      for width in [0, 1, 2, 3, 9, 25] {
        var buffer = TextBuffer()
        buffer.append("<")
        buffer.append(value, width: width, fill: UInt8(ascii: "."))
        let text = String(value)
        #expect(buffer.text == "<" + String(repeating: ".", count: max(0, width - text.count)) + text)
      }
    }
  }

  @Test func signs() {
    var buffer = TextBuffer()
    for value in [Int.min, -100, -1, 0, 7, .max] {
      buffer.append(value)
      buffer.append(" ")
    }
    #expect(buffer.text == "\(Int.min) -100 -1 0 7 \(Int.max) ")
  }
}
