import ShoalTerminal

/// The options that decide which datagrams count, and what must hold of them.
struct FilterOptions {
  static let group = OptionGroup(
    "FILTERS", shared: true,
    [
      Option(
        "filter", "Only datagrams where this holds: 'type == data'.", short: "f", value: "expr", repeats: true),
      Option("type", "Only these types: data,ack.", value: "types"),
      Option("flow", "Only the connection with this id, or its first digits.", value: "id"),
      Option("peer", "Only from or to this address.", value: "host:port"),
      Option("chunk", "Only what concerns these chunks.", value: "n|n-m"),
      Option("marks", "Only with these marks, or any that mean trouble.", value: "marks|any"),
      Option("from", "Only from this long after the first packet: 1.5s.", value: "time"),
      Option("to", "Only up to this long after it.", value: "time"),
      Option("assert", "Exit 1 unless this holds: 'resent < 10%'.", value: "expr", repeats: true),
    ])

  private(set) var filter = PacketFilter()
  private(set) var assertions: [Assertion] = []

  init(_ invocation: Invocation) throws(UsageError) {
    for value in invocation.all("filter") { try add(value.text, "--filter") }
    try add(invocation, "type", .type)
    try add(invocation, "flow", .flow)
    try add(invocation, "peer", .peer)
    if invocation.first("marks")?.text == "any" {
      try add(MarkSet.troubles.marks.map { (text: $0.name, column: 0) }, .mark, .equal, "--marks", "any")
    } else {
      try add(invocation, "marks", .mark)
    }
    for (option, relation) in [("from", Relation.greaterOrEqual), ("to", .lessOrEqual)] {
      guard let value = invocation.first(option) else { continue }
      let text = value.text.filter { !$0.isWhitespace }
      guard let time = Quantity(text), time.value >= 0, Dimension.time.fault(time, text, of: "--\(option)") == nil
      else {
        throw value.error("must be a time such as 2s or 500ms, with its unit")
      }
      try add([(text: text, column: 0)], .time, relation, "--\(option)", value.text)
    }
    if let value = invocation.first("chunk") { filter.add(chunks: try Self.chunks(value)) }
    for value in invocation.all("assert") {
      do throws(ExpressionError) {
        assertions.append(try Assertion(value.text))
      } catch { throw error.usage("--assert", value.text) }
    }
  }

  private mutating func add(_ text: String, _ option: String) throws(UsageError) {
    do throws(ExpressionError) { try filter.add(text) } catch { throw error.usage(option, text) }
  }

  /// Adds that a field must have one of the values of an option, separated by commas.
  private mutating func add(_ invocation: Invocation, _ option: String, _ field: PacketField) throws(UsageError) {
    guard let value = invocation.first(option) else { return }
    var column = 0
    var items: [(text: String, column: Int)] = []
    for item in value.text.split(separator: ",", omittingEmptySubsequences: false) {
      let text = item.drop(while: \.isWhitespace)
      items.append((String(text), column + item.unicodeScalars.count - text.unicodeScalars.count))
      column += item.unicodeScalars.count + 1
    }
    try add(items, field, .equal, "--\(option)", value.text)
  }

  /// `typed` is what an error shows, with a caret below the item that it is about.
  private mutating func add(
    _ items: [(text: String, column: Int)], _ field: PacketField, _ relation: Relation, _ option: String,
    _ typed: String
  ) throws(UsageError) {
    let comparisons = items.map { item in
      Comparison(
        field: Token(kind: .word, text: field.rawValue, column: 0), relation: relation,
        value: Token(kind: .word, text: item.text, column: item.column))
    }
    do throws(ExpressionError) { try filter.add(anyOf: comparisons) } catch { throw error.usage(option, typed) }
  }

  private static func chunks(_ value: GivenValue) throws(UsageError) -> ClosedRange<UInt32> {
    let ends = value.text.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
    guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last else {
      throw value.error("must be a chunk's number, or two with - between")
    }
    return first...last
  }

  /// The filter of a command that measures nothing; assertions are refused, as nobody would see whether they hold.
  static func filterAlone(_ invocation: Invocation) throws(UsageError) -> PacketFilter {
    guard !invocation.has("assert") else {
      throw UsageError("\(invocation.name): --assert does not apply; 'shoal-dump stats' can check it")
    }
    return try FilterOptions(invocation).filter
  }

  /// Says which assertions fail, with the values; returns whether all hold.
  func check(_ statistics: Statistics, _ console: Console) -> Bool {
    var holds = true
    for assertion in assertions {
      guard let failure = assertion.failure(statistics) else { continue }
      console.failure("assertion failed: \(failure)", code: "assertion")
      holds = false
    }
    return holds
  }
}
