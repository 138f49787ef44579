import ShoalTerminal

/// The graphs of one flow, each as a file: still pictures of what the page draws.
struct FlowGraphs {
  private let title: String
  private let window: Int64?
  private let chunks: ChunkMap.Graph?
  private let causes: Attribution?
  private let times: ClosedRange<Double>
  private let dataTimes: [Double]
  private let sequence: [Int64]
  private let attempt: [Int64]
  private let length: [Int64]
  private let content: [Int64]
  private let flight: [(time: Double, value: Double)]
  private let ackTimes: [Double]
  private let next: [Int64]
  private let acked: [Int64]
  private let roundTrips: [Int64]
  private let corruptTimes: [Double]
  /// How many corrupt datagrams each ACK newly reports.
  private let reported: [Int64]
  /// When losses were found: when the retransmissions left or, at the receiver's end, when a retransmission arrived of
  /// a packet that had never come.
  private let foundTimes: [Double]
  private let runsOfAck: [Int64]
  private let runStart: [Int64]
  private let runLength: [Int64]
  /// The lost transmissions, as rows: each is the one before its retransmission or, if that was not captured, the
  /// retransmission itself.
  private let lost: [Int]

  init(
    _ flow: ReportFlow, title: String, window: UInt32?, isReceivers: Bool, chunks: ChunkMap.Graph?,
    causes: Attribution? = nil
  ) {
    self.title = title
    self.window = window.map(Int64.init)
    self.chunks = chunks
    self.causes = causes
    let seconds = { (column: [Int64]) in column.map { Double($0) / 1e6 } }
    (dataTimes, ackTimes, corruptTimes) = (seconds(flow.data["t"]), seconds(flow.acks["t"]), seconds(flow.corrupt["t"]))
    (sequence, attempt, length) = (flow.data["seq"], flow.data["attempt"], flow.data["len"])
    content = flow.data["content"]
    (runsOfAck, runStart, runLength) = (flow.acks["runs"], flow.runs["start"], flow.runs["many"])
    (next, acked, roundTrips) = (flow.acks["next"], flow.acks["bytes"], flow.acks["rtt"])
    var highest: Int64 = 0
    reported = flow.acks["corrupt"].map { count in
      // An ACK that was overtaken reports less than was known already.
      defer { highest = max(highest, count) }
      return max(0, count - highest)
    }
    let samples = isReceivers ? [] : zip(dataTimes, flow.data["flight"]).map { ($0, Double($1)) }
    let acknowledged = isReceivers ? [] : zip(ackTimes, flow.acks["flight"]).map { ($0, Double($1)) }
    flight = (samples + acknowledged).sorted { $0.0 < $1.0 }.map { (time: $0.0, value: $0.1) }
    let ends = [dataTimes.first, ackTimes.first, dataTimes.last, ackTimes.last].compactMap { $0 }
    times = (ends.min() ?? 0)...(ends.max() ?? 1)
    let (numbers, marks) = (flow.data["n"], flow.data["marks"])
    let firsts = Dictionary(zip(flow.references["row"], flow.references["first"])) { first, _ in first }
    var (found, lost): ([Double], [Int]) = ([], [])
    var latest: [Int64: Int] = [:]
    for row in marks.indices where attempt[row] > 0 {
      let first = firsts[Int64(row)] ?? 0
      let mark = MarkSet(rawValue: UInt32(truncatingIfNeeded: marks[row]))
      if !mark.intersection(.losses).isEmpty || isReceivers && first == 0 && !mark.contains(.duplicate) {
        found.append(dataTimes[row])
        let place = Self.lowerBound(numbers, first)
        let known = first > 0 && place < numbers.count && numbers[place] == first ? place : row
        lost.append(latest[sequence[row]] ?? known)
      }
      latest[sequence[row]] = row
    }
    (foundTimes, self.lost) = (found, lost.sorted())
  }

