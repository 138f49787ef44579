/// What a command line asks for.
package enum Request: Sendable {
  /// Run a command.
  case run(Invocation)
  /// Print help, a version, a completion script or a man page, then exit.
  case print(String)
  /// Nothing was asked for: print this help on standard error, and exit as for a usage error.
  case misuse(String)
}

extension Command {
  /// Reads the words after the program's name; help is wrapped to `width` columns.
  ///
  /// `config` is called for values from a file, for options that the words do not set, unless there is no command to
  /// run.
  package func parse(
    _ words: [String], width: Int = 80, config: () throws(UsageError) -> ConfigFile? = { () throws(UsageError) in nil }
  ) throws(UsageError) -> Request {
    var parser = OptionParser(program: self, words: words, width: width)
    return try parser.parse(config)
  }
}

struct OptionParser {
  private let program: Command
  private var path: [Command]
  private var words: ArraySlice<String>
  private let width: Int
  private var given: [String: [GivenValue]] = [:]
  private var positional: [String] = []
  private var count = 0

  init(program: Command, words: [String], width: Int) {
    self.program = program
    self.path = [program.withBuiltIns]
    self.words = words[...]
    self.width = width
  }

  private var command: Command { path[path.count - 1] }
  private var advice: String { "see '\(path.title) --help'" }

  mutating func parse(_ config: () throws(UsageError) -> ConfigFile?) throws(UsageError) -> Request {
    // Someone who runs a program just to see what it is does not expect it to act.
    if words.isEmpty { return .misuse(path.help(width: width)) }
    while let word = words.popFirst() {
      if word == "--" {
        positional += words
        break
      } else if word.hasPrefix("--") {
        try readLong(word)
      } else if word.hasPrefix("-"), word != "-" {
        try readShort(word)
      } else if positional.isEmpty, word == "help", path.count == 1, !command.subcommands.isEmpty {
        return try explain()
      } else {
        try readArgument(word)
      }
      if let answer = try builtIn() { return answer }
    }
    if !command.subcommands.isEmpty, command.arguments.isEmpty {
      throw UsageError("missing <subcommand>; \(advice)")
    }
    return .run(try finish(config))
  }

  // MARK: Options

  private mutating func readLong(_ word: String) throws(UsageError) {
    let body = word.dropFirst(2)
    let name = String(body.prefix { $0 != "=" })
    guard let option = path.options.first(where: { $0.name == name }) else { throw unknown("--\(name)", in: word) }
    let attached = body.count > name.count ? String(body.dropFirst(name.count + 1)) : nil
    if option.value == nil, let attached {
      throw GivenValue(label: option.long, text: attached).error("takes no value")
    }
    try store(option, attached)
  }

