/// A pattern for paths in a folder: `*` and `?` match characters within a name, `**` any number of names, `[a-z]` one
/// of several characters. A pattern without a slash matches names at any depth. The contents of a matching folder match
/// as well.
public struct Glob: Sendable, Hashable {
  private let names: [[Character]]
  private let isAnywhere: Bool

  /// The pattern of a text.
  public init(_ text: String) {
    let names = text.split(separator: "/").map(Array.init)
    // A leading slash anchors the pattern at the top.
    isAnywhere = names.count == 1 && !text.hasPrefix("/")
    self.names = names
  }

  /// Whether it matches this path, or a folder that the path is in.
  public func matches(_ path: String) -> Bool {
    let path = path.split(separator: "/").map(Array.init)
    if isAnywhere { return path.contains { Glob.matches($0[...], names[0][...]) } }
    return (1...max(path.count, 1)).contains { Glob.matches(Array(path.prefix($0))[...], names[...]) }
  }

  private static func matches(_ path: ArraySlice<[Character]>, _ names: ArraySlice<[Character]>) -> Bool {
    guard let name = names.first else { return path.isEmpty }
    if name == ["*", "*"] {
      return (0...path.count).contains { matches(path.dropFirst($0), names.dropFirst()) }
    }
    guard let first = path.first, matches(first[...], name[...]) else { return false }
    return matches(path.dropFirst(), names.dropFirst())
  }

  /// Whether a name matches a pattern. If there are several stars, backtracking to the last is enough.
  private static func matches(_ name: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
    var (name, pattern) = (name, pattern)
    var star: (name: ArraySlice<Character>, pattern: ArraySlice<Character>)?
    while !name.isEmpty || !pattern.isEmpty {
      if pattern.first == "*" {
        pattern = pattern.dropFirst()
        star = (name, pattern)
      } else if let letter = name.first, let rest = rest(of: pattern, after: letter) {
        (name, pattern) = (name.dropFirst(), rest)
      } else if let last = star, !last.name.isEmpty {
        (name, pattern) = (last.name.dropFirst(), last.pattern)
        star = (name, pattern)
      } else {
        return false
      }
    }
    return true
  }

  /// The rest of a pattern whose first part matches a character; nil if it does not.
  private static func rest(of pattern: ArraySlice<Character>, after letter: Character) -> ArraySlice<Character>? {
    guard let first = pattern.first else { return nil }
    if first == "[", let end = pattern.dropFirst(2).firstIndex(of: "]") {
      var set = pattern[pattern.index(after: pattern.startIndex)..<end]
      let isInverted = set.first == "!" || set.first == "^"
      if isInverted { set = set.dropFirst() }
      return isOne(of: set, letter) != isInverted ? pattern[(end + 1)...] : nil
    }
    if first == "\\", let second = pattern.dropFirst().first { return second == letter ? pattern.dropFirst(2) : nil }
    return first == "?" || first == letter ? pattern.dropFirst() : nil
  }

  private static func isOne(of set: ArraySlice<Character>, _ letter: Character) -> Bool {
    var set = set
    while let first = set.popFirst() {
      if set.count >= 2, set.first == "-", let last = set.dropFirst().first {
        if first <= last, (first...last).contains(letter) { return true }
        set = set.dropFirst(2)
      } else if first == letter {
        return true
      }
    }
    return false
  }
}
