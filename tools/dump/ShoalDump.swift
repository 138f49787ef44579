import Glibc
import ShoalTerminal
import ShoalWire

/// The `shoal-dump` executable.
@main
enum ShoalDump {
  static func main() {
    StandardStreams.reserve()
    exit(run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Does what the words ask for; returns the exit status.
  static func run(
    _ words: [String], input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO, error: Int32 = STDERR_FILENO
  ) -> Int32 {
    var console = Console(program: "shoal-dump", output: output, error: error)
    // Even a command line that is not understood is answered in JSON, if it asks for that.
    let isJSON = words.prefix { $0 != "--" }.contains("--json")
    do throws(UsageError) {
      switch try command.parse(words, width: console.standardOutput.helpWidth) {
      case .print(let text):
        console.print(text)
        return 0
      case .misuse(let help):
        console.note(help)
        return 2
      case .run(let invocation):
        console = Console(program: "shoal-dump", invocation: invocation, output: output, error: error)
        let isDone = try run(invocation, console, input: input, output: output)
        if isJSON { console.print(isDone ? ["event": "done"] : lastObject(console)) }
        return isDone ? 0 : 1
      }
    } catch {
      console.error(error.message, code: "usage")
      if isJSON { console.print(lastObject(console)) }
      return 2
    }
  }

  private static func lastObject(_ console: Console) -> JSON {
    let (message, code) = console.firstError ?? ("failed", "failed")
    return ["event": "error", "message": .string(message), "code": .string(code)]
  }

  private static func run(
    _ invocation: Invocation, _ console: Console, input: Int32, output: Int32
  ) throws(UsageError) -> Bool {
    switch invocation.name {
    case "stats": return try StatsCommand(console: console, invocation).run(invocation["file"].text, input: input)
    case "report": return try ReportCommand(invocation, console: console).run(input: input)
    case "explain": return try ExplainCommand(invocation, console: console).run(input: input)
    case "follow": return try FollowCommand(console: console, invocation).run(invocation["file"].text, input: input)
    case "diff": return try DiffCommand(console: console, invocation).run(input: input)
    default: break
    }
    let file = (invocation.first("file") ?? invocation.first("read"))?.text
    guard !invocation.has("file") || !invocation.has("read") else {
      throw UsageError("--read: there is a <file> already; name one of them")
    }
    let others = ["tables", "fields", "lua", "hex", "interface"].filter(invocation.has)
    guard others.count + (file == nil ? 0 : 1) <= 1 else {
      throw UsageError("--\(others[others.count - 1]): takes no \(file == nil ? "--\(others[0])" : "file") beside it")
    }
    switch others.first {
    case "tables": console.print(Schema.markdown())
    case "fields": console.print(FieldList.text)
    case "lua": console.print(LuaDissector.text)
    case "hex": return HexCommand(console: console, options: try HexCommand.options(invocation)).run(input: input)
    default:
      guard file != nil || !others.isEmpty else { throw UsageError("missing <file>; see 'shoal-dump --help'") }
      let options = try DumpOptions(invocation)
      do throws(InputFailure) {
        let capture =
          if let file { try CaptureFile(file, input: input) } else {
            try CaptureFile(interface: invocation["interface"].text, all: options.showsAll)
          }
        return DumpCommand(console: console, options: options).run(capture, output: output)
      } catch {
        console.error(error.reason, code: error.code)
        return false
      }
    }
    return true
  }
}
