/// Whether the elements in a text are well-formed: each one that is opened is closed, in order.
enum XMLCheck {
  struct Malformed: Error {}

  static func parse(_ text: String) throws -> Int {
    var open: [Substring] = []
    var count = 0
    var rest = text[...]
    while let start = rest.firstIndex(of: "<") {
      guard let end = rest[start...].firstIndex(of: ">") else { throw Malformed() }
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("/") {
        guard open.popLast() == tag.dropFirst() else { throw Malformed() }
      } else if !tag.hasSuffix("/") {
        open.append(tag.prefix { $0 != " " && $0 != "\n" })
      }
      count += 1
    }
    guard open.isEmpty, count > 0 else { throw Malformed() }
    return count
  }
}
