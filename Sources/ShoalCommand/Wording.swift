import ShoalTerminal

/// A line made harmless for a terminal, whatever names and reasons of others it quotes.
func harmless(_ line: String) -> String {
  line.unicodeScalars.map { scalar in
    let character = String(scalar)
    if scalar == " " || scalar == "\"" || scalar == "\\" { return character }
    let shown = escaped(character)
    return shown == character ? shown : String(shown.dropFirst().dropLast())
  }
  .joined()
}

/// A word for a shell, in single quotes where it needs them.
func shellWord(_ word: String) -> String {
  let isPlain = word.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-_./:=,@%+".utf8.contains(byte)
    }
  }
  return isPlain && !word.isEmpty ? word : "'" + harmless(word).replacing("'", with: "'\\''") + "'"
}

/// `1 chunk`, `700 chunks`.
func counted(_ number: some BinaryInteger, _ noun: String, _ plural: String? = nil) -> String {
  number == 1 ? "1 \(noun)" : "\(Units.grouped(number)) \(plural ?? "\(noun)s")"
}
