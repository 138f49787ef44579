import ShoalTerminal

/// A fault in an expression, and the column at which it lies.
struct ExpressionError: Error, Equatable {
  var reason: String
  /// Characters before it.
  var column: Int

  /// The error of an option, with the expression and a caret below the column.
  func usage(_ option: String, _ text: String) -> UsageError {
    let shown = text.unicodeScalars.map { $0.isASCII && $0.value >= 0x20 && $0.value != 0x7f ? Character($0) : "?" }
    let caret = String(repeating: " ", count: column) + "^"
    return UsageError("\(option): \(reason)\n  \(String(shown))\n  \(caret)")
  }
}

/// A word of an expression.
struct Token: Equatable {
  enum Kind: Equatable {
    /// A name, a number, an address: letters, digits and `._:-[]%*`.
    case word
    /// In double quotes, which are removed.
    case text
    /// An operator or a parenthesis.
    case sign
    case end
  }

  var kind: Kind
  var text: String
  var column: Int

  /// The words of an expression, with `end` as the last.
  static func split(_ text: String) throws(ExpressionError) -> [Token] {
    let characters = Array(text.unicodeScalars)
    var tokens: [Token] = []
    var place = 0
    while place < characters.count {
      let start = place
      let next = characters[place]
      if next.properties.isWhitespace {
        place += 1
      } else if isWord(next) {
        while place < characters.count, isWord(characters[place]) { place += 1 }
        tokens.append(Token(kind: .word, text: string(characters[start..<place]), column: start))
      } else if next == "\"" {
        tokens.append(Token(kind: .text, text: try quoted(characters, &place), column: start))
      } else {
        let two = string(characters[place..<min(place + 2, characters.count)])
        let sign = ["&&", "||", "==", "!=", "<=", ">="].contains(two) ? two : String(two.prefix(1))
        guard sign.count == 2 || "<>!()".contains(sign) else {
          let hint = "&|=".contains(sign) ? "; did you mean \(sign)\(sign)?" : ""
          throw ExpressionError(reason: "\(ShoalTerminal.quoted(sign)) is not an operator\(hint)", column: start)
        }
        tokens.append(Token(kind: .sign, text: sign, column: start))
        place += sign.count
      }
    }
    return tokens + [Token(kind: .end, text: "", column: characters.count)]
  }

  private static func quoted(
    _ characters: [Unicode.Scalar], _ place: inout Int
  ) throws(ExpressionError) -> String {
    let start = place
    place += 1
    while place < characters.count, characters[place] != "\"" { place += 1 }
    guard place < characters.count else { throw ExpressionError(reason: "the quote is not closed", column: start) }
    place += 1
    return string(characters[start + 1..<place - 1])
  }

  private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "._:-[]%/".unicodeScalars.contains(scalar)
  }
}
