/// The dots of a graph in which packets crowd. Each dot stands for the same number of packets of its class, so that a
/// class has ink in proportion to its share, as on the page. Wherever a class occurs, it has a dot no farther away than
/// `farthest`, so that none vanishes.
struct InkDots {
  enum Class: UInt8 { case none, acknowledged, sent, resent, lost, both }
  static let size = 3.0
  private static let farthest = 64.0
  /// The area that a letter or a cross covers.
  static let sign = 36.0

  private let left: Double
  private let top: Double
  private let columns: Int
  private let rows: Int
  private var classes: [Class]

  init(_ drawing: SVGDrawing) {
    (left, top) = (drawing.left, drawing.top)
    columns = Int((drawing.right - drawing.left) / Self.size) + 1
    rows = Int((drawing.bottom - drawing.top) / Self.size) + 1
    classes = [Class](repeating: .none, count: columns * rows)
  }

  func count(_ kind: Class) -> Int { classes.count { $0 == kind } }

  private func column(_ x: Double) -> Int { max(0, min(columns - 1, Int((x - left) / Self.size))) }
  private func row(_ y: Double) -> Int { max(0, min(rows - 1, Int((y - top) / Self.size))) }
  private func place(_ x: Double, _ y: Double) -> Int { column(x) * rows + row(y) }

  /// Gives the class `kind` to those dots of a column from `high` down to `low` for whose class `condition` holds.
  mutating func take(_ kind: Class, at x: Double, from high: Double, to low: Double, _ condition: (Class) -> Bool) {
    let first = column(x) * rows
    for row in row(high)...max(row(high), row(low - 0.01)) where condition(classes[first + row]) {
      classes[first + row] = kind
    }
  }

  /// Gives the packets at these places, in the order of time, as many dots as are due; returns where the dots are.
  mutating func mark(
    _ kind: Class, _ packets: some Sequence<(x: Double, y: Double)>, perDot: Double
  ) -> [(x: Double, y: Double)] {
    var (held, last) = (0.0, -Double.infinity)
    var marked: [(x: Double, y: Double)] = []
    for (x, y) in packets {
      held += 1 / perDot
      let place = place(x, y)
      guard held >= 1 || x - last >= Self.farthest, classes[place] != kind, classes[place] != .both else { continue }
      classes[place] = classes[place] == .resent ? .both : kind
      (held, last) = (max(0, held - 1), x)
      marked.append((x, y))
    }
    return marked
  }

  /// The dots of a class as one path.
  func path(_ kind: Class, share: Double = 1) -> String {
    var path = ""
    for column in 0..<columns {
      var row = 0
      while row < rows {
        guard classes[column * rows + row] == kind else {
          row += 1
          continue
        }
        let start = row
        while row < rows, classes[column * rows + row] == kind { row += 1 }
        let (x, y) = (left + Double(column) * Self.size, top + Double(start) * Self.size)
        path += SVGDrawing.rectangle(x, y, Self.size * share, Double(row - start) * Self.size)
      }
    }
    return path
  }

  /// Some of these places, evenly spread and not too close together: as many as half of the class's ink is enough for,
  /// but at least one.
  static func signs(
    _ places: [(x: Double, y: Double)], packets: Int, perDot: Double, avoiding taken: inout [(x: Double, y: Double)]
  ) -> [(x: Double, y: Double)] {
    let most = max(1, Int(Double(packets) / perDot * size * size / 2 / sign))
    var chosen: [(x: Double, y: Double)] = []
    for (index, place) in places.enumerated() where chosen.count < most && index * most >= chosen.count * places.count {
      if taken.contains(where: { abs($0.x - place.x) < 14 && abs($0.y - place.y) < 16 }) { continue }
      chosen.append(place)
      taken.append(place)
    }
    return chosen
  }
}
