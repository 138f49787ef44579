import ShoalTerminal

/// The one-way delays of both directions over time as an SVG, with every loss and corruption at its time.
///
/// A column of pixels shows the range of the delays in it, so that no outlier is lost however many datagrams there are.
struct DelayPicture {
  private static let width = 1_000
  private static let height = 240
  private static let left = 70
  private static let right = 20
  private static let gap = 90
  /// The top of the first graph, below its title and legend.
  private static let start = 50
  private var body = ""

  init(_ comparison: CaptureComparison, names: (String, String)) {
    let reports = [
      (comparison.forth, "\(names.0) > \(names.1)"), (comparison.back, "\(names.1) > \(names.0)"),
    ].filter { !$0.0.passages.isEmpty }
    for (index, report) in reports.enumerated() {
      draw(report.0, title: report.1, top: Self.start + index * (Self.height + Self.gap))
    }
    let total = Self.start - 14 + reports.count * (Self.height + Self.gap)
    let size = "width=\"\(Self.width)\" height=\"\(total)\" viewBox=\"0 0 \(Self.width) \(total)\""
    body = """
      \(OutputFile.svgStart) xmlns="http://www.w3.org/2000/svg" \(size) font-family="sans-serif" font-size="12">
      <style>
      .ground{fill:#fff}.text{fill:#1b1f24}.grid{stroke:#868c95;stroke-opacity:.3}.delay{stroke:#2a6fdb;stroke-width:2}
      .late{stroke:#cc7614}.lost{stroke:#800d70;fill:none}.corrupt{fill:#800d70}
      @media(prefers-color-scheme:dark){.ground{fill:#14171a}.text{fill:#e6e9ed}.grid{stroke:#7f8894}
      .delay{stroke:#4c9be8}.late{stroke:#e69a17}.lost{stroke:#e6006b}.corrupt{fill:#e6006b}}
      </style>
      <rect class="ground" width="100%" height="100%"/>
      \(body)</svg>

      """
  }

  var text: String { body }

  private mutating func draw(_ report: PathReport, title: String, top: Int) {
    let first = report.passages.map(\.sent).min() ?? 0
    let end = report.passages.map(\.sent).max() ?? first
    let span = Double(max(end - first, 1))
    let plot = Self.width - Self.left - Self.right
    let delays = report.delays
    let highest = Double(max(delays.last ?? 1, 1))
    let tick = Self.step(highest / 4)
    let ceiling = (highest / tick).rounded(.up) * tick
    func x(_ time: UInt64) -> Int { Self.left + Int(Double(time - first) / span * Double(plot - 1)) }
    func y(_ delay: Int64) -> Double {
      Double(top + Self.height) - Double(max(0, delay)) / ceiling * Double(Self.height)
    }

    var legend = "one-way delay, ms; x lost \(Units.grouped(report.count(.lost)))"
    legend += ", diamond corrupt \(Units.grouped(report.count(.corrupted)))"
    legend += ", orange late \(Units.grouped(report.count(.late)))"
    label(Self.left, top - 32, title, anchor: "start", bold: true)
    label(Self.left, top - 16, legend, anchor: "start")
    for index in 0...Int((ceiling / tick).rounded()) {
      let level = Double(top + Self.height) - Double(index) * tick / ceiling * Double(Self.height)
      body += "<path class=\"grid\" d=\"M\(Self.left) \(Units.fixed(level, 1))h\(plot)\"/>\n"
      label(Self.left - 6, Int(level) + 4, Self.number(Double(index) * tick / 1e6, step: tick / 1e6), anchor: "end")
    }
    let second = Self.step(span / 8)
    for index in 0...Int(span / second) {
      let place = x(first + UInt64(Double(index) * second))
      let seconds = Self.number(Double(index) * second / 1e9, step: second / 1e9)
      body += "<path class=\"grid\" d=\"M\(place) \(top)v\(Self.height)\"/>\n"
      label(place, top + Self.height + 28, "\(seconds) s", anchor: "middle")
    }

    var columns: [Int: (low: Int64, high: Int64)] = [:]
    var marks: [String: Set<Int>] = [:]
    for passage in report.passages {
      let column = x(passage.sent)
      switch passage.fate {
      case .lost: marks["lost", default: []].insert(column)
      case .corrupted: marks["corrupt", default: []].insert(column)
      case .delivered, .late:
        let range = columns[column] ?? (passage.delay, passage.delay)
        columns[column] = (min(range.low, passage.delay), max(range.high, passage.delay))
        if passage.fate == .late { marks["late", default: []].insert(column) }
      }
    }
    let bars = columns.sorted { $0.key < $1.key }.map { column, range in
      "M\(column) \(Units.fixed(y(range.low) + 0.8, 1))V\(Units.fixed(y(range.high) - 0.8, 1))"
    }
    body += "<path class=\"delay\" d=\"\(bars.joined())\"/>\n"
    let late = (marks["late"] ?? []).sorted().map { "M\($0) \(top - 10)v8" }
    if !late.isEmpty { body += "<path class=\"late\" d=\"\(late.joined())\"/>\n" }
    let crosses = (marks["lost"] ?? []).sorted().map { "M\($0 - 3) \(top + Self.height + 4)l6 6m0 -6l-6 6" }
    if !crosses.isEmpty { body += "<path class=\"lost\" d=\"\(crosses.joined())\"/>\n" }
    let diamonds = (marks["corrupt"] ?? []).sorted().map { "M\($0) \(top + Self.height + 3)l4 4l-4 4l-4 -4z" }
    if !diamonds.isEmpty { body += "<path class=\"corrupt\" d=\"\(diamonds.joined())\"/>\n" }
  }

  private mutating func label(_ x: Int, _ y: Int, _ text: String, anchor: String, bold: Bool = false) {
    let safe = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    let weight = bold ? " font-weight=\"bold\"" : ""
    body += "<text class=\"text\" x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\"\(weight)>\(safe)</text>\n"
  }

  /// The step of 1, 2 or 5 times a power of ten that is not smaller.
  private static func step(_ least: Double) -> Double {
    var power = 1.0
    while power * 10 <= least { power *= 10 }
    return [1, 2, 5, 10].map { $0 * power }.first { $0 >= least } ?? power * 10
  }

  /// With the decimals that tell one step from the next.
  private static func number(_ value: Double, step: Double) -> String {
    var (decimals, rest) = (0, step)
    while decimals < 9, rest < 0.999 { (decimals, rest) = (decimals + 1, rest * 10) }
    return Units.fixed(value, decimals)
  }
}
