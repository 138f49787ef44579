import ShoalCapture
import ShoalTerminal

/// `shoal-dump FILE` or `-i INTERFACE`: prints a line for each datagram, or writes them to another capture.
struct DumpCommand: ~Copyable {
  private let console: Console
  private let options: DumpOptions
  private var analyzer = Analyzer()
  private var statistics = Statistics()
  private var line: TextLine
  private var out = TextBuffer()
  private var shown = 0
  /// Shoal datagrams, shown or not.
  private var seen = 0
  private var foreign: UInt64 = 0
  private var file: CaptureOutput?
  private var qlog = QlogLine()
  private var peers: PeerLogs?

  init(console: Console, options: DumpOptions) {
    self.console = console
    self.options = options
    line = TextLine(
      usesColor: console.standardOutput.usesColor, isAbsolute: options.isAbsolute, clock: Clock(style: options.time))
  }

  /// Runs it; returns whether all of it could be read and written, and the assertions hold. If not, the reason was
  /// printed.
  consuming func run(_ capture: consuming CaptureFile, output: Int32) -> Bool {
    var failure: InputFailure?
    do throws(InputFailure) {
      if !options.merged.isEmpty { peers = try PeerLogs(options.merged) }
      if options.isQlog {
        QlogLine.record(QlogLine.header(title: JSON.string(capture.name).description), to: &out)
      }
      if let path = options.output {
        let existing: OutputFile.Existing = options.replaces ? .replace : .refuse
        let inputs = [capture.identity].compactMap { $0 }
        file = try CaptureOutput(path, output: output, existing: existing, inputs: inputs)
      }
      if options.isLive { console.note("shoal-dump: capturing on \(capture.name); Ctrl-C stops") }
      do throws(InputFailure) {
        try show(&capture)
        if shown < options.count { try showEvents() }
      } catch { failure = error }
      flush(isEnd: true)
      if let peers { warn(of: peers) }
      try file?.finish()
      if let file { console.note("shoal-dump: \(Units.grouped(file.count)) datagrams written") }
      if let file, let path = options.output, options.isJSON {
        console.print(["event": "written", "path": .string(path), "datagrams": .uint(file.count)])
      }
      if options.isLive { tell(of: capture.reader) }
      if failure == nil, seen == 0, !options.isLive { console.warning("\(capture.name): \(noDatagram)") }
      if let limit = analyzer.limitReached { console.warning(limit) }
      for remark in capture.reader.remarks + analyzer.remarks { console.note("shoal-dump: \(remark)") }
      if let hidden = hidden(capture.reader) { console.note("shoal-dump: \(hidden)") }
    } catch { failure = error }
    if let failure { console.error(failure.reason, code: failure.code) }
    if let failure = console.outputFailure {
      console.error(failure, code: "output")
      return false
    }
    return options.filters.check(statistics, console) && failure == nil
  }

  private mutating func show(_ capture: inout CaptureFile) throws(InputFailure) {
    let countsAll = !options.filters.assertions.isEmpty
    capture.reader.givesFragments = options.showsAll
    // A datagram that passes several interfaces is written that many times; of lines, one is enough.
    capture.reader.givesCopies = options.showsAll || file != nil
    var datagram = Datagram()
    repeat {
      // In a live capture, each line must be shown before waiting for the next.
      flush()
      while try capture.next(&datagram) {
        line.clock.begin(datagram.time)
        if peers != nil, let time = datagram.time { try showEvents(upTo: time) }
        let isFragment = capture.reader.fragment != nil
        let isCopy = datagram.copyOf > 0
        let seen = isFragment || isCopy ? Observation() : analyzer.observe(&datagram)
        if datagram.isOurs { self.seen += 1 }
        guard datagram.isOurs || options.showsAll else {
          foreign += 1
          continue
        }
        guard options.filters.filter.passes(datagram, seen, line.clock, analyzer) else { continue }
        if countsAll, !isFragment, !isCopy { statistics.add(datagram, seen) }
        if !isCopy { shown += 1 }
        if file != nil {
          try file?.add(datagram, seen, capture.reader)
        } else if !options.isQuiet {
          if let fragment = capture.reader.fragment { write(fragment, datagram) } else { write(datagram, seen) }
        }
        if out.count > 1 << 16 { flush() }
        if shown == options.count { return }
      }
    } while try capture.fill()
  }

