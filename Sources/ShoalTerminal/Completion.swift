/// A shell for which there is a completion script.
package enum Shell: String, CaseIterable, Sendable {
  /// The Bourne-again shell.
  case bash
  /// The Z shell.
  case zsh
  /// The friendly interactive shell.
  case fish
}

extension Command {
  /// A script that teaches a shell to complete this program's command lines.
  package func completionScript(for shell: Shell) -> String {
    let contexts = withBuiltIns.contexts()
    return switch shell {
    case .bash: bashScript(contexts)
    case .zsh: zshScript(contexts)
    case .fish: fishScript(contexts)
    }
  }

  /// This command and all below it, each with its path from here.
  private func contexts(under parents: [Command] = []) -> [CompletionContext] {
    let path = parents + [self]
    return [CompletionContext(path: path)] + subcommands.flatMap { $0.contexts(under: path) }
  }
}

/// What can be typed after one command.
struct CompletionContext {
  let path: [Command]

  var command: Command { path[path.count - 1] }
  var options: [Option] { path.options }
  /// The name of this context in a script: `shoal`, `shoal_get`.
  var identifier: String { path.map(\.name).joined(separator: "_") }

  /// The subcommands, including `help` where the parser accepts it.
  var subcommands: [(name: String, overview: String)] {
    let own = command.subcommands.map { (name: $0.name, overview: $0.overview) }
    return path.count > 1 || own.isEmpty ? own : own + [(name: "help", overview: "Show the help of a subcommand.")]
  }

  /// How arguments are completed: like the first argument that has a completion.
  var completesArguments: Completion { command.arguments.map(\.completes).first { $0 != .nothing } ?? .nothing }
}

/// Text in single quotes, which any of the shells reads as one word.
func shellQuoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
