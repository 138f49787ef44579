/// A line for each thing that can be typed, with the condition under which it can.
func fishScript(_ contexts: [CompletionContext]) -> String {
  let program = contexts[0].path[0].name
  var lines = [
    "# Completion of \(program) for fish: save as ~/.config/fish/completions/\(program).fish",
    "complete -c \(program) -f",
  ]
  for context in contexts {
    // Shared options are offered once, where they are declared.
    for group in context.command.groups {
      let condition = fishCondition(context, below: group.shared)
      lines += group.options.map { "complete -c \(program)\(condition)\(fishOption($0))" }
    }
    let condition = fishCondition(context, below: false)
    lines += context.subcommands.map { subcommand in
      "complete -c \(program)\(condition) -a \(subcommand.name) -d \(fishQuoted(subcommand.overview))"
    }
    if context.path.count == 1, !context.subcommands.isEmpty {
      let names = context.command.subcommands.map(\.name).joined(separator: " ")
      lines.append("complete -c \(program) -n '__fish_seen_subcommand_from help' -a '\(names)'")
    }
    switch context.completesArguments {
    case .files: lines.append("complete -c \(program)\(condition) -F")
    case .directories: lines.append("complete -c \(program)\(condition) -a '(__fish_complete_directories)'")
    case .nothing: break
    }
  }
  return lines.joined(separator: "\n")
}

/// The condition for completing this command: its path has been typed, and none of its subcommands.
private func fishCondition(_ context: CompletionContext, below: Bool) -> String {
  var tests = context.path.dropFirst().map { "__fish_seen_subcommand_from \($0.name)" }
  let children = context.subcommands.map(\.name)
  if !below, !children.isEmpty { tests.append("not __fish_seen_subcommand_from \(children.joined(separator: " "))") }
  return tests.isEmpty ? "" : " -n '\(tests.joined(separator: "; and "))'"
}

private func fishOption(_ option: Option) -> String {
  let names = (option.short.map { " -s \($0)" } ?? "") + " -l \(option.name)"
  let value: String
  switch option.completes {
  case _ where option.value == nil: value = ""
  case .files: value = " -r -F"
  case .directories: value = " -x -a '(__fish_complete_directories)'"
  case .nothing where option.choices.isEmpty: value = " -x"
  case .nothing: value = " -x -a '\(option.choices.joined(separator: " "))'"
  }
  return "\(names)\(value) -d \(fishQuoted(option.help))"
}

private func fishQuoted(_ text: String) -> String {
  "'" + text.map { "'\\".contains($0) ? "\\\($0)" : String($0) }.joined() + "'"
}
