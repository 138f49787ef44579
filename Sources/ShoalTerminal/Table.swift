/// Rows of text in columns, two spaces apart.
package struct Table: Sendable {
  /// How the cells of a column are aligned.
  package enum Side: Sendable {
    /// For words.
    case left
    /// For numbers.
    case right
  }

  /// A column: its title, which may be empty, and its side.
  package struct Column: Sendable {
    let title: String
    let side: Side
    let isVital: Bool

    /// A column; a vital one is kept even where there is no room for all.
    package init(_ title: String = "", _ side: Side = .left, isVital: Bool = false) {
      (self.title, self.side, self.isVital) = (title, side, isVital)
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  /// A table without rows.
  package init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row; cells that it lacks are empty.
  package mutating func add(_ cells: [String]) {
    precondition(cells.count <= columns.count, "more cells than columns")
    rows.append(cells + Array(repeating: "", count: columns.count - cells.count))
  }

  /// All columns, however wide they are.
  package var lines: [String] { lines(width: nil) }

  /// The titles, unless all are empty, and the rows; no line ends in spaces. Where they are wider than `width`, columns are
  /// left out from the right, except for the first and the vital ones.
  package func lines(width: Int?) -> [String] {
    let titles = columns.map(\.title)
    let all = (titles.allSatisfy(\.isEmpty) ? [] : [titles]) + rows
    let widths = columns.indices.map { index in all.map { displayWidth($0[index]) }.max() ?? 0 }
    var shown = Array(columns.indices)
    while let width, shown.reduce(-2, { $0 + widths[$1] + 2 }) > width,
      let last = shown.lastIndex(where: { $0 > 0 && !columns[$0].isVital })
    {
      shown.remove(at: last)
    }
    return all.map { cells in
      let line = shown.map { padded(cells[$0], to: widths[$0], right: columns[$0].side == .right) }
        .joined(separator: "  ")
      return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count))
    }
  }
}