  private mutating func readShort(_ word: String) throws(UsageError) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let option = path.options.first(where: { $0.short == letter }) else {
        throw unknown("-\(letter)", in: word)
      }
      let attached = option.value != nil && !letters.isEmpty ? String(letters) : nil
      try store(option, attached)
      if attached != nil { break }
    }
  }

  private mutating func store(_ option: Option, _ attached: String?) throws(UsageError) {
    var text = attached ?? ""
    if option.mayStandAlone, attached == nil {
      text = words.first.flatMap { Int($0) } == nil ? "" : words.removeFirst()
    } else if option.value != nil, attached == nil {
      text = try following(option)
    }
    count += 1
    let value = GivenValue(label: option.long, text: text, place: count)
    if !option.choices.isEmpty, !option.choices.contains(text) {
      throw value.error("must be \(alternatives(option.choices))")
    }
    if option.repeats { given[option.name, default: []].append(value) } else { given[option.name] = [value] }
  }

  /// The next word as a value, unless it is an option: then the value was forgotten.
  private mutating func following(_ option: Option) throws(UsageError) -> String {
    let need = "\(option.long): needs \(option.placeholder ?? "a value")"
    guard let word = words.popFirst() else { throw UsageError(need) }
    let isOption = word == "--" || path.options.contains { $0.spellings.contains(word) }
    if isOption { throw UsageError("\(need); if \(word) is meant, write \(option.long)=\(word)") }
    return word
  }

  private func unknown(_ spelling: String, in word: String) -> UsageError {
    if let owner = owner(of: spelling) {
      return UsageError("\(spelling) is an option of '\(path.title) \(owner)': write it after \(owner)")
    }
    let near = nearMiss(spelling, among: path.options.map(\.long))
    let takesFiles = command.arguments.contains { $0.completes == .files }
    let file = near == nil && takesFiles ? "; for a file, write \(escaped("./" + word))" : ""
    return UsageError("unknown option \(escaped(spelling)); \(near.map { "did you mean \($0)?" } ?? advice)\(file)")
  }

  /// The subcommand to which a misplaced option belongs: one that follows on the command line, or else any.
  private func owner(of spelling: String) -> String? {
    let owners = command.subcommands.filter { [$0].options.contains { $0.spellings.contains(spelling) } }
    let next = words.first { word in command.subcommand(word) != nil }
    return (owners.first { $0.name == next } ?? (next == nil ? owners.first : nil))?.name
  }

  // MARK: Arguments

  private mutating func readArgument(_ word: String) throws(UsageError) {
    if positional.isEmpty, let next = command.subcommand(word) {
      path.append(next)
    } else if command.arguments.isEmpty, !command.subcommands.isEmpty {
      throw unknownSubcommand(word)
    } else {
      positional.append(word)
    }
  }

  private func unknownSubcommand(_ word: String) -> UsageError {
    let near = command.subcommand(meantBy: word)
    return UsageError("unknown subcommand \(quoted(word)); \(near.map { "did you mean \($0)?" } ?? advice)")
  }

  /// Help for the commands named after `help`.
  private mutating func explain() throws(UsageError) -> Request {
    while let word = words.popFirst() {
      if word.hasPrefix("-") { continue }
      guard let next = command.subcommand(word) else { throw unknownSubcommand(word) }
      path.append(next)
    }
    return .print(path.help(width: width))
  }

  private func builtIn() throws(UsageError) -> Request? {
    if given["help"] != nil { return .print(path.help(width: width)) }
    if given["version"] != nil, let version = program.version {
      return .print("\(program.name) \(version) (\(Build.description))")
    }
    if given["man"] != nil { return .print(program.manPage) }
    if let shell = given["generate-completion-script"]?.last.flatMap({ Shell(rawValue: $0.text) }) {
      return .print(program.completionScript(for: shell))
    }
    return nil
  }

  // MARK: The result

  private mutating func finish(_ config: () throws(UsageError) -> ConfigFile?) throws(UsageError) -> Invocation {
    let options = path.options
    // An option of the parent may have been read before its subcommand was seen.
    for name in given.keys.sorted() where !options.contains(where: { $0.name == name }) {
      throw UsageError("--\(name): not an option of '\(path.title)'; \(advice)")
    }
    let configured = try config()?.values(for: path) ?? [:]
    for option in options where given[option.name] == nil {
      given[option.name] = configured[option.name]
    }
    for option in options where given[option.name] == nil {
      if let text = option.default { given[option.name] = [GivenValue(label: option.long, text: text)] }
    }
    try bindArguments()
    let declared = Set(options.map(\.name) + command.arguments.map(\.name))
    return Invocation(path: path.map(\.name), declared: declared, given: given)
  }

  private mutating func bindArguments() throws(UsageError) {
    var rest = positional[...]
    for (index, argument) in command.arguments.enumerated() {
      let owed = command.arguments[(index + 1)...].filter(\.isRequired).count
      let available = max(rest.count - owed, argument.isRequired ? 1 : 0)
      let taken = rest.prefix(argument.takesSeveral ? available : min(available, 1))
      if argument.isRequired, taken.isEmpty { throw UsageError("missing \(argument.placeholder); \(advice)") }
      rest = rest.dropFirst(taken.count)
      if !taken.isEmpty { given[argument.name] = taken.map { GivenValue(label: argument.name, text: $0) } }
    }
    guard let extra = rest.first else { return }
    if let first = positional.first, command.subcommand(meantBy: first) != nil { throw unknownSubcommand(first) }
    throw UsageError("unexpected argument \(quoted(extra)); \(partOfAnOption(extra) ?? advice)")
  }

  /// What to write instead if a word is the rest of a value that the shell split at a space: `--link loss=5%
  /// delay=10ms`.
  private func partOfAnOption(_ word: String) -> String? {
    guard word.contains("=") else { return nil }
    let values = given.values.flatMap(\.self).filter { $0.place > 0 && $0.text.contains("=") }
    guard let value = values.max(by: { $0.place < $1.place }) else { return nil }
    return "for \(value.label), write commas without spaces: \(escaped("\(value.text),\(word)"))"
  }
}

/// `sr, gbn or none`.
func alternatives(_ choices: [String]) -> String {
  guard choices.count > 1, let last = choices.last else { return choices.first ?? "" }
  return choices.dropLast().joined(separator: ", ") + " or " + last
}
