import ShoalTerminal

/// The one-way delays of both directions over time as an SVG, with every loss and corruption at its time.
///
/// A column of pixels shows the range of the delays in it, so that no outlier is lost however many datagrams there are.
enum DelayPicture {
  static func svg(_ comparison: CaptureComparison, names: (String, String)) -> String {
    let reports = [
      (comparison.forth, "\(names.0) > \(names.1)"), (comparison.back, "\(names.1) > \(names.0)"),
    ].filter { !$0.0.passages.isEmpty }
    return SVGDrawing.file(reports.map { graph($0, title: $1) })
  }

  private static func graph(_ report: PathReport, title: String) -> (height: Double, content: String) {
    let first = report.passages.map(\.sent).min() ?? 0
    let end = report.passages.map(\.sent).max() ?? first
    func milliseconds(_ delay: Int64) -> Double { Double(max(0, delay)) / 1e6 }
    let highest = max(milliseconds(report.delays.last ?? 0), 1e-3)
    // Room at the top for what is late, at the bottom for what has no delay.
    var drawing = SVGDrawing(
      times: 0...Double(end - first) / 1e9, values: -0.12 * highest...highest * 1.12, height: 300)

    var columns: [Int: (low: Int64, high: Int64)] = [:]
    var (late, lost, corrupt): (Set<Int>, Set<Int>, Set<Int>) = ([], [], [])
    for passage in report.passages {
      let column = Int(drawing.x(Double(passage.sent - first) / 1e9))
      switch passage.fate {
      case .lost: lost.insert(column)
      case .corrupted: corrupt.insert(column)
      case .delivered, .late:
        let range = columns[column] ?? (passage.delay, passage.delay)
        columns[column] = (min(range.low, passage.delay), max(range.high, passage.delay))
        if passage.fate == .late { late.insert(column) }
      }
    }
    let bars = columns.sorted { $0.key < $1.key }.map { column, range in
      let (low, high) = (drawing.y(milliseconds(range.low)), drawing.y(milliseconds(range.high)))
      return "M\(column) \(SVGDrawing.number(low + 0.8))V\(SVGDrawing.number(high - 0.8))"
    }
    drawing.path(bars.joined(), .sent, width: 2)
    drawing.path(late.sorted().map { "M\($0) \(SVGDrawing.number(drawing.top))v8" }.joined(), .resent)
    func row(_ above: Double) -> String { SVGDrawing.number(drawing.bottom - above) }
    // Each column has its stroke, and a sign where that stands clear of the previous one.
    drawing.path(lost.sorted().map { "M\($0) \(row(10))v6" }.joined(), .lost, width: 1)
    drawing.path(apart(lost).map { "M\($0 - 3) \(row(10))l6 6m0-6l-6 6" }.joined(), .lost)
    drawing.path(corrupt.sorted().map { "M\($0) \(row(22))v6" }.joined(), .corrupt, width: 1)
    drawing.fill(apart(corrupt).map { "M\($0) \(row(22))l4 4l-4 4l-4-4z" }.joined(), .corrupt)
    let counts = [PathReport.Fate.late, .lost, .corrupted].map { Units.grouped(report.count($0)) }
    return drawing.framed(
      title: title,
      legend: [
        (.sent, "one-way delay"), (.resent, "late \(counts[0])"),
        (.lost, "\u{00D7} lost \(counts[1])"), (.corrupt, "\u{25C6} corrupt \(counts[2])"),
      ], unit: { $0 < 0 ? "" : "\(SVGDrawing.number($0)) ms" })
  }

  private static func apart(_ columns: Set<Int>) -> [Int] {
    columns.sorted().reduce(into: []) { if $1 - ($0.last ?? .min / 2) >= 14 { $0.append($1) } }
  }
}
