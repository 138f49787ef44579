import ShoalCapture
import ShoalTerminal
import ShoalWire

/// Turns captured packets, one after the other, into lines.
struct Dump {
  private let options: DumpOptions
  private let terminal: Terminal
  private var clock: Clock
  private var conversations = Conversations()
  /// The flows on which intact datagrams of ours were seen, in either direction.
  private var flows = Recent<Flow, Bool>(capacity: 1 << 12)
  private var foreign: UInt64 = 0
  private var other: UInt64 = 0
  private var firstOther: NotUDP?

  init(options: DumpOptions, terminal: Terminal) {
    self.options = options
    self.terminal = terminal
    clock = Clock(style: options.time)
  }

  /// The line of a packet, or its lines; nil if it is not shown.
  mutating func show(_ record: CaptureRecord) -> String? {
    clock.begin(record.time)
    var datagram: Datagram
    do throws(NotUDP) {
      datagram = try Datagram(record)
    } catch {
      other += 1
      firstOther = firstOther ?? error
      return nil
    }
    let flow = Flow(from: datagram.source, to: datagram.destination)
    if datagram.isOurs, datagram.verdict == .ok {
      flows.insert(true, for: flow)
    } else if datagram.isCorrupt, flows[flow] ?? flows[flow.reversed] != nil {
      // Damage to the first two bytes does not make it a stranger's.
      datagram.isOurs = true
    }
    guard datagram.isOurs || options.showsAll else {
      foreign += 1
      return nil
    }
    if options.isJSON { return JSONLine.object(datagram).description }
    let marks = conversations.observe(datagram)
    let line = TextLine(datagram, marks: marks, time: clock.text(of: record.time)).text(terminal)
    guard options.isVerbose, datagram.isOurs else { return line }
    return ([line] + FieldTable(datagram, marks: marks).lines).joined(separator: "\n")
  }

  /// What was not shown, in words.
  var hidden: String? {
    var parts: [String] = []
    if foreign > 0 { parts.append("\(foreign) other UDP datagram\(foreign == 1 ? "" : "s") (--all shows them)") }
    if let firstOther { parts.append("\(other) other packet\(other == 1 ? "" : "s") (first: \(firstOther))") }
    return parts.isEmpty ? nil : "not shown: " + parts.joined(separator: ", ")
  }
}

/// From whom to whom.
private struct Flow: Hashable {
  var from: Address
  var to: Address
  var reversed: Flow { Flow(from: to, to: from) }
}
