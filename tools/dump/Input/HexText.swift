/// Reads the bytes of a hex dump: bare digits, or what `xxd`, `hexdump -C`, `od -tx1`, `tcpdump -x`, `tshark -x` and
/// our own `-x` print.
enum HexText {
  /// The bytes; nil if a line has anything but hexadecimal digits, an offset, and the text beside them.
  ///
  /// Lines before the hex dump are skipped, since tcpdump prints one.
  static func bytes(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    for line in text.split(whereSeparator: \.isNewline) {
      let count = bytes.count
      if readRow(line, &bytes) { continue }
      guard read(line, &bytes) else {
        guard count == 0 else { return nil }
        bytes = []
        continue
      }
    }
    return bytes.isEmpty ? nil : bytes
  }

  private static func read(_ line: Substring, _ bytes: inout [UInt8]) -> Bool {
    // hexdump's text stands between bars.
    var rest = line.prefix { $0 != "|" }.drop(while: \.isWhitespace)
    var words = rest.split(whereSeparator: \.isWhitespace)
    if let colon = words.first?.firstIndex(of: ":") {
      guard isOffset(rest[..<colon]) else { return false }
      // Two spaces separate the digits from the text that xxd and tcpdump print beside them.
      rest = rest[rest.index(after: colon)...].drop(while: \.isWhitespace)
      words = rest.prefix(upTo: rest.firstRange(of: "  ")?.lowerBound ?? rest.endIndex)
        .split(whereSeparator: \.isWhitespace)
    } else if words.count > 1, words[0].count >= 4, words[0].count > words[1].count {
      // An offset without a colon is longer than the words after it; three spaces separate the text that tshark prints.
      guard isOffset(words[0]) else { return false }
      rest = rest[words[0].endIndex...].drop(while: \.isWhitespace)
      words = rest.prefix(upTo: rest.firstRange(of: "   ")?.lowerBound ?? rest.endIndex)
        .split(whereSeparator: \.isWhitespace)
    } else if words.count == 1, isEnd(words[0], bytes.count) {
      return true
    }
    for word in words {
      let digits = word.hasPrefix("0x") ? word.dropFirst(2) : word
      guard digits.count % 2 == 0, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return false }
      var place = digits.startIndex
      while place < digits.endIndex {
        let next = digits.index(place, offsetBy: 2)
        bytes.append(UInt8(digits[place..<next], radix: 16) ?? 0)
        place = next
      }
    }
    return true
  }

  /// Reads a row as `-x` prints it: an offset, and a bar or a space before each byte; false if the line is no such row.
  private static func readRow(_ line: Substring, _ bytes: inout [UInt8]) -> Bool {
    let characters = Array(line.utf8)
    guard characters.count >= 10, line.hasPrefix("  "), characters[6] == UInt8(ascii: " "),
      Int(line.dropFirst(2).prefix(4), radix: 16) == bytes.count & 0xffff
    else { return false }
    var row: [UInt8] = []
    for place in stride(from: 7, to: min(characters.count, 7 + 16 * 3) - 2, by: 3) {
      let digits = String(decoding: characters[place + 1...place + 2], as: UTF8.self)
      if digits == "  " { break }
      guard characters[place] == UInt8(ascii: "|") || characters[place] == UInt8(ascii: " "),
        digits.allSatisfy(\.isHexDigit), let byte = UInt8(digits, radix: 16)
      else { return false }
      row.append(byte)
    }
    bytes += row
    return !row.isEmpty
  }

  /// Whether a line has only the offset of the end, as hexdump and od print it, in whatever base.
  private static func isEnd(_ word: Substring, _ count: Int) -> Bool {
    guard count > 0, word.count >= 6 else { return false }
    return [16, 10, 8].contains { Int(word, radix: $0) == count }
  }

  private static func isOffset(_ text: Substring) -> Bool {
    let word = text.drop(while: \.isWhitespace)
    let digits = word.hasPrefix("0x") ? word.dropFirst(2) : word
    return !digits.isEmpty && digits.allSatisfy { $0.isASCII && $0.isHexDigit }
  }
}
