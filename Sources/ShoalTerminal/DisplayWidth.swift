/// The columns that text takes up on a terminal; where terminals differ, the larger number.
func displayWidth(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + displayWidth($1) } }

private func displayWidth(_ scalar: Unicode.Scalar) -> Int {
  if scalar.isASCII || scalar == "…" || scalar == "█" { return 1 }
  let properties = scalar.properties
  // An emoji presentation selector widens the character before it.
  if scalar.value == 0xFE0F { return 1 }
  switch properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format: return 0
  default: return properties.isEmojiPresentation || wide.contains { $0.contains(scalar.value) } ? 2 : 1
  }
}

/// The East Asian wide and fullwidth blocks (Unicode Standard Annex 11).
private let wide: [ClosedRange<UInt32>] = [
  0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
  0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
  0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F300...0x1FAFF, 0x20000...0x3FFFD,
]

/// Text padded with spaces: on the left if it is right-aligned.
func padded(_ text: String, to columns: Int, right: Bool = false) -> String {
  let fill = String(repeating: " ", count: max(0, columns - displayWidth(text)))
  return right ? fill + text : text + fill
}

/// Text with its middle elided so that it fits into `columns`: the beginning and the extension of a name say the most.
func elided(_ text: String, to columns: Int, unicode: Bool) -> String {
  if displayWidth(text) <= columns { return text }
  let ellipsis = unicode ? "…" : "..."
  let room = columns - displayWidth(ellipsis)
  if room < 2 { return clipped(text, to: columns) }
  let head = clipped(text, to: (room + 1) / 2)
  let tail = String(clipped(String(text.reversed()), to: room / 2).reversed())
  return head + ellipsis + tail
}

/// The first `columns` of a text, in whole characters.
package func clipped(_ text: String, to columns: Int) -> String {
  var result = ""
  var used = 0
  for character in text {
    used += displayWidth(String(character))
    if used > columns { break }
    result.append(character)
  }
  return result
}

/// Text broken at spaces into lines of at most `columns`, all but the first indented; a longer word stays whole, so
/// that it can be copied.
package func wrapped(_ text: String, to columns: Int, hanging: Int = 0) -> [String] {
  var lines: [String] = []
  for word in text.split(separator: " ") {
    if let last = lines.last, displayWidth(last) + 1 + displayWidth(String(word)) <= columns {
      lines[lines.count - 1] = "\(last) \(word)"
    } else {
      lines.append(String(repeating: " ", count: lines.isEmpty ? 0 : hanging) + word)
    }
  }
  return lines
}