  private static func lowerBound(_ values: [Int64], _ value: Int64) -> Int {
    var (low, high) = (0, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Every graph that has something to show.
  var all: [(name: String, svg: String)] {
    var graphs = [("sequence", sequenceGraph), ("rates", rateGraph), ("losses", lossGraph)]
    if let causes { graphs.append(("limits", CauseBand.svg(causes, times: times, title: title))) }
    if !flight.isEmpty { graphs.append(("flight", flightGraph)) }
    if roundTrips.contains(where: { $0 > 0 }) { graphs.append(("rtt", rttGraph)) }
    if let chunks { graphs.append(("chunks", chunkGraph(chunks))) }
    return graphs
  }

  private var sequenceGraph: String {
    let low = min(sequence.min() ?? 0, next.min() ?? .max)
    let high = max(sequence.max() ?? 0, next.max() ?? 0) + 1
    var drawing = SVGDrawing(times: times, values: Double(low)...Double(high), height: 420)
    let unit = drawing.y(0) - drawing.y(1)
    if let window {
      let edge = next.map { Double($0 + window) }
      // An edge that is never near the packets says nothing.
      if (edge.min() ?? .infinity) < Double(high) {
        drawing.path(steps(ackTimes, edge, drawing, clip: true), .window, isDashed: true)
      }
    }
    drawing.path(steps(ackTimes, next.map(Double.init), drawing), .ack)
    drawPackets(&drawing, unit)
    return drawing.finished(
      title: title,
      legend: [
        (.sent, "sent"), (.resent, "sent again, R for some"), (.ack, "acknowledged"),
        (.lost, "lost, \u{00D7} for some"), (.corrupt, "\u{25C7} corrupt"),
      ], unit: { plain($0) })
  }

  /// Where packets crowd, each class gets ink in proportion to its share.
  private func drawPackets(_ drawing: inout SVGDrawing, _ unit: Double) {
    var dots = InkDots(drawing)
    let sent = dataTimes.indices.filter { attempt[$0] == 0 }
    for row in sent {
      let high = drawing.y(Double(sequence[row] + 1))
      dots.take(.sent, at: drawing.x(dataTimes[row]), from: high, to: high + unit) { _ in true }
    }
    let filled = dots.count(.sent)
    let perDot = filled > 0 ? max(1, Double(sent.count) / Double(filled)) : 1
    markAcknowledged(&dots, drawing)
    let resent = dataTimes.indices.filter { attempt[$0] > 0 }
    func place(_ row: Int) -> (x: Double, y: Double) {
      (drawing.x(dataTimes[row]), drawing.y(Double(sequence[row] + 1)))
    }
    let again = dots.mark(.resent, resent.map(place), perDot: perDot)
    let gone = dots.mark(.lost, lost.map(place), perDot: perDot)
    for (kind, ink) in [
      (InkDots.Class.acknowledged, SVGDrawing.Ink.ack), (.sent, .sent), (.resent, .resent), (.lost, .lost),
    ] {
      drawing.fill(dots.path(kind), ink)
    }
    drawing.fill(dots.path(.both), .resent)
    drawing.fill(dots.path(.both, share: 0.5), .lost)
    var taken: [(x: Double, y: Double)] = []
    var crosses = ""
    for (x, y) in InkDots.signs(gone, packets: lost.count, perDot: perDot, avoiding: &taken) {
      crosses += "M\(SVGDrawing.number(x - 8)) \(SVGDrawing.number(y - 9))l6 6m0-6l-6 6"
    }
    drawing.path(crosses, .lost, width: 1.5)
    // Letters stand below the packet that they mark, and crosses above it, as one packet may have both.
    taken = []
    for (x, y) in InkDots.signs(again, packets: resent.count, perDot: perDot, avoiding: &taken) {
      drawing.text("R", x + 5, y + 12, anchor: "middle", .resent, isBold: true)
    }
    drawCorrupt(&drawing, at: drawing.bottom - 6, perDot: perDot)
  }

  /// Marks what each ACK was the first to report, above the staircase. Where these dots would cover sent packets, they
  /// take one in three.
  private func markAcknowledged(_ dots: inout InkDots, _ drawing: SVGDrawing) {
    var (run, shared) = (0, 0)
    for (row, count) in runsOfAck.enumerated() {
      for _ in 0..<count {
        let (start, many) = (runStart[run], runLength[run])
        run += 1
        let (high, low) = (drawing.y(Double(start + many)), drawing.y(Double(start)))
        dots.take(.acknowledged, at: drawing.x(ackTimes[row]), from: high, to: low) { kind in
          guard kind == .sent else { return kind == .none }
          shared += 1
          return shared % 3 == 0
        }
      }
    }
  }

  private func drawCorrupt(_ drawing: inout SVGDrawing, at y: Double, perDot: Double) {
    var (strokes, diamonds) = ("", "")
    var (held, last) = (1.0, -1.0)
    var places: [(x: Double, y: Double)] = []
    for time in corruptTimes where times.contains(time) {
      held += 1 / perDot
      let x = drawing.x(time).rounded()
      guard held >= 1, x > last else { continue }
      (held, last) = (held - 1, x)
      strokes += SVGDrawing.rectangle(x, y - 1, 2, 2)
      places.append((x, y))
    }
    var taken: [(x: Double, y: Double)] = []
    for (x, y) in InkDots.signs(places, packets: places.count, perDot: 1, avoiding: &taken) {
      diamonds += "M\(SVGDrawing.number(x)) \(SVGDrawing.number(y - 5))l4 5l-4 5l-4-5z"
    }
    drawing.fill(strokes, .corrupt)
    drawing.path(diamonds, .corrupt, width: 1.3)
  }

  private var flightGraph: String {
    let high = flight.map(\.value).max() ?? 1
    var drawing = SVGDrawing(times: times, values: 0...max(high * 1.05, 1), height: 220)
    drawing.path(steps(flight.map(\.time), flight.map(\.value), drawing), .sent, width: 1.3)
    return drawing.finished(
      title: title, legend: [(.sent, "bytes in flight")], unit: { Units.bytes(UInt64(max(0, $0))) })
  }

  private var rttGraph: String {
    let high = Double(roundTrips.max() ?? 1) / 1e3
    var drawing = SVGDrawing(times: times, values: 0...high * 1.08, height: 220)
    var dots = ""
    var pixels: Set<Pixel> = []
    for (time, sample) in zip(ackTimes, roundTrips) where sample > 0 {
      let (x, y) = (drawing.x(time), drawing.y(Double(sample) / 1e3))
      if pixels.insert(Pixel(x, y)).inserted { dots += SVGDrawing.rectangle(x - 1, y - 1, 2, 2) }
    }
    drawing.fill(dots, .ack)
    return drawing.finished(title: title, legend: [(.ack, "round trip, each sample")], unit: { "\(plain($0)) ms" })
  }

  private var rateGraph: String {
    // Each point averages over at least a round trip.
    let samples = roundTrips.filter { $0 > 0 }.sorted()
    let roundTrip = samples.isEmpty ? 0 : Double(samples[samples.count / 2]) / 1e6
    let span = max(times.upperBound - times.lowerBound, 1e-5)
    let count = max(1, min(150, roundTrip > 0 ? Int(min(span / roundTrip, 150)) : 150))
    let width = span / Double(count)
    var (sent, good) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    func bin(_ time: Double) -> Int { max(0, min(count - 1, Int((time - times.lowerBound) / width))) }
    var (fresh, bytes) = (0.0, 0.0)
    for row in dataTimes.indices {
      sent[bin(dataTimes[row])] += Double(length[row])
      guard attempt[row] == 0 else { continue }
      fresh += Double(content[row])
      bytes += Double(length[row])
    }
    // Headers are of no use to anybody, so they do not count as goodput.
    for (time, bytesAcked) in zip(ackTimes, acked) { good[bin(time)] += Double(bytesAcked) * fresh / max(bytes, 1) }
    let high = max(sent.max() ?? 1, good.max() ?? 1) / width / 1e6
    var drawing = SVGDrawing(times: times, values: 0...max(high * 1.08, 1e-3), height: 220)
    // The last value lasts to the end.
    let at = (0...count).map { times.lowerBound + Double($0) * width }
    for (bytes, ink) in [(sent, SVGDrawing.Ink.sent), (good, .ack)] {
      drawing.path(steps(at, (bytes + bytes.suffix(1)).map { $0 / width / 1e6 }, drawing), ink)
    }
    return drawing.finished(
      title: title, legend: [(.sent, "sent"), (.ack, "goodput")], unit: { "\(plain($0)) MB/s" })
  }

  private var lossGraph: String {
    let count = 140
    let width = max(times.upperBound - times.lowerBound, 1e-5) / Double(count)
    var (lost, corrupt) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    func bin(_ time: Double) -> Int { max(0, min(count - 1, Int((time - times.lowerBound) / width))) }
    for time in foundTimes { lost[bin(time)] += 1 }
    // The sender's capture has no packet that was damaged on the way: only the receiver's reports show those.
    if corruptTimes.isEmpty {
      for (time, many) in zip(ackTimes, reported) { corrupt[bin(time)] += Double(many) }
    } else {
      for time in corruptTimes where times.contains(time) { corrupt[bin(time)] += 1 }
    }
    let high = zip(lost, corrupt).map(max).max() ?? 1
    var drawing = SVGDrawing(times: times, values: 0...max(high * 1.2, 2.2), height: 200)
    let each = (drawing.right - drawing.left) / Double(count)
    for (place, counts, ink) in [(0.0, lost, SVGDrawing.Ink.lost), (0.5, corrupt, .corrupt)] {
      var bars = ""
      for index in 0..<count where counts[index] > 0 {
        let (x, y) = (drawing.left + (Double(index) + place) * each, drawing.y(counts[index]))
        bars += SVGDrawing.rectangle(x, y, each / 2 - 0.4, drawing.y(0) - y)
      }
      drawing.fill(bars, ink)
    }
    return drawing.finished(
      title: title,
      legend: [(.lost, "found lost"), (.corrupt, corruptTimes.isEmpty ? "reported corrupt" : "corrupt")],
      unit: { plain($0) })
  }

  private func chunkGraph(_ graph: ChunkMap.Graph) -> String {
    var drawing = SVGDrawing(times: times, values: 0...Double(max(graph.chunks, 1)), height: 320)
    let unit = drawing.y(0) - drawing.y(1)
    var (bars, ends) = ("", "")
    for (chunk, first, last) in graph.sent {
      let x = drawing.x(Double(first) / 1e6)
      let y = drawing.y(Double(chunk) + 1)
      bars += SVGDrawing.rectangle(x, y, max(drawing.x(Double(last) / 1e6) - x, 1), max(unit, 0.8))
    }
    for (chunk, time) in graph.whole where times.contains(Double(time) / 1e6) {
      ends += SVGDrawing.rectangle(drawing.x(Double(time) / 1e6) - 1, drawing.y(Double(chunk) + 1), 2, max(unit, 1.5))
    }
    drawing.fill(bars, .sent)
    drawing.fill(ends, .ack)
    return drawing.finished(
      title: graph.name.isEmpty ? title : "\(title), \(escaped(graph.name))",
      legend: [(.sent, "chunk in progress"), (.ack, "whole")], unit: { plain($0) })
  }

  /// A staircase through points, of which there may be more than pixels: it goes through the first, lowest, highest and
  /// last of each column.
  private func steps(_ times: [Double], _ values: [Double], _ drawing: SVGDrawing, clip: Bool = false) -> String {
    var commands = ""
    var row = 0
    while row < times.count {
      let x = drawing.x(times[row]).rounded()
      let first = row
      var (low, high) = (values[row], values[row])
      while row < times.count, drawing.x(times[row]).rounded() == x {
        low = min(low, values[row])
        high = max(high, values[row])
        row += 1
      }
      func y(_ value: Double) -> String {
        SVGDrawing.number(clip ? max(drawing.top, drawing.y(value)) : drawing.y(value))
      }
      commands += commands.isEmpty ? "M\(Int(x)) \(y(values[first]))" : "H\(Int(x))V\(y(values[first]))"
      if low != high { commands += "V\(y(low))V\(y(high))V\(y(values[row - 1]))" }
    }
    return commands
  }

  private func plain(_ value: Double) -> String { SVGDrawing.number(value) }
}

/// A place that has room for one mark.
private struct Pixel: Hashable {
  var x: Int32
  var y: Int32
  init(_ x: Double, _ y: Double) { (self.x, self.y) = (Int32(clamping: Int(x)), Int32(clamping: Int(y))) }
}
