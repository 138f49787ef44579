/// A function that walks through the words to find the command, then offers what the table lists for it.
func bashScript(_ contexts: [CompletionContext]) -> String {
  let program = contexts[0].path[0].name
  let descents = contexts.flatMap { context in
    context.command.subcommands.map { child in
      let target = CompletionContext(path: context.path + [child]).identifier
      return "      \(context.identifier):\(child.name)) context=\(target) ;;"
    }
  }
  let skips = contexts.compactMap { context -> String? in
    let spellings = context.options.filter { $0.value != nil }.flatMap(\.spellings)
    return spellings.isEmpty ? nil : spellings.map { "\(context.identifier):\($0)" }.joined(separator: "|")
  }
  let values = contexts.flatMap { context in
    context.options.filter { $0.value != nil }.map { option in
      let pattern = option.spellings.map { "\(context.identifier):\($0)" }.joined(separator: "|")
      return "    \(pattern)) \(bashReply(option.completes, words: option.choices)); return ;;"
    }
  }
  let offers = contexts.map { context in
    let options = context.options.flatMap(\.spellings).joined(separator: " ")
    let words = context.subcommands.map(\.name)
    return """
          \(context.identifier))
            if [[ $cur == -* ]]; then \(bashReply(.nothing, words: [options]))
            else \(bashReply(context.completesArguments, words: words)); fi ;;
      """
  }
  let function = "_" + contexts[0].identifier
  return """
    # Completion of \(program) for bash: source <(\(program) --generate-completion-script bash)
    \(function)() {
      local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} context=\(contexts[0].identifier) i
      COMPREPLY=()
      # bash makes three words of --name=value.
      if [[ $cur == "=" ]]; then cur=
      elif [[ $prev == "=" ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
      for ((i = 1; i < COMP_CWORD; i++)); do
        case $context:${COMP_WORDS[i]} in
    \(descents.joined(separator: "\n"))
          \(skips.joined(separator: "|"))) ((i += 1)); [[ ${COMP_WORDS[i]} == "=" ]] && ((i += 1)) ;;
        esac
      done
      case $context:$prev in
    \(values.joined(separator: "\n"))
      esac
      case $context in
    \(offers.joined(separator: "\n"))
      esac
    }
    complete -F \(function) \(program)
    """
}

private func bashReply(_ completion: Completion, words: [String]) -> String {
  let source =
    switch completion {
    case .files: "-f"
    case .directories: "-d"
    case .nothing: ""
    }
  let list = words.isEmpty ? "" : " -W \(shellQuoted(words.joined(separator: " ")))"
  if source.isEmpty, list.isEmpty { return ":" }
  let names = source.isEmpty ? "" : "; compopt -o filenames"
  return "mapfile -t COMPREPLY < <(compgen \(source)\(list) -- \"$cur\")\(names)"
}
