/// A function for each command, in the terms of `_arguments`.
func zshScript(_ contexts: [CompletionContext]) -> String {
  let program = contexts[0].path[0].name
  let functions = contexts.map { context in
    var specs = context.options.map(zshOption)
    if context.subcommands.isEmpty {
      specs += context.command.arguments.map(zshArgument)
    } else {
      specs += ["'1: :->first'", "'*:: :->rest'"]
    }
    let arguments = "  _arguments -s -C \\\n    " + specs.joined(separator: " \\\n    ")
    return ["_\(context.identifier)() {", "  local context state line", "  typeset -A opt_args", arguments]
      .joined(separator: "\n") + "\n" + zshStates(context) + "}"
  }
  return """
    #compdef \(program)
    # Completion of \(program) for zsh: save as _\(program) in a directory of $fpath.
    \(functions.joined(separator: "\n\n"))

    if [[ $funcstack[1] == _\(contexts[0].identifier) ]]; then _\(contexts[0].identifier) "$@"
    else compdef _\(contexts[0].identifier) \(program); fi
    """
}

private func zshStates(_ context: CompletionContext) -> String {
  if context.subcommands.isEmpty { return "" }
  let descriptions = context.subcommands.map { shellQuoted("\($0.name):\($0.overview)") }
  let branches = context.command.subcommands.map { child in
    "        \(child.name)) _\(CompletionContext(path: context.path + [child]).identifier) ;;"
  }
  let help =
    context.path.count > 1
    ? "" : "        help) _values subcommand \(context.command.subcommands.map(\.name).joined(separator: " ")) ;;\n"
  let paths = zshAction(context.completesArguments)
  return """
      case $state in
        first)
          local -a subcommands=(\(descriptions.joined(separator: " ")))
          _describe subcommand subcommands\(paths.isEmpty ? "" : "\n      \(paths)") ;;
        rest)
          case $line[1] in
    \(help)\(branches.joined(separator: "\n"))\(paths.isEmpty ? "" : "\n        *) \(paths) ;;")
          esac ;;
      esac

    """
}

private func zshOption(_ option: Option) -> String {
  let action = option.choices.isEmpty ? zshAction(option.completes) : "(\(option.choices.joined(separator: " ")))"
  let value = option.value.map { ":\(zshEscaped($0)):\(action)" } ?? ""
  let sign = option.value == nil ? "" : "="
  let once = option.repeats ? "*" : option.short == nil ? "" : "(\(option.spellings.joined(separator: " ")))"
  return option.spellings
    .map { spelling in
      let attached = spelling.hasPrefix("--") ? sign : sign.isEmpty ? "" : "+"
      return shellQuoted("\(once)\(spelling)\(attached)[\(zshEscaped(option.help))]\(value)")
    }
    .joined(separator: " ")
}

private func zshArgument(_ argument: Argument) -> String {
  let place = argument.takesSeveral ? "*" : ""
  let separator = argument.count == .optional ? "::" : ":"
  return shellQuoted("\(place)\(separator)\(zshEscaped(argument.name)):\(zshAction(argument.completes))")
}

private func zshAction(_ completion: Completion) -> String {
  switch completion {
  case .files: "_files"
  case .directories: "_files -/"
  case .nothing: ""
  }
}

/// Brackets, colons and backslashes are special to `_arguments`.
private func zshEscaped(_ text: String) -> String {
  text.map { "[]:\\".contains($0) ? "\\\($0)" : String($0) }.joined()
}
