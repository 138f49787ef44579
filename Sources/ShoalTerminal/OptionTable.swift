/// What the shell offers when a value is being typed.
package enum Completion: Sendable, Equatable {
  /// Nothing in particular.
  case nothing
  /// Paths of files.
  case files
  /// Paths of directories.
  case directories
}

/// A positional argument of a command.
package struct Argument: Sendable {
  /// How many words an argument takes.
  package enum Count: Sendable {
    /// Exactly one.
    case one
    /// One or none.
    case optional
    /// One or more.
    case many
    /// Any number.
    case any
  }

  let name: String
  let count: Count
  let completes: Completion
  let help: String

  /// An argument shown as `<name>`.
  package init(_ name: String, _ help: String, count: Count = .one, completes: Completion = .nothing) {
    (self.name, self.count, self.completes, self.help) = (name, count, completes, help)
  }

  var placeholder: String { "<\(name)>" }

  /// How the argument looks in a usage line.
  var usage: String {
    switch count {
    case .one: placeholder
    case .optional: "[\(placeholder)]"
    case .many: "\(placeholder) ..."
    case .any: "[\(placeholder) ...]"
    }
  }

  var isRequired: Bool { count == .one || count == .many }
  var takesSeveral: Bool { count == .many || count == .any }
}

/// A `--name`, with or without a value.
package struct Option: Sendable {
  let name: String
  let short: Character?
  let value: String?
  let choices: [String]
  let `default`: String?
  let repeats: Bool
  let completes: Completion
  let help: String
  /// Whether the value may be left out; a value must then be a whole number, or be attached with `=`.
  let mayStandAlone: Bool
  /// Whether the help lists it; the man page lists every option.
  let isListed: Bool

  /// A flag, unless `value` names what follows it or `choices` lists all that may follow.
  ///
  /// The default applies if the option is not given; a default that cannot be written as a value is described in `help`.
  package init(
    _ name: String, _ help: String, short: Character? = nil, value: String? = nil, oneOf choices: [String] = [],
    default: String? = nil, repeats: Bool = false, completes: Completion = .nothing, isListed: Bool = true,
    mayStandAlone: Bool = false
  ) {
    self.name = name
    self.short = short
    self.value = choices.isEmpty ? value : choices.joined(separator: "|")
    self.choices = choices
    self.default = `default`
    self.repeats = repeats
    self.completes = completes
    self.help = help
    self.isListed = isListed
    self.mayStandAlone = mayStandAlone
  }

  var long: String { "--\(name)" }
  var placeholder: String? { value.map { mayStandAlone ? "[<\($0)>]" : "<\($0)>" } }

  /// `-v`, `--verbose` in the order in which they are shown.
  var spellings: [String] { (short.map { ["-\($0)"] } ?? []) + [long] }

  /// The left column of help: `-v, --verbose` or `--window <packets>`.
  var label: String {
    let names = spellings.joined(separator: ", ")
    return placeholder.map { "\(names) \($0)" } ?? names
  }

  /// The right column of help.
  var explanation: String { `default`.map { "\(help) (default: \($0))" } ?? help }
}

/// Options under one heading of the help.
package struct OptionGroup: Sendable {
  let title: String
  let shared: Bool
  let options: [Option]

  /// Options under `title`; subcommands understand them too if they are shared.
  package init(_ title: String, shared: Bool = false, _ options: [Option]) {
    (self.title, self.shared, self.options) = (title, shared, options)
  }
}

/// A section of the help in addition to the options: a heading and two columns.
package struct Topic: Sendable {
  let title: String
  let entries: [(label: String, text: String)]

  /// Entries under `title`.
  package init(_ title: String, _ entries: KeyValuePairs<String, String>) {
    self.init(title, entries.map { ($0.key, $0.value) })
  }

  init(_ title: String, _ entries: [(String, String)]) {
    (self.title, self.entries) = (title, entries.map { (label: $0.0, text: $0.1) })
  }
}

/// What a man page has in addition to the help text.
package struct Manual: Sendable {
  let description: [String]
  let sections: [Topic]
  let seeAlso: [String]

  /// A description in paragraphs, sections that follow the options, and other pages to see, such as `tcpdump(8)`.
  package init(_ description: [String] = [], sections: [Topic] = [], seeAlso: [String] = []) {
    (self.description, self.sections, self.seeAlso) = (description, sections, seeAlso)
  }
}

/// A command: the single table from which its parser, help, completion scripts and man page are made.
package struct Command: Sendable {
  let name: String
  let overview: String
  let usage: [String]
  let examples: [String]
  let arguments: [Argument]
  var groups: [OptionGroup]
  let topics: [Topic]
  let manual: Manual
  let subcommands: [Command]
  let version: String?
  let otherNames: [String]

  /// A command. Usage lines are derived from the rest unless given; `manual` is for the man page alone; `otherNames`
  /// are wrong names for which this command is suggested.
  package init(
    _ name: String, _ overview: String, usage: [String] = [], examples: [String] = [], arguments: [Argument] = [],
    groups: [OptionGroup] = [], topics: [Topic] = [], manual: Manual = Manual(), subcommands: [Command] = [],
    version: String? = nil, otherNames: [String] = []
  ) {
    self.name = name
    self.overview = overview
    self.usage = usage
    self.examples = examples
    self.arguments = arguments
    self.groups = groups
    self.topics = topics
    self.manual = manual
    self.subcommands = subcommands
    self.version = version
    self.otherNames = otherNames
  }

  func subcommand(_ name: String) -> Command? { subcommands.first { $0.name == name } }

  /// The subcommand probably meant by a word that names none.
  package func subcommand(meantBy word: String) -> String? {
    if let same = subcommands.first(where: { $0.otherNames.contains(word.lowercased()) }) { return same.name }
    return nearMiss(word, among: subcommands.map(\.name))
  }

  /// The same command with the options that every program has.
  var withBuiltIns: Command {
    var root = self
    root.groups.append(OptionGroup("OPTIONS", shared: true, [Option("help", "Show help.", short: "h")]))
    var own = [
      Option(
        "generate-completion-script", "Print a completion script.", oneOf: Shell.allCases.map(\.rawValue),
        isListed: false), Option("man", "Print the man page.", isListed: false),
    ]
    if version != nil { own.insert(Option("version", "Show the version."), at: 0) }
    root.groups.append(OptionGroup("OPTIONS", own))
    return root
  }
}

extension [Command] {
  /// The options that the last command of a path understands: its own, and those shared by the commands above it.
  var options: [Option] {
    let inherited = dropLast().flatMap(\.groups).filter(\.shared)
    let own: [OptionGroup] = last?.groups ?? []
    return (inherited + own).flatMap(\.options)
  }

  /// `shoal get`.
  var title: String { map(\.name).joined(separator: " ") }
}
