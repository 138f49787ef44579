/// A condition in the style of tcpdump and Wireshark: `type == data && (seq > 1000 || !checksum.ok)`.
indirect enum Expression {
  /// The index of a comparison in `Condition.comparisons`.
  case comparison(Int)
  case not(Expression)
  case and(Expression, Expression)
  case or(Expression, Expression)

  /// Whether it holds, given whether each comparison does.
  func holds(_ comparison: (Int) -> Bool) -> Bool {
    switch self {
    case .comparison(let index): comparison(index)
    case .not(let inner): !inner.holds(comparison)
    case .and(let left, let right): left.holds(comparison) && right.holds(comparison)
    case .or(let left, let right): left.holds(comparison) || right.holds(comparison)
    }
  }
}

/// How a field is compared.
enum Relation: String {
  case equal = "=="
  case unequal = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case contains

  /// The relation that a sign or a word of Wireshark's means.
  init?(spelled text: String) {
    let words: [String: Relation] = [
      "eq": .equal, "ne": .unequal, "lt": .less, "le": .lessOrEqual, "gt": .greater, "ge": .greaterOrEqual,
    ]
    guard let relation = Relation(rawValue: text) ?? words[text] else { return nil }
    self = relation
  }

  func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
    switch self {
    case .equal, .contains: left == right
    case .unequal: left != right
    case .less: left < right
    case .lessOrEqual: left <= right
    case .greater: left > right
    case .greaterOrEqual: left >= right
    }
  }
}

/// A field compared with a value, or a field alone: whether it is there, and not false.
struct Comparison {
  var field: Token
  var relation: Relation?
  var value: Token?
}

/// An expression that was read, before its fields are given a meaning.
struct Condition {
  /// The deepest nesting: deeper nesting would exhaust our stack before it made sense.
  private static let deepest = 64
  /// The longest chain of &&, which nests as deeply.
  static let most = 256
  let text: String
  private(set) var root = Expression.comparison(0)
  private(set) var comparisons: [Comparison] = []
  private var tokens: [Token] = []
  private var place = 0
  private var depth = 0

  init(_ text: String) throws(ExpressionError) {
    self.text = text
    tokens = try Token.split(text)
    root = try disjunction()
    guard current.kind == .end else { throw error("\(quoted) is not expected here") }
  }

  private var current: Token { tokens[place] }
  private var quoted: String { "'\(current.text)'" }
  private func error(_ reason: String) -> ExpressionError { ExpressionError(reason: reason, column: current.column) }

  private mutating func take(_ spellings: String...) -> Bool {
    guard current.kind == .sign || current.kind == .word, spellings.contains(current.text) else { return false }
    place += 1
    return true
  }

  private mutating func disjunction() throws(ExpressionError) -> Expression {
    var left = try conjunction()
    while take("||", "or") { left = .or(left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws(ExpressionError) -> Expression {
    var left = try negation()
    while take("&&", "and") { left = .and(left, try negation()) }
    return left
  }

  private mutating func negation() throws(ExpressionError) -> Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw error("nested too deeply") }
    if take("!", "not") { return .not(try negation()) }
    guard take("(") else { return try comparison() }
    let inner = try disjunction()
    guard take(")") else { throw error(current.kind == .end ? "a ) is missing" : "\(quoted) instead of )") }
    return inner
  }

  /// A number and its unit as one word: values are printed with a space between, `100 MB/s`.
  private mutating func withUnit(_ number: Token?) -> Token? {
    guard var number, number.kind == .word, !number.text.hasPrefix("0x"), Quantity(number.text)?.unit == "",
      current.kind == .word, let first = current.text.first, first.isLetter || first == "%",
      Quantity(number.text + current.text) != nil
    else { return nil }
    number.text += current.text
    place += 1
    return number
  }

  private mutating func comparison() throws(ExpressionError) -> Expression {
    guard current.kind == .word else {
      throw error(current.kind == .end ? "a field is missing" : "\(quoted) instead of a field")
    }
    var comparison = Comparison(field: current)
    place += 1
    if let relation = Relation(spelled: current.text), current.kind != .text {
      place += 1
      guard current.kind == .word || current.kind == .text else { throw error("a value is missing") }
      (comparison.relation, comparison.value) = (relation, current)
      place += 1
      if let whole = withUnit(comparison.value) { comparison.value = whole }
    }
    guard comparisons.count < Self.most else { throw error("more than \(Self.most) comparisons") }
    comparisons.append(comparison)
    return .comparison(comparisons.count - 1)
  }
}
