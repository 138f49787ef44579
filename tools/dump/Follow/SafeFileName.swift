/// What a name from a stranger may become in a directory of ours.
enum SafeFileName {
  /// The last component of the name; nil where that is no name, hides the file, or holds control characters.
  static func make(_ name: String) -> String? {
    let last = name.split(separator: "/").last.map(String.init) ?? ""
    let isPlain = last.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
      default: true
      }
    }
    return last.isEmpty || last.hasPrefix(".") || !isPlain ? nil : last
  }
}
