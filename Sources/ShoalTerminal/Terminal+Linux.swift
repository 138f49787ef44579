import Glibc

// Safety: texts of the environment are copied at once, and nothing here changes it; the kernel fills a local structure.

/// The environment variables that decide how a program prints.
package struct Environment: Sendable {
  private let values: [String: String]

  /// An environment with these variables; an empty one counts as not set.
  package init(_ values: [String: String]) { self.values = values.filter { !$0.value.isEmpty } }

  /// The environment of this process.
  package static var process: Environment {
    let names = [
      "LC_ALL", "LC_CTYPE", "LANG", "NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "TERM", "CI", "COLUMNS",
    ]
    let values = names.map { name in unsafe (name, getenv(name).map { unsafe String(cString: $0) } ?? "") }
    return Environment(Dictionary(uniqueKeysWithValues: values))
  }

  subscript(_ name: String) -> String? { values[name] }

  /// Whether the locale's characters are UTF-8.
  var isUTF8: Bool {
    let locale = self["LC_ALL"] ?? self["LC_CTYPE"] ?? self["LANG"] ?? ""
    let charset = locale.lowercased().filter { $0 != "-" }
    return charset.contains("utf8")
  }

  /// Whether to use colour where `--color` leaves it open.
  func allowsColor(isTTY: Bool) -> Bool {
    if self["NO_COLOR"] != nil { return false }
    if let force = self["CLICOLOR_FORCE"], force != "0" { return true }
    if self["CLICOLOR"] == "0" || self["TERM"] == "dumb" { return false }
    return isTTY
  }
}

/// A choice that the user may leave to the program.
package enum Policy: String, CaseIterable, Sendable {
  /// As the stream and the environment suggest.
  case auto
  /// Yes.
  case always
  /// No.
  case never
}

/// The meaning of a colour; it never says anything that the text does not.
package enum Hue: Int, Sendable {
  /// A heading.
  case bold = 1
  /// A failure.
  case red = 31
  /// A warning.
  case yellow = 33
}

/// What is known of a stream: whether it is a terminal, and what the terminal can show.
package struct Terminal: Sendable {
  let descriptor: Int32
  private let environment: Environment
  /// Whether the stream is a terminal.
  package let isTTY: Bool
  /// Whether it shows characters beyond ASCII.
  package let isUTF8: Bool
  /// Whether it shows colours.
  package let usesColor: Bool

  /// The stream of a file descriptor: 1 is standard output, 2 standard error.
  package init(_ descriptor: Int32, color: Policy = .auto, environment: Environment = .process) {
    self.descriptor = descriptor
    self.environment = environment
    isTTY = isatty(descriptor) == 1
    isUTF8 = environment.isUTF8
    usesColor = color == .auto ? environment.allowsColor(isTTY: isTTY) : color == .always
  }

  /// The current width of the screen in columns, which changes when its window is resized.
  package var columns: Int {
    var size = winsize()
    if unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    guard let columns = environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 else { return 80 }
    return columns
  }

  /// The current height of the screen in rows.
  package var rows: Int {
    var size = winsize()
    if unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 { return Int(size.ws_row) }
    return 24
  }

  /// The width that a table may have; nil where it is not for a screen.
  package var tableWidth: Int? { isTTY ? columns : nil }

  /// The width to wrap help to.
  package var helpWidth: Int { isTTY ? min(columns, 100) : 80 }

  /// Text in a colour, where there are colours.
  package func paint(_ text: String, _ hue: Hue) -> String {
    usesColor ? "\u{1B}[\(hue.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Whether it understands escape sequences that move the cursor.
  package var canMove: Bool { isTTY && environment["TERM"] != "dumb" }

  /// Whether a line can be redrawn in place.
  func isAnimated(_ policy: Policy) -> Bool {
    switch policy {
    case .always: true
    case .never: false
    case .auto: isTTY && environment["TERM"] != "dumb" && environment["CI"] == nil
    }
  }
}
