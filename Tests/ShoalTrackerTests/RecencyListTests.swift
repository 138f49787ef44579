import ShoalBase
import TestSupport
import Testing

@testable import ShoalTracker

struct RecencyListTests {
  @Test(arguments: seeds(0..<20)) func agreesWithAnArray(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var list = RecencyList()
    var plain: [Int] = []
    for _ in 0..<500 {
      let number = Int.random(in: 0..<12, using: &random)
      if !plain.contains(number) {
        list.insert(number)
        plain.append(number)
      } else if Bool.random(using: &random) {
        list.touch(number)
        plain.removeAll { $0 == number }
        plain.append(number)
      } else {
        list.remove(number)
        plain.removeAll { $0 == number }
      }
      #expect(list.oldest == plain.first)
    }
  }
}
