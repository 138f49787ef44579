import ShoalTerminal

extension Assertion {
  /// A measured value in words that agree with the verdict: with more digits where the usual ones round to the limit.
  static func text(
    _ value: (number: Double?, text: String), _ measure: Measure, _ relation: Relation, _ limit: Quantity
  ) -> String {
    guard let number = value.number else { return value.text }
    let verdict = relation.holds(number, limit.value)
    func said(_ text: String) -> Double? {
      Quantity(text.prefix { $0 != "(" }.filter { $0 != " " && $0 != "," })?.value
    }
    // Fewer digits than usual would agree too.
    let error = said(value.text).map { abs($0 - number) } ?? .infinity
    func agrees(_ text: String) -> Bool {
      guard let said = said(text), abs(said - number) <= error, (said == 0) == (number == 0) else { return false }
      return relation.holds(said, limit.value) == verdict && (said == limit.value) == (number == limit.value)
    }
    if agrees(value.text) { return value.text }
    let exact = (1...9).map { Self.text(number, $0, measure, usual: value.text) }
    return exact.first(where: agrees) ?? exact[exact.count - 1]
  }

  private static func text(_ number: Double, _ decimals: Int, _ measure: Measure, usual: String) -> String {
    if usual.contains("%") {
      return "\(Units.fixed(number * 100, decimals))%" + (usual.firstIndex(of: "(").map { " \(usual[$0...])" } ?? "")
    }
    switch measure.dimension {
    case .time:
      return number < 0.1 ? "\(Units.fixed(number * 1e3, decimals)) ms" : "\(Units.fixed(number, decimals)) s"
    case .rate: return "\(Units.fixed(number / 1e6, decimals)) MB/s"
    case .size: return "\(Units.grouped(UInt64(max(0, min(number, 1e18))))) B"
    case .plain, .count: return Units.fixed(number, decimals)
    }
  }
}
