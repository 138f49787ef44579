/// Untrusted text made harmless for a terminal: in double quotes, with every character escaped that could move the
/// cursor, reorder text or be invisible.
package func quoted(_ text: String, asciiOnly: Bool = false) -> String {
  "\"" + text.unicodeScalars.map { escape($0, asciiOnly: asciiOnly) }.joined() + "\""
}

/// The same for bytes that should be UTF-8; those that are not show as `\xFF`.
package func quoted(bytes: some Sequence<UInt8>, asciiOnly: Bool = false) -> String {
  "\"" + escapeUTF8(Array(bytes), asciiOnly: asciiOnly) + "\""
}

/// Untrusted text unchanged if it is harmless and a single word, otherwise `quoted`.
package func escaped(_ text: String, asciiOnly: Bool = false) -> String {
  let harmless = text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && isHarmless($0, asciiOnly) }
  return harmless && !text.isEmpty ? text : quoted(text, asciiOnly: asciiOnly)
}

/// Whether a character is invisible, or can change how others are displayed.
func isHostile(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
  // Invisible fillers; variation selectors are excepted, as they only choose between two looks of an emoji.
  default: scalar.properties.isDefaultIgnorableCodePoint && !scalar.properties.isVariationSelector
  }
}

private func isHarmless(_ scalar: Unicode.Scalar, _ asciiOnly: Bool) -> Bool {
  if scalar == "\"" || scalar == "\\" { return false }
  if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
  return !asciiOnly && !isHostile(scalar)
}

private func escape(_ scalar: Unicode.Scalar, asciiOnly: Bool) -> String {
  if isHarmless(scalar, asciiOnly) { return String(scalar) }
  switch scalar {
  case "\n": return "\\n"
  case "\r": return "\\r"
  case "\t": return "\\t"
  case "\"", "\\": return "\\\(scalar)"
  default: return scalar.isASCII ? escape(byte: UInt8(scalar.value)) : "\\u{\(hexadecimal(UInt64(scalar.value)))}"
  }
}

private func escape(byte: UInt8) -> String { "\\x" + hexadecimal(UInt64(byte), digits: 2) }

private func escapeUTF8(_ bytes: [UInt8], asciiOnly: Bool) -> String {
  var result = ""
  var parser = Unicode.UTF8.ForwardParser()
  var source = bytes.makeIterator()
  var offset = 0
  while true {
    switch parser.parseScalar(from: &source) {
    case .valid(let encoded):
      offset += encoded.count
      result += escape(Unicode.UTF8.decode(encoded), asciiOnly: asciiOnly)
    case .error(let length):
      result += bytes[offset..<(offset + length)].map(escape(byte:)).joined()
      offset += length
    case .emptyInput:
      return result
    }
  }
}

func hexadecimal(_ number: UInt64, digits: Int = 1) -> String {
  let text = String(number, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
