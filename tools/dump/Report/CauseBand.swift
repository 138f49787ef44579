import ShoalTerminal

/// What limited a flow, over time: a lane for each cause.
enum CauseBand {
  private static let lane = 30.0

  static func svg(_ causes: Attribution, times: ClosedRange<Double>, title: String) -> String {
    let sums = causes.sums
    let whole = max(causes.duration, 1e-9)
    let height = 72 + lane * Double(max(sums.count, 1))
    var drawing = SVGDrawing(times: times, values: 0...Double(max(sums.count, 1)), height: height)
    for (row, sum) in sums.enumerated() {
      let y = drawing.y(Double(sums.count - row))
      var bars = ""
      for span in causes.spans where span.cause == sum.cause {
        let start = max(drawing.x(Double(span.start) / 1e6), drawing.left)
        let end = min(drawing.x(Double(span.end) / 1e6), drawing.right)
        if end > start { bars += SVGDrawing.rectangle(start, y + 15, max(end - start, 0.5), lane - 17) }
      }
      drawing.fill(bars, .sent)
      let share = Units.percent(sum.seconds / whole, decimals: 0)
      drawing.text("\(sum.cause.label), \(share)", drawing.left + 4, y + 12)
    }
    return drawing.finished(title: title, legend: [(.sent, "limited by")], unit: { _ in "" })
  }
}
