/// Values, from a file, for options that the command line does not set: one line `option = value` each. Those for a
/// single command follow a line `[command]`. Lines that begin with `#` are comments.
package struct ConfigFile: Sendable {
  private struct Line {
    let section: String?
    let name: String
    let value: String
    let number: Int
  }

  private let path: String
  private var lines: [Line] = []
  private var sections: [(name: String, number: Int)] = []

  /// Parses the text of a file; its path is used in errors.
  package init(path: String, text: String) throws(UsageError) {
    self.path = path
    var section: String?
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let text = ConfigFile.trimmed(line)
      if text.isEmpty || text.hasPrefix("#") { continue }
      if text.hasPrefix("[") {
        guard text.hasSuffix("]") else { throw error(index + 1, "a section is written [command]") }
        let name = ConfigFile.trimmed(text.dropFirst().dropLast())
        section = name
        sections.append((name, index + 1))
        continue
      }
      guard let equals = text.firstIndex(of: "=") else {
        throw error(index + 1, "\(escaped(text)) is not of the form option = value")
      }
      var name = ConfigFile.trimmed(text[..<equals])
      if name.hasPrefix("--") { name.removeFirst(2) }
      let value = ConfigFile.trimmed(text[equals...].dropFirst())
      lines.append(Line(section: section, name: name, value: value, number: index + 1))
    }
  }

  /// The largest file that is read, in bytes.
  package static let longest = 65_536

  private static func trimmed(_ text: some StringProtocol) -> String {
    let isSpace = { (character: Character) in character.isWhitespace }
    var rest = Substring(text).drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return String(rest)
  }

  private func error(_ line: Int, _ reason: String) -> UsageError {
    UsageError("\(escaped(path)):\(line): \(reason)")
  }

  /// Options that make sense for a single run only, never as a default.
  private static let excluded: Set = ["help", "version", "man", "generate-completion-script", "no-config", "json"]

  /// The values for a command. A fault anywhere in the file is an error, whichever command runs.
  func values(for path: [Command]) throws(UsageError) -> [String: [GivenValue]] {
    guard let program = path.first else { return [:] }
    for section in sections where program.subcommand(section.name) == nil {
      let near = program.subcommand(meantBy: section.name).map { "; did you mean [\($0)]?" } ?? ""
      throw error(section.number, "\(escaped(section.name)) is no command\(near)")
    }
    var values: [String: [GivenValue]] = [:]
    for line in lines {
      let commands = line.section.map { [program.subcommand($0)].compactMap(\.self) } ?? program.subcommands
      let options = commands.flatMap { [program, $0].options }.filter { !ConfigFile.excluded.contains($0.name) }
      guard let option = options.first(where: { $0.name == line.name }) else {
        let near = nearMiss(line.name, among: options.map(\.name)).map { "; did you mean \($0)?" } ?? ""
        let owner = line.section.map { " of '\(program.name) \($0)'" } ?? ""
        throw error(line.number, "\(escaped(line.name)) is no option\(owner) that a file may give\(near)")
      }
      let value = GivenValue(label: "\(escaped(self.path)):\(line.number): \(line.name)", text: line.value)
      let isOn = try isOn(option, value)
      let isMeant = path.count > 1 && commands.contains { $0.name == path[1].name }
      guard isOn, isMeant, path.options.contains(where: { $0.name == option.name }) else { continue }
      values[option.name] = (option.repeats ? values[option.name] ?? [] : []) + [value]
    }
    return values
  }

  /// Whether the option takes effect: `no` switches a flag off.
  private func isOn(_ option: Option, _ value: GivenValue) throws(UsageError) -> Bool {
    guard option.value != nil else {
      switch value.text.lowercased() {
      case "yes", "true", "on", "": return true
      case "no", "false", "off": return false
      default: throw value.error("must be yes or no")
      }
    }
    if !option.choices.isEmpty, !option.choices.contains(value.text) {
      throw value.error("must be \(alternatives(option.choices))")
    }
    if value.text.isEmpty, !option.mayStandAlone { throw value.error("needs a value") }
    return true
  }
}
