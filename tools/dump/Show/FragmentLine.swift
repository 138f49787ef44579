import ShoalCapture
import ShoalTerminal

/// Describes a fragment of an IP packet, without decoding what it carries.
enum FragmentLine {
  /// Writes `IP fragment 1480+ of id 7 (UDP) len=1480`: where its bytes begin in the packet, and `+` if more follow.
  static func write(_ fragment: IPFragment, to out: inout TextBuffer) {
    out.append(fragment.source.host)
    out.append(" > ")
    out.append(fragment.destination.host)
    out.append(" IP fragment ")
    out.append(fragment.offset)
    if fragment.more { out.append("+") }
    out.append(" of id ")
    out.append(fragment.identification)
    out.append(fragment.protocolNumber == 17 ? " (UDP)" : " (IP protocol \(fragment.protocolNumber))")
    out.append(" len=")
    out.append(fragment.length)
  }

  /// The fragment as an object; `datagram` is what the reader gave for it.
  static func json(_ fragment: IPFragment, _ datagram: Datagram) -> JSON {
    let time = datagram.time.map { time in
      JSON.string("\(time / 1_000_000_000).\(digits(time % 1_000_000_000, 9))")
    }
    return [
      "n": .uint(datagram.number), "time": time ?? .null, "src": .string(fragment.source.host),
      "dst": .string(fragment.destination.host), "type": .null, "len": .int(fragment.length), "checksum": .null,
      "fields": [:], "marks": [],
      "fragment": [
        "id": .uint(UInt64(fragment.identification)), "offset": .int(fragment.offset), "more": .bool(fragment.more),
        "protocol": .uint(UInt64(fragment.protocolNumber)),
      ],
    ]
  }
}
