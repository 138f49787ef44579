/// Protocol.md, as tests read it.
public struct ProtocolDocument {
  /// The whole text.
  public let text: String
  /// The cells of the first table under each heading, without the row of dashes.
  public private(set) var tables: [String: [[String]]] = [:]
  /// All blocks of test vectors.
  public private(set) var vectors: [Vector] = []

  /// Reads it.
  public init() throws {
    text = try Checkout.text("Protocol.md")
    var heading = ""
    var (isTableDone, isVector) = (false, false)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if isVector, line.hasPrefix("```") {
        isVector = false
      } else if isVector {
        vectors[vectors.count - 1].lines.append(String(line))
      } else if line.hasPrefix("```vector ") {
        let words = line.split(separator: " ")
        vectors.append(Vector(kind: words[1], name: words.count > 2 ? words[2] : ""))
        isVector = true
      } else if line.hasPrefix("#") {
        heading = String(line)
        isTableDone = false
      } else if line.hasPrefix("|"), !isTableDone {
        let cells = line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map(
          Self.trimmed)
        if !cells.allSatisfy({ $0 == "---" }) { tables[heading, default: []].append(cells) }
      } else {
        isTableDone = tables[heading] != nil
      }
    }
  }

  /// A cell without what is only there for layout.
  private static func trimmed(_ cell: Substring) -> String {
    let text = cell.replacing("&nbsp;", with: " ")
    let isLayout: (Character) -> Bool = { $0 == " " || $0 == "`" }
    return String(text.drop(while: isLayout).reversed().drop(while: isLayout).reversed())
  }

  /// A block of test vectors: three backquotes, "vector", a kind and perhaps a name.
  public struct Vector: Sendable {
    /// What the block is about.
    public var kind: Substring
    /// Which one it is; "" if it is the only one of its kind.
    public var name: Substring
    /// What stands in it.
    public var lines: [String] = []

    /// The lines that read "key = value", in order.
    public var fields: [(key: String, value: String)] {
      lines.compactMap { line in
        line.firstRange(of: " = ").map { (String(line[..<$0.lowerBound]), String(line[$0.upperBound...])) }
      }
    }
  }

  /// The blocks of a kind.
  public func vectors(_ kind: String) -> [Vector] { vectors.filter { $0.kind == kind } }
}
