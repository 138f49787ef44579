import ShoalTerminal

/// A graph as SVG: axes, a title and a legend around the drawing, in light or dark colours as the reader's system has
/// it.
struct SVGDrawing {
  /// What a colour stands for, with its light and its dark value.
  enum Ink: String, CaseIterable {
    case sent, resent, ack, lost, corrupt, window, text, line

    var colours: (light: String, dark: String) {
      switch self {
      case .sent: ("#0858E1", "#4C9BE8")
      case .resent: ("#CC7614", "#E69A17")
      case .ack: ("#076232", "#19FFA3")
      case .lost: ("#87096A", "#E6006B")
      case .corrupt: ("#1C9DD1", "#5A50D2")
      case .window: ("#878C8F", "#7F8894")
      case .text: ("#1B1F24", "#E6E9ED")
      case .line: ("#E3E6EA", "#2B3036")
      }
    }
  }

  private static let width = 960.0
  let height: Double
  let left = 76.0
  let top = 46.0
  var right: Double { Self.width - 16 }
  var bottom: Double { height - 26 }
  /// The ranges that the axes cover.
  let times: ClosedRange<Double>
  let values: ClosedRange<Double>
  private var parts: [String] = []

  init(times: ClosedRange<Double>, values: ClosedRange<Double>, height: Double = 320) {
    self.height = height
    let span = max(times.upperBound - times.lowerBound, 1e-5)
    self.times = times.lowerBound...times.lowerBound + span
    let range = max(values.upperBound - values.lowerBound, 1e-9)
    self.values = values.lowerBound...values.lowerBound + range
  }

  func x(_ time: Double) -> Double {
    left + (time - times.lowerBound) / (times.upperBound - times.lowerBound) * (right - left)
  }
  func y(_ value: Double) -> Double {
    bottom - (value - values.lowerBound) / (values.upperBound - values.lowerBound) * (bottom - top)
  }