  /// Shows what the peers' qlogs say up to a time.
  private mutating func showEvents(upTo time: UInt64 = .max) throws(InputFailure) {
    while let event = try peers?.next(upTo: time) {
      let flow = analyzer.places.flow(of: event.connection).map { analyzer.flows[$0] }
      let reverse = flow?.reverse.map { analyzer.flows[$0] }
      let elapsed = line.clock.elapsed(event.time)
      guard !options.isQuiet, options.filters.filter.passes(event, elapsed: elapsed, flow, reverse) else { continue }
      if options.isQlog {
        QlogLine.record(event.record.description, to: &out)
        continue
      }
      if options.isJSON { out.append(EventLine.json(event).description) } else { line.write(event, flow, to: &out) }
      out.append("\n")
      if out.count > 1 << 16 { flush() }
    }
  }

  /// Says how many packets were captured, and how many were not.
  private func tell(of reader: borrowing DatagramReader) {
    // Asking resets the count.
    let dropped = reader.dropped
    let counts = "\(Units.grouped(reader.packets)) captured, \(Units.grouped(dropped)) dropped by the kernel"
    if dropped > 0 {
      console.warning("packets: \(counts), too many to show: write them with -w, or capture on one interface")
    } else {
      console.note("shoal-dump: packets: \(counts)")
    }
  }

  private func warn(of peers: PeerLogs) {
    for log in peers.damaged {
      console.warning("\(log.name): record \(log.broken ?? 0) is broken, perhaps others too")
    }
    if !peers.connections.contains(where: { analyzer.places.flow(of: $0) != nil }) {
      console.warning(strangeQlog)
    }
  }

  private mutating func write(_ datagram: Datagram, _ seen: Observation) {
    if options.isQlog { return qlog.write(datagram, seen, analyzer, peers: peers?.connections ?? [], to: &out) }
    if options.isJSON {
      JSONLine.write(datagram, seen, to: &out)
    } else {
      line.write(datagram, seen, to: &out)
      if options.isVerbose, datagram.isOurs {
        for text in FieldTable(datagram, seen).lines {
          out.append("\n")
          out.append(text)
        }
      }
      if options.showsBytes { ByteTable.write(datagram, to: &out) }
    }
    out.append("\n")
  }

  private mutating func write(_ fragment: IPFragment, _ datagram: Datagram) {
    guard !options.isQlog else { return }
    if options.isJSON {
      out.append(FragmentLine.json(fragment, datagram).description)
    } else {
      line.writeStart(datagram, to: &out)
      FragmentLine.write(fragment, to: &out)
      if options.showsBytes { ByteTable.write(datagram, to: &out) }
    }
    out.append("\n")
  }

  private mutating func flush(isEnd: Bool = false) {
    if !isEnd, options.isQlog, qlog.isWaiting(out.count) { return }
    if out.count > 0 { out.read { console.write($0) } }
    out.removeAll()
  }

  /// What was not shown, in words.
  private func hidden(_ reader: borrowing DatagramReader) -> String? {
    var parts: [String] = []
    func add(_ count: UInt64, _ noun: String, _ note: String) {
      parts.append("\(count) \(noun)\(count == 1 ? "" : "s") (\(note))")
    }
    if foreign > 0 { add(foreign, "other UDP datagram", "--all shows them") }
    if reader.fragments > 0, !reader.givesFragments {
      add(reader.fragments, "IP fragment", "not reassembled; --all lists them")
    }
    if let first = reader.firstOther { add(reader.others, "other packet", "first: \(first)") }
    return parts.isEmpty ? nil : "not shown: " + parts.joined(separator: ", ")
  }
}
