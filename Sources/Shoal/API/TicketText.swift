extension Ticket {
  /// The tickets in a text as people pass them on: with quotes of any kind around one, `> ` before its lines, blanks
  /// and line breaks within it, the whole command line, or a colon written as `%3A`. They are returned unparsed, so
  /// that the caller can report what is wrong with one.
  public static func texts(in text: String) -> [String] { TicketText(text).tickets }
}

/// Finds tickets in a text by their prefix or by their 64 digits.
private struct TicketText {
  private let scalars: [Unicode.Scalar]

  init(_ text: String) {
    let plain = text.replacing("&amp;", with: "&").replacing("&#38;", with: "&")
    // Chat programs insert invisible characters where a long word may be broken.
    scalars = plain.unicodeScalars.filter { $0.properties.generalCategory != .format }
  }

  var tickets: [String] {
    let first = skip(from: 0)
    var found: [String] = []
    var index = 0
    while index < scalars.count {
      let isBegin = index == 0 || !isPart(scalars[index - 1])
      if isBegin, let (ticket, end) = word(at: index) {
        found.append(ticket)
        index = end
      } else if isBegin, let body = scheme(at: index),
        index == first && !isEnd(body) || digits(from: skip(from: body)).count >= 16
      {
        let (ticket, end) = read(from: body)
        found.append("shoal:" + ticket)
        index = end
      } else if isBegin, isBareID(at: index, isFirst: index == first) {
        let (ticket, end) = read(from: index)
        found.append(ticket)
        index = end
      } else {
        index += 1
      }
    }
    // The text that is printed when a file is shared contains its id as well.
    let named = found.filter { $0.lowercased().hasPrefix("shoal") }
    return named.isEmpty ? found : named
  }

  /// A ticket word, rejoined if it was broken; nil if none begins here.
  private func word(at index: Int) -> (ticket: String, end: Int)? {
    var end = letters(from: index)
    var ticket = String(String.UnicodeScalarView(scalars[index..<end]))
    // The shortest ticket has 64 letters and digits; a word of nearly that length is a ticket, even if some are
    // missing.
    guard TicketWord.isBegun(ticket[...]), ticket.count >= 48 || isBroken(at: end) else { return nil }
    let first = (ticket, end)
    while !TicketWord.isWhole(ticket) {
      let next = scalars[end...].firstIndex { !$0.properties.isWhitespace && $0 != ">" && $0 != "|" }
      guard let next, next > end, case let more = letters(from: next), more > next,
        ticket.utf8.count < TicketWord.longest
      else { return first.0.count >= 48 ? first : nil }
      ticket += String(String.UnicodeScalarView(scalars[next..<more]))
      end = more
    }
    return (ticket, end)
  }

  /// Whether a line ends here, and another follows.
  private func isBroken(at index: Int) -> Bool {
    scalars.indices.contains(index) && scalars[index].properties.isWhitespace && skip(from: index) < scalars.count
  }

  private func letters(from index: Int) -> Int {
    scalars[index...].firstIndex { !$0.isASCII || !$0.properties.isAlphabetic && $0.properties.numericType == nil }
      ?? scalars.count
  }

  /// Where the part after `shoal:` begins, skipping slashes that a program may have added; nil if there is no `shoal:`.
  private func scheme(at index: Int) -> Int? {
    guard let name = end(of: "shoal", at: index), let colon = end(of: ":", at: name) ?? end(of: "%3a", at: name) else {
      return nil
    }
    return end(of: "//", at: colon) ?? end(of: "%2f%2f", at: colon) ?? colon
  }

  private func end(of word: String, at index: Int) -> Int? {
    let found = String(String.UnicodeScalarView(scalars[index...].prefix(word.unicodeScalars.count)))
    return found.lowercased() == word ? index + word.unicodeScalars.count : nil
  }

  private func isBareID(at index: Int, isFirst: Bool) -> Bool {
    let digits = digits(from: index)
    let next = index + digits.count
    let isAlone =
      isEnd(next) || scalars[next] == "?" || ".,:;!".unicodeScalars.contains(scalars[next]) && isEnd(next + 1)
    if isAlone, digits.count == 64 { return true }
    // At the beginning, a word of nearly that many digits is an id, even if some are missing.
    guard isFirst, !digits.isEmpty else { return false }
    let id = read(from: index).ticket.prefix { $0 != "?" }
    return id.utf8.count > 48 && id.allSatisfy { $0.isASCII && $0.isHexDigit }
  }

  private func isEnd(_ index: Int) -> Bool { index == scalars.count || !isPart(scalars[index]) }

  private func digits(from index: Int) -> ArraySlice<Unicode.Scalar> {
    scalars[index...].prefix { $0.isASCII && $0.properties.isASCIIHexDigit }
  }

  /// The next position that is not a blank, a quotation mark or what a mail program puts before a quoted line.
  private func skip(from index: Int) -> Int {
    scalars[index...].firstIndex(where: isPart) ?? scalars.count
  }

  /// Reads on over blanks and line breaks for as long as the ticket is not complete.
  private func read(from start: Int) -> (ticket: String, end: Int) {
    var ticket = String.UnicodeScalarView()
    var index = scalars.indices.contains(start) && scalars[start].properties.isWhitespace ? skip(from: start) : start
    while index < scalars.count {
      if isPart(scalars[index]) {
        ticket.append(scalars[index])
        index += 1
        continue
      }
      guard scalars[index].properties.isWhitespace else { break }
      let next = scalars[index...].firstIndex { !$0.properties.isWhitespace && $0 != ">" && $0 != "|" }
      guard let next, isPart(scalars[next]), continues(String(ticket), at: next) else { break }
      index = next
    }
    return (tidy(String(ticket)), index)
  }

  /// Whether the word after a blank belongs to the ticket.
  private func continues(_ ticket: String, at index: Int) -> Bool {
    let word = scalars[index...].prefix(while: isPart)
    if word.starts(with: "--".unicodeScalars) { return false }
    if !ticket.contains("?") { return ticket.count < 64 || word.first == "?" }
    // As we write them, tickets end with their number of chunks.
    guard let last = ticket.split(separator: "&").last, last.lowercased().hasPrefix("chunks=") else { return true }
    // That number may be split as well, but then nothing follows it.
    let isRest = word.allSatisfy { "0"..."9" ~= $0 } && !scalars[word.endIndex...].contains(where: isPart)
    return last.utf8.count == 7 || isRest
  }

  /// The ticket without the full stop of a sentence that it ends, and percent-decoded if it was encoded as a whole.
  private func tidy(_ ticket: String) -> String {
    var ticket = ticket
    let last = ticket.split(separator: "&").last ?? ""
    if !ticket.contains("?") || last.lowercased().hasPrefix("chunks=") {
      while let end = ticket.last, ".,:;!?".contains(end) { ticket.removeLast() }
    }
    guard !ticket.contains("="), ticket.lowercased().contains("%3d") else { return ticket }
    return Ticket.decode(ticket[...]) ?? ticket
  }

  private func isPart(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9": true
    case "-", ".", "_", "~", ":", "?", "&", "=", "%", "[", "]", "/", "+", "@", "!", "$", "*", ",": true
    default: !scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
    }
  }
}
