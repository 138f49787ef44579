/// The candidate that was probably meant: one with the same beginning, or the one with the fewest typos.
package func nearMiss(_ word: String, among candidates: [String]) -> String? {
  let begun = candidates.filter { word.count >= 3 && $0.hasPrefix(word) && word != "--" }
  if begun.count == 1 { return begun[0] }
  let tolerance = word.count < 5 ? 1 : 2
  let ranked = candidates.map { (candidate: $0, slips: slips(word, $0)) }
  guard let best = ranked.min(by: { $0.slips < $1.slips }), best.slips <= tolerance else { return nil }
  return best.candidate
}

/// Letters inserted, dropped, replaced or swapped with a neighbour between two words (optimal string alignment).
private func slips(_ first: String, _ second: String) -> Int {
  // A command line may hold a megabyte, and the table is quadratic.
  guard abs(first.utf8.count - second.utf8.count) <= 16 else { return .max }
  let a = Array(first), b = Array(second)
  var table = [[Int]](repeating: Array(0...b.count), count: a.count + 1)
  for i in 1..<(a.count + 1) {
    table[i][0] = i
    for j in 1..<(b.count + 1) {
      let replaced = table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
      table[i][j] = min(replaced, table[i - 1][j] + 1, table[i][j - 1] + 1)
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
      }
    }
  }
  return table[a.count][b.count]
}
