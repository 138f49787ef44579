import ShoalTerminal
import ShoalWire

/// A datagram on one line: number, time, flow, type, the fields that matter, length, marks.
struct TextLine {
  private let start: String
  private let type: String
  private var words: [String] = []
  private let length: String
  private let marks: [String]
  private let isCorrupt: Bool

  init(_ datagram: Datagram, marks: Marks, time: String) {
    start = "\(padded("\(datagram.number)", 4)) \(time) \(datagram.source) > \(datagram.destination)"
    length = "len=\(datagram.length)"
    isCorrupt = datagram.isCorrupt
    guard datagram.isOurs else {
      (type, self.marks) = ("UDP", marks.texts)
      return
    }
    let value = datagram.bytes.count > 3 ? datagram.bytes[3] : nil
    let name = value.flatMap(PacketType.init(rawValue:))?.name
    guard !datagram.isCorrupt else {
      (type, self.marks) = ((name ?? "") + "?", marks.texts)
      return
    }
    let summary = Summary(datagram)
    type = summary.type?.name ?? value.map { "0x" + hex(UInt64($0), 2) } ?? "?"
    words = summary.words
    // What the capture cut has its own mark, which says the same better.
    let error = summary.error.flatMap { datagram.isTruncated && $0.kind == .truncated ? nil : "\($0)" }
    self.marks = marks.texts + (error.map { [$0] } ?? [])
  }

  /// The line, in the colours that the terminal has.
  func text(_ terminal: Terminal) -> String {
    let marks = marks.isEmpty ? [] : [terminal.paint("[\(marks.joined(separator: "; "))]", isCorrupt ? .red : .yellow)]
    return ([start, terminal.paint(type, .bold)] + words + [length] + marks).joined(separator: " ")
  }
}
