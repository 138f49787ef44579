import ShoalCapture
import ShoalTerminal
import ShoalWire

/// Turns datagrams, one after the other, into lines.
struct Dump: ~Copyable {
  private let options: DumpOptions
  private var line: TextLine
  var analyzer = Analyzer()
  private var foreign: UInt64 = 0

  init(options: DumpOptions, terminal: Terminal) {
    self.options = options
    line = TextLine(usesColor: terminal.usesColor, clock: Clock(style: options.time))
  }

  /// Writes the line of a datagram, or its lines; false if it is not shown.
  mutating func show(_ datagram: inout Datagram, to out: inout TextBuffer) -> Bool {
    line.clock.begin(datagram.time)
    let seen = analyzer.observe(&datagram)
    guard datagram.isOurs || options.showsAll else {
      foreign += 1
      return false
    }
    if options.isJSON {
      out.append(JSONLine.object(datagram).description)
    } else {
      line.write(datagram, seen, to: &out)
      if options.isVerbose, datagram.isOurs {
        for text in FieldTable(datagram, seen).lines {
          out.append("\n")
          out.append(text)
        }
      }
    }
    out.append("\n")
    return true
  }

  /// What was not shown, in words.
  func hidden(others: UInt64, first: NotUDP?) -> String? {
    var parts: [String] = []
    if foreign > 0 { parts.append("\(foreign) other UDP datagram\(foreign == 1 ? "" : "s") (--all shows them)") }
    if let first { parts.append("\(others) other packet\(others == 1 ? "" : "s") (first: \(first))") }
    return parts.isEmpty ? nil : "not shown: " + parts.joined(separator: ", ")
  }
}
