extension Command {
  /// The manual page of this command and its subcommands, in troff.
  package var manPage: String {
    let root = withBuiltIns
    let title = [name.uppercased(), "1", Build.date, [name, version].compactMap(\.self).joined(separator: " ")]
    var lines = [
      ".TH " + (title + ["User Commands"]).map { "\"\(troff($0))\"" }.joined(separator: " "),
      ".SH NAME", "\(troff(name)) \\- \(troff(summary))",
      ".SH SYNOPSIS",
    ]
    lines += synopsis(root.usageLines(title: name))
    lines.append(".SH DESCRIPTION")
    lines += (manual.description.isEmpty ? [overview] : manual.description).flatMap { [".PP", troff($0)] }
    lines += details(of: root, section: ".SH")
    if !subcommands.isEmpty { lines.append(".SH SUBCOMMANDS") }
    for path in descendants(of: [root]) {
      guard let command = path.last else { continue }
      lines += [".SS \"\(troff(path.title))\"", troff(command.overview), ".PP"]
      lines += synopsis(command.usageLines(title: path.title))
      lines += details(of: command, section: ".PP\n.B") + examples(of: command, section: ".PP\n.B")
    }
    for topic in manual.sections { lines += details(of: topic, section: ".SH") }
    lines += examples(of: root, section: ".SH")
    if !manual.seeAlso.isEmpty {
      lines += [".SH \"SEE ALSO\"", manual.seeAlso.map(troff).joined(separator: ",\n")]
    }
    return lines.joined(separator: "\n")
  }

  /// The first sentence of the overview as `whatis` shows it.
  private var summary: String {
    let sentence = String(overview.prefix { $0 != "." })
    return sentence.prefix(1).lowercased() + sentence.dropFirst()
  }

  private func descendants(of path: [Command]) -> [[Command]] {
    (path.last?.subcommands ?? []).flatMap { child in [path + [child]] + descendants(of: path + [child]) }
  }

  private func synopsis(_ usage: [String]) -> [String] { [".nf"] + usage.map(troff) + [".fi"] }

  private func details(of command: Command, section: String) -> [String] {
    var lines: [String] = []
    if !command.arguments.isEmpty { lines.append("\(section) ARGUMENTS") }
    for argument in command.arguments { lines += entry(argument.placeholder, argument.help) }
    for group in command.mergedGroups where !group.options.isEmpty {
      lines.append("\(section) \"\(troff(group.title))\"")
      for option in group.options {
        // Some help texts already say that the option repeats.
        let isMarked = !option.repeats || option.help.contains("repeat")
        lines += entry(option.label, option.explanation + (isMarked ? "" : " Repeatable."))
      }
    }
    for topic in command.topics { lines += details(of: topic, section: section) }
    return lines
  }

  private func examples(of command: Command, section: String) -> [String] {
    command.examples.isEmpty
      ? [] : ["\(section) EXAMPLES", ".PP", ".nf"] + command.examples.map(troff) + [".fi"]
  }

  private func details(of topic: Topic, section: String) -> [String] {
    ["\(section) \"\(troff(topic.title))\""] + topic.entries.flatMap { entry($0.label, $0.text) }
  }

  private func entry(_ label: String, _ text: String) -> [String] { [".TP", ".B \"\(troff(label))\"", troff(text)] }
}

/// Text escaped for troff: hyphens can be copied, and no line is taken for a request.
private func troff(_ text: String) -> String {
  let escaped = text.unicodeScalars.map { scalar in
    switch scalar {
    case "\\": "\\e"
    case "-": "\\-"
    case "'": "\\(aq"
    case "\"": "\\(dq"
    case "`": "\\(ga"
    case "^": "\\(ha"
    case "~": "\\(ti"
    case _ where !scalar.isASCII: "\\[u\(hexadecimal(UInt64(scalar.value), digits: 4))]"
    default: String(scalar)
    }
  }
  return (text.hasPrefix(".") ? "\\&" : "") + escaped.joined()
}
