import ShoalTerminal
import ShoalWire

/// What expressions can name, in words.
enum FieldList {
  static let text = """
    Of each datagram (--filter):
    \(list(PacketField.allCases.map(\.rawValue)))

    Marks, each true or false:
    \(list(Mark.allCases.map(\.name)))

    Fields of the protocol, as Protocol.md names them:
    \(list(Schema.fieldNames))

    Of the whole capture (--assert), and the number of each mark, also as a percentage; of spurious, the repeats:
    \(list(Measure.names.filter { Mark(name: $0) == nil }))

    ==, !=, <, <=, >, >=, contains; &&, ||, ! and parentheses, or their words as in Wireshark; numbers as 1042 or 0x2a.
    What has a unit needs it (0 does not): times ns, us, ms, s, min, h; sizes B, kB, MB, KiB, MiB; rates kB/s, MB/s, Mbit;
    counts may be 10% too. seq, next, top and initial_seq are the numbers on the wire, which --absolute shows.
    """

  private static func list(_ names: [String]) -> String {
    var lines = [" "]
    for name in names {
      if lines[lines.count - 1].utf8.count + name.utf8.count > 78 { lines.append(" ") }
      lines[lines.count - 1] += " " + name
    }
    return lines.joined(separator: "\n")
  }
}
