/// Rows of text in columns, two spaces apart.
public struct Table: Sendable {
  /// To which side the cells of a column go.
  public enum Side: Sendable {
    /// For words.
    case left
    /// For numbers.
    case right
  }

  /// A column: its title, which may be empty, and its side.
  public struct Column: Sendable {
    let title: String
    let side: Side

    /// A column.
    public init(_ title: String = "", _ side: Side = .left) { (self.title, self.side) = (title, side) }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  /// A table without rows.
  public init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row; cells that it lacks are empty.
  public mutating func add(_ cells: [String]) {
    precondition(cells.count <= columns.count, "more cells than columns")
    rows.append(cells + Array(repeating: "", count: columns.count - cells.count))
  }

  /// The titles, unless all are empty, and the rows; no line ends in spaces.
  public var lines: [String] {
    let titles = columns.map(\.title)
    let all = (titles.allSatisfy(\.isEmpty) ? [] : [titles]) + rows
    let widths = columns.indices.map { index in all.map { displayWidth($0[index]) }.max() ?? 0 }
    return all.map { cells in
      let line = zip(columns, zip(cells, widths))
        .map { column, cell in padded(cell.0, to: cell.1, right: column.side == .right) }
        .joined(separator: "  ")
      return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count))
    }
  }
}
