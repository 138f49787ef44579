import ShoalWire

/// Writes the bytes of a datagram, sixteen to a line, with a bar before the first byte of each field and the names of
/// the fields beside them.
enum ByteTable {
  static func write(_ datagram: Datagram, to out: inout TextBuffer) {
    let bytes = datagram.bytes
    var starts: [Int: String] = [:]
    if datagram.isOurs, !datagram.isCorrupt {
      for row in DatagramLayout(bytes.span).rows {
        // An entry of a list begins at the same byte as its first field: the innermost is named.
        starts[row.range.offset] = row.name
      }
    }
    for line in stride(from: 0, to: bytes.count, by: 16) {
      out.append("\n  ")
      out.append(hex: UInt64(line), 4)
      out.append(" ")
      var names: [String] = []
      for offset in line..<line + 16 {
        guard offset < bytes.count else {
          out.append("   ")
          continue
        }
        let name = starts[offset]
        if let name { names.append(name) }
        out.append(byte: UInt8(ascii: name == nil ? " " : "|"))
        out.append(hex: UInt64(bytes[offset]), 2)
      }
      out.append("  ")
      for offset in line..<min(line + 16, bytes.count) {
        let byte = bytes[offset]
        out.append(byte: (0x20..<0x7f).contains(byte) ? byte : UInt8(ascii: "."))
      }
      guard !names.isEmpty else { continue }
      for _ in min(line + 16, bytes.count)..<line + 16 { out.append(" ") }
      out.append("  ")
      out.append(names.joined(separator: " "))
    }
  }
}
