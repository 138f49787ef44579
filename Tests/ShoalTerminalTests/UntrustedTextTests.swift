import Testing

@testable import ShoalTerminal

@Suite struct UntrustedTextTests {
  @Test func wordsThatAreNotUTF8AreNamed() {
    #expect(
      undecodable(Array("film".utf8) + [0xFF])?.message
        == "\"film\\xFF\" is not UTF-8; rename the file, or give it a second name with ln")
    #expect(undecodable(Array("é".utf8)) == nil)
  }

  @Test(arguments: [
    ("film.mkv", "\"film.mkv\""), ("", "\"\""), ("a b", "\"a b\""), ("Größe 中.mkv", "\"Größe 中.mkv\""),
    ("a\nb\r\tc", #""a\nb\r\tc""#), ("\u{1B}[2J", #""\x1B[2J""#), ("\0", #""\x00""#), ("\u{7F}", #""\x7F""#),
    ("\u{9B}1A", #""\u{9B}1A""#), ("x\u{202E}gpj", #""x\u{202E}gpj""#), ("\u{2066}\u{200B}", #""\u{2066}\u{200B}""#),
    ("\u{2028}\u{2029}\u{FEFF}", #""\u{2028}\u{2029}\u{FEFF}""#), ("\u{061C}\u{AD}", #""\u{61C}\u{AD}""#),
    ("\u{E0041}\u{3164}", #""\u{E0041}\u{3164}""#), ("\"\\", #""\"\\""#), ("\r\n", #""\r\n""#), ("❤️", "\"❤️\""),
  ])
  func quotedText(text: String, expected: String) { #expect(quoted(text) == expected) }

  @Test func everyControlIsEscaped() {
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let isControl = value < 0x20 || (0x7F...0x9F).contains(value)
      let isFormat = [0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2069, 0x2028...0x2029].contains {
        $0.contains(value)
      }
      if isControl || isFormat { #expect(!quoted(String(scalar)).unicodeScalars.contains(scalar)) }
      if value > 0x3000 { break }
    }
  }

  @Test func asciiOnly() {
    #expect(quoted("é中", asciiOnly: true) == #""\u{E9}\u{4E2D}""#)
    #expect(escaped("é", asciiOnly: true) == #""\u{E9}""#)
    #expect(escaped("é") == "é")
  }

  @Test(
    arguments: [
      ([0x61, 0xFF, 0x62], #""a\xFFb""#), ([0xC3, 0xA9], "\"é\""), ([0xE4, 0xB8], #""\xE4\xB8""#),
      ([0xC0, 0xAF], #""\xC0\xAF""#), ([0xED, 0xA0, 0x80], #""\xED\xA0\x80""#), ([0xC2, 0x9B], #""\u{9B}""#),
      ([0x9B], #""\x9B""#),
      ([0xF0, 0x9F, 0x41], #""\xF0\x9FA""#), ([0x0A], #""\n""#),
    ] as [([UInt8], String)])
  func quotedBytes(bytes: [UInt8], expected: String) { #expect(quoted(bytes: bytes) == expected) }

  @Test func escapedQuotesOnlyWhereNeeded() {
    #expect(escaped("film.mkv") == "film.mkv")
    #expect(escaped("film 100%") == "\"film 100%\"")
    #expect(escaped("film\u{A0}100%") == "\"film\u{A0}100%\"")
    #expect(escaped("") == "\"\"")
    #expect(escaped("a\"b") == #""a\"b""#)
  }
}
