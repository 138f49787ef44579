import Glibc
import ShoalTerminal
import ShoalWire

/// The `shoal-dump` executable.
@main
enum ShoalDump {
  static func main() { exit(run(Array(CommandLine.arguments.dropFirst()))) }

  /// Does what the words ask for; the exit status.
  static func run(
    _ words: [String], input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO, error: Int32 = STDERR_FILENO
  ) -> Int32 {
    var console = Console(program: "shoal-dump", output: output, error: error)
    do throws(UsageError) {
      switch try command.parse(words, width: console.standardOutput.helpWidth) {
      case .print(let text):
        console.print(text)
        return 0
      case .run(let invocation):
        console = Console(program: "shoal-dump", invocation: invocation, output: output, error: error)
        return try run(invocation, console, input) ? 0 : 1
      }
    } catch {
      console.error(error.message)
      return 2
    }
  }

  private static func run(_ invocation: Invocation, _ console: Console, _ input: Int32) throws(UsageError) -> Bool {
    switch invocation.name {
    case "stats": return try StatsCommand(console: console, invocation).run(invocation["file"].text, input: input)
    case "report": return ReportCommand(invocation, console: console).run(input: input)
    default: break
    }
    let tables = ["tables", "fields", "lua"].filter(invocation.has)
    guard let file = invocation.first("file")?.text else {
      guard let table = tables.first else { throw UsageError("missing <file>; see 'shoal-dump --help'") }
      switch table {
      case "tables": console.print(Schema.markdown())
      case "lua": console.print(LuaDissector.text)
      default: console.print(FieldList.text)
      }
      return true
    }
    if let table = tables.first { throw UsageError("--\(table): takes no file") }
    return DumpCommand(console: console, options: try DumpOptions(invocation)).run(file, input: input)
  }
}
