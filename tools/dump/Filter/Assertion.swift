import ShoalTerminal

/// A condition on a whole capture: `retransmitted < 10% && corrupt == 0`.
struct Assertion {
  private struct Bound {
    var name: String
    var measure: Measure
    var relation: Relation
    var limit: Quantity
  }

  private let text: String
  private let root: Expression
  private var bounds: [Bound] = []

  init(_ text: String) throws(ExpressionError) {
    let condition = try Condition(text)
    self.text = text
    root = condition.root
    for comparison in condition.comparisons {
      let name = comparison.field.text
      guard let measure = Measure(name) else {
        let hint = (markMeant(by: name) ?? nearMiss(name, among: Measure.names)).map { "; did you mean \($0)?" } ?? ""
        throw ExpressionError(
          reason: "'\(escaped(name))' is not something that can be measured\(hint)", column: comparison.field.column)
      }
      guard let relation = comparison.relation, relation != .contains, let value = comparison.value else {
        throw ExpressionError(reason: "\(name) must be compared with a number", column: comparison.field.column)
      }
      guard let limit = Quantity(value.text) else {
        throw ExpressionError(reason: "'\(escaped(value.text))' is not a number", column: value.column)
      }
      if let fault = measure.dimension.fault(limit, value.text, of: name) {
        throw ExpressionError(reason: fault, column: value.column)
      }
      bounds.append(Bound(name: name, measure: measure, relation: relation, limit: limit))
    }
  }

  /// Why it does not hold, `retransmitted < 10%: is 11.83% (34,865 of 294,712)`; nil if it does.
  func failure(_ statistics: Statistics) -> String? {
    // Without datagrams every assertion would hold, which proves nothing, except one about their number.
    guard statistics.all.datagrams > 0 || bounds.contains(where: { $0.name == "datagrams" }) else {
      return "\(text): no datagrams"
    }
    let values = bounds.map { $0.measure.value(statistics, asShare: $0.limit.unit == "%") }
    let holds = root.holds { index in
      values[index].number.map { bounds[index].relation.holds($0, bounds[index].limit.value) } ?? false
    }
    guard !holds else { return nil }
    let texts = zip(bounds, values).map { Self.text($1, $0.measure, $0.relation, $0.limit) }
    guard bounds.count > 1 else { return "\(text): is \(texts.first ?? "")" }
    return "\(text): " + zip(bounds, texts).map { "\($0.name) is \($1)" }.joined(separator: ", ")
  }
}
