import ShoalContent
import ShoalTerminal
import ShoalWire

/// The fields of a datagram, each on a line of its own: name, place, value, and a note.
struct FieldTable {
  private(set) var lines: [String] = []

  init(_ datagram: Datagram, _ seen: Observation) {
    let bytes = datagram.bytes.span
    let layout = DatagramLayout(bytes)
    for row in layout.rows {
      if row.range.offset == 0 { add("header", ByteRange(offset: 0, count: min(bytes.count, Limits.headerLength))) }
      let depth = row.depth + (row.range.offset < Limits.headerLength ? 1 : 0)
      add(row.name, row.range, depth, Self.text(row), note(row, layout.type, datagram, seen))
    }
    let end = layout.rows.last?.range.end ?? 0
    if let error = layout.error {
      lines.append("  \(error)")
    } else if end < bytes.count {
      add("ignored", ByteRange(offset: end, count: bytes.count - end))
    }
  }

  private mutating func add(
    _ name: String, _ range: ByteRange, _ depth: Int = 0, _ value: String = "", _ note: String = ""
  ) {
    let place = range.count > 1 ? "\(range.offset)-\(range.end - 1)" : range.count == 1 ? "\(range.offset)" : "-"
    let left = column(String(repeating: "  ", count: depth + 1) + name, 20)
    let right = value.isEmpty ? place : column(place, 9) + (note.isEmpty ? value : column(value, 9) + " " + note)
    lines.append(left + right)
  }

  private static func text(_ row: LayoutRow) -> String {
    switch row.value {
    case .number(let value, .hex): hex(value, row.range.count * 2)
    case .number(let value, .microseconds): "\(value) us"
    case .number(let value, .code(let names)): names.name(of: value).map { "\(value) \($0)" } ?? "\(value)"
    case .number(let value, _): "\(value)"
    case .digest(let digest): digest.hex
    case .address(let address): "\(address)"
    case .text(let text): quoted(text, asciiOnly: true)
    case .runs(let runs): runs.isEmpty ? "none" : RunText(runs).whole
    case .bytes: "\(row.range.count) bytes"
    case .group: ""
    }
  }

  private func note(_ row: LayoutRow, _ type: PacketType?, _ datagram: Datagram, _ seen: Observation) -> String {
    switch (row.name, type) {
    case ("checksum", _) where row.range.offset == Checksum.field.lowerBound:
      switch datagram.verdict {
      case .ok: return "correct"
      case .corrupt: return "wrong: \(hex(UInt64(Checksum.compute(datagram.bytes.span)), 8)) computed"
      case .unknown: return "not verified"
      }
    case ("seq", .data?): return seen.first.number > 0 ? "first sent in \(seen.first.number)" : ""
    case ("slice", .ack?):
      guard case .ack(let ack) = datagram.content, let missing = RunText(missingIn: ack, datagram.bytes) else {
        return ""
      }
      return missing.total == 0 ? "none missing" : "missing \(missing.whole) (\(missing.total))"
    default: return ""
    }
  }
}
