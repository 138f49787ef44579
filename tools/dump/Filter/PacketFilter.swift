import ShoalTerminal

/// Decides which datagrams are shown or counted.
struct PacketFilter {
  private(set) var conditions: [(root: Expression, predicates: [Predicate])] = []
  private(set) var chunks: ClosedRange<UInt32>?

  /// Lets everything pass.
  init() {}

  var isEmpty: Bool { conditions.isEmpty && chunks == nil }

  /// Adds a condition that must hold too.
  mutating func add(_ text: String) throws(ExpressionError) {
    let condition = try Condition(text)
    var predicates: [Predicate] = []
    for comparison in condition.comparisons { predicates.append(try Predicate(comparison)) }
    conditions.append((condition.root, predicates))
  }

  /// Adds comparisons, at least one of which must hold too.
  mutating func add(anyOf comparisons: [Comparison]) throws(ExpressionError) {
    guard comparisons.count <= Condition.most else {
      throw ExpressionError(reason: "more than \(Condition.most) values", column: 0)
    }
    var predicates: [Predicate] = []
    for comparison in comparisons { predicates.append(try Predicate(comparison)) }
    let root = comparisons.indices.dropFirst().reduce(Expression.comparison(0)) { .or($0, .comparison($1)) }
    conditions.append((root, predicates))
  }

  /// Lets only datagrams pass that concern these chunks.
  mutating func add(chunks: ClosedRange<UInt32>) { self.chunks = chunks }

  /// Whether a datagram is shown; a corrupt one is judged by what its bytes say, as its fields are shown too.
  func passes(_ datagram: Datagram, _ seen: Observation, _ clock: Clock, _ analyzer: borrowing Analyzer) -> Bool {
    if isEmpty { return true }
    let datagram = datagram.asItReads
    for condition in conditions {
      // Evaluated here and not in a closure, which could not hold the borrowed analyzer.
      guard holds(condition.root, condition.predicates, datagram, seen, clock, analyzer) else { return false }
    }
    guard let chunks else { return true }
    return analyzer.mentions(chunks, datagram, seen)
  }

  private func holds(
    _ expression: Expression, _ predicates: [Predicate], _ datagram: Datagram, _ seen: Observation, _ clock: Clock,
    _ analyzer: borrowing Analyzer
  ) -> Bool {
    switch expression {
    case .comparison(let index): predicates[index].holds(datagram, seen, clock, analyzer)
    case .not(let inner): !holds(inner, predicates, datagram, seen, clock, analyzer)
    case .and(let left, let right):
      holds(left, predicates, datagram, seen, clock, analyzer)
        && holds(right, predicates, datagram, seen, clock, analyzer)
    case .or(let left, let right):
      holds(left, predicates, datagram, seen, clock, analyzer)
        || holds(right, predicates, datagram, seen, clock, analyzer)
    }
  }
}
