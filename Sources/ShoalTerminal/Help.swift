extension Command {
  /// The help of this command, wrapped to `width` columns.
  package func help(width: Int = 80) -> String { [withBuiltIns].help(width: width) }

  /// The usage lines that the command declares, or those derived from the table.
  func usageLines(title: String) -> [String] {
    if !usage.isEmpty { return usage }
    let options = groups.allSatisfy(\.options.isEmpty) ? [] : ["[<options>]"]
    let own = ([title] + arguments.map(\.usage) + options).joined(separator: " ")
    if subcommands.isEmpty { return [own] }
    let other = ([title, "<subcommand>"] + (arguments.isEmpty ? options : [])).joined(separator: " ")
    return arguments.isEmpty ? [other] : [own, other]
  }

  /// The option groups, with those of the same title merged.
  var mergedGroups: [OptionGroup] {
    groups.reduce(into: []) { merged, group in
      if let index = merged.firstIndex(where: { $0.title == group.title }) {
        let options = merged[index].options + group.options
        merged[index] = OptionGroup(group.title, options)
      } else {
        merged.append(group)
      }
    }
  }
}

extension [Command] {
  /// The help of the last command of a path.
  func help(width: Int) -> String {
    guard let command = last else { return "" }
    var sections = [wrapped("OVERVIEW: \(command.overview)", to: width)]
    let usage = command.usageLines(title: title)
    let others = usage.dropFirst().flatMap { wrapped($0, to: width - 7, hanging: 2) }.map { "       \($0)" }
    sections.append(wrapped("USAGE: \(usage[0])", to: width, hanging: 9) + others)
    if !command.examples.isEmpty { sections.append(["EXAMPLES:"] + command.examples.map { "  \($0)" }) }
    let arguments = command.arguments.map { row($0.placeholder, $0.help, width: width) }
    if !arguments.isEmpty { sections.append(["ARGUMENTS:"] + arguments.flatMap(\.self)) }
    for group in command.mergedGroups where !group.options.isEmpty {
      sections.append(
        ["\(group.title):"] + group.options.filter(\.isListed).flatMap { row($0.label, $0.explanation, width: width) })
    }
    for topic in command.topics {
      sections.append(["\(topic.title):"] + topic.entries.flatMap { row($0.label, $0.text, width: width) })
    }
    let subcommands = command.subcommands.map { row($0.name, $0.overview, width: width) }
    if !subcommands.isEmpty { sections.append(["SUBCOMMANDS:"] + subcommands.flatMap(\.self)) }
    if let footer { sections.append(wrapped(footer, to: width - 2).map { "  \($0)" }) }
    return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }

  private var footer: String? {
    let rule = "If an option that is not repeatable is given twice, the last counts."
    if let last, !last.subcommands.isEmpty {
      return "See '\(first?.name ?? "") help <subcommand>' or --man. An option's last value counts."
    }
    guard count > 1, let first else { return rule }
    let shares = first.groups.contains { $0.shared && $0.options.contains { $0.name != "help" } }
    let more = shares ? " and the options they share" : ""
    return "See '\(first.name) help' for the other subcommands\(more)."
  }
}

/// Two columns; the right one starts at 26, or below the left one where that is too wide or the terminal too narrow.
private func row(_ label: String, _ text: String, width: Int) -> [String] {
  let column = width >= 50 ? 26 : 8
  let lines = wrapped(text, to: max(width - column, 12)).map { String(repeating: " ", count: column) + $0 }
  let left = "  \(label)"
  guard width >= 50, displayWidth(left) + 2 <= column, let first = lines.first else { return [left] + lines }
  return [padded(left, to: column) + first.dropFirst(column)] + lines.dropFirst()
}