  /// A number with two decimals: finer than any screen.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let hundredths = (value * 100).rounded()
    let whole = Int(hundredths / 100)
    let rest = Int(hundredths.magnitude) % 100
    guard rest > 0 else { return "\(whole)" }
    let sign = value < 0 && whole == 0 ? "-" : ""
    return "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
  }

  static func escape(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\"": result += "&quot;"
      default: result.unicodeScalars.append(scalar.value < 32 || scalar.value == 127 ? "\u{FFFD}" : scalar)
      }
    }
  }

  mutating func path(_ commands: String, _ ink: Ink, width: Double = 1.5, isDashed: Bool = false) {
    guard !commands.isEmpty else { return }
    let dash = isDashed ? #" stroke-dasharray="5 4""# : ""
    parts.append(#"<path class="s \#(ink.rawValue)" stroke-width="\#(Self.number(width))"\#(dash) d="\#(commands)"/>"#)
  }

  /// Filled rectangles of one colour, as one path.
  mutating func fill(_ rectangles: String, _ ink: Ink, opacity: Double = 1) {
    guard !rectangles.isEmpty else { return }
    let faint = opacity < 1 ? #" opacity="\#(Self.number(opacity))""# : ""
    parts.append(#"<path class="f \#(ink.rawValue)"\#(faint) d="\#(rectangles)"/>"#)
  }

  static func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> String {
    "M\(number(x)) \(number(y))h\(number(width))v\(number(height))h\(number(-width))z"
  }

  mutating func text(
    _ text: String, _ x: Double, _ y: Double, anchor: String = "start", _ ink: Ink = .text, isBold: Bool = false
  ) {
    let weight = isBold ? #" font-weight="600""# : ""
    parts.append(
      #"<text class="f \#(ink.rawValue)" x="\#(Self.number(x))" y="\#(Self.number(y))" text-anchor="\#(anchor)"\#(weight)>"#
        + Self.escape(text) + "</text>")
  }

  /// The values at which an axis has its lines, 1, 2 or 5 times a power of ten apart: at most `most`, but at least
  /// three.
  static func ticks(_ range: ClosedRange<Double>, most: Int) -> [Double] {
    let span = range.upperBound - range.lowerBound
    guard span > 0, span.isFinite else { return [range.lowerBound] }
    var power = 1.0
    while power < span { power *= 10 }
    while power / 10 >= span { power /= 10 }
    var best: [Double] = []
    // The last of these steps gives at least ten lines in any range.
    for step in [0.5, 0.2, 0.1, 0.05, 0.02, 0.01].map({ $0 * power }) {
      let first = (range.lowerBound / step - 1e-9).rounded(.up)
      let last = (range.upperBound / step + 1e-9).rounded(.down)
      let count = last - first + 1
      if best.count >= 3, count > Double(most) { break }
      if count >= 1, count <= 100 { best = (0..<Int(count)).map { (first + Double($0)) * step } }
    }
    return best
  }

  /// A tick's number, with enough decimals to distinguish it from the next.
  static func label(_ tick: Double, among ticks: [Double]) -> String {
    guard ticks.count > 1 else { return number(tick) }
    var (decimals, step) = (0, ticks[1] - ticks[0])
    while decimals < 9, step < 0.999 { (decimals, step) = (decimals + 1, step * 10) }
    return Units.fixed(tick, decimals)
  }

  /// The whole file, with the axes behind the drawing.
  func finished(title: String, legend: [(Ink, String)], unit: (Double) -> String) -> String {
    Self.file([framed(title: title, legend: legend, unit: unit)])
  }

  /// The drawing with axes, title and legend, as part of a file.
  func framed(
    title: String, legend: [(Ink, String)], unit: (Double) -> String
  ) -> (height: Double, content: String) {
    var frame = SVGDrawing(times: times, values: values, height: height)
    var grid = ""
    for tick in Self.ticks(values, most: 6) {
      grid += "M\(Self.number(left)) \(Self.number(y(tick)))H\(Self.number(right))"
      frame.text(unit(tick), left - 6, y(tick) + 4, anchor: "end")
    }
    let seconds = Self.ticks(times, most: 9)
    for tick in seconds {
      grid += "M\(Self.number(x(tick))) \(Self.number(top))V\(Self.number(bottom))"
      if x(tick) < right - 4 {
        frame.text("\(Self.label(tick, among: seconds)) s", x(tick), bottom + 17, anchor: "middle")
      }
    }
    frame.parts.insert(#"<path class="s line" d="\#(grid)"/>"#, at: 0)
    frame.text(title, left, 17, isBold: true)
    var place = left
    for (ink, label) in legend {
      frame.fill(Self.rectangle(place, 28, 10, 10), ink)
      frame.text(label, place + 15, 37)
      place += 30 + 6.6 * Double(label.count)
    }
    return (height, (frame.parts + parts).joined(separator: "\n"))
  }

  /// A file of several drawings, one below another.
  static func file(_ drawings: [(height: Double, content: String)]) -> String {
    let style = Ink.allCases.map { ".s.\($0){stroke:\($0.colours.light)}.f.\($0){fill:\($0.colours.light)}" }.joined()
    let dark = Ink.allCases.map { ".s.\($0){stroke:\($0.colours.dark)}.f.\($0){fill:\($0.colours.dark)}" }.joined()
    var height = 0.0
    let bodies = drawings.map { drawing in
      defer { height += drawing.height }
      return height == 0 ? drawing.content : "<g transform=\"translate(0 \(Int(height)))\">\n\(drawing.content)\n</g>"
    }
    return """
      \(OutputFile.svgStart) xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(Int(height))" font-size="12" \
      font-family="system-ui, 'DejaVu Sans', sans-serif">
      <style>.s{fill:none}.ground{fill:#FFFFFF}\(style)
      @media (prefers-color-scheme:dark){.ground{fill:#14171A}\(dark)}</style>
      <rect class="ground" width="100%" height="100%"/>
      \(bodies.joined(separator: "\n"))
      </svg>

      """
  }
}
