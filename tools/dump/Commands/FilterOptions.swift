import ShoalTerminal
import ShoalWire

/// The options that decide which datagrams count, and what must hold of them.
struct FilterOptions {
  static let group = OptionGroup(
    "FILTERS", shared: true,
    [
      Option(
        "filter", "Only where this holds: 'type == data && seq > 1000'.", short: "f", value: "expr", repeats: true),
      Option("type", "Only these types: data,ack.", value: "types"),
      Option("flow", "Only the connection with this id, or its first digits.", value: "id"),
      Option("peer", "Only from or to this address.", value: "host:port"),
      Option("chunk", "Only what speaks of these chunks.", value: "n|n-m"),
      Option("marks", "Only with these marks, or with any trouble.", value: "marks|any"),
      Option("from", "Only from so many seconds after the first packet.", value: "s"),
      Option("to", "Only up to so many seconds after it.", value: "s"),
      Option("assert", "Exit with 1 unless it holds: 'resent < 10%'.", value: "expr", repeats: true),
    ])

  private(set) var filter = PacketFilter()
  private(set) var assertions: [Assertion] = []

  init(_ invocation: Invocation) throws(UsageError) {
    for value in invocation.all("filter") { try add(value.text, "--filter") }
    if let value = invocation.first("type") {
      let types = value.text.split(separator: ",").map { "type == \($0)" }
      try add(types.joined(separator: " || "), "--type")
    }
    if let value = invocation.first("flow") { try add("flow == \(value.text)", "--flow") }
    if let value = invocation.first("peer") { try add("peer == \(value.text)", "--peer") }
    if let value = invocation.first("marks") {
      let troubles = MarkSet.troubles.marks.map(\.name).joined(separator: ",")
      let names = (value.text == "any" ? troubles : value.text).split(separator: ",")
      try add(names.map { "mark == \($0)" }.joined(separator: " || "), "--marks")
    }
    if let value = invocation.first("from") { try add("time >= \(Units.fixed(try value.double(), 9))", "--from") }
    if let value = invocation.first("to") { try add("time <= \(Units.fixed(try value.double(), 9))", "--to") }
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

  private static func chunks(_ value: GivenValue) throws(UsageError) -> ClosedRange<UInt32> {
    let ends = value.text.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
    guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last else {
      throw value.error("must be a chunk's number, or two with - between")
    }
    return first...last
  }

  /// Says which assertions fail, with the values; whether all hold.
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
