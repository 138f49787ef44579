import Glibc
import Shoal
import ShoalTerminal

/// The `shoal` executable.
@main
enum Program {
  static func main() {
    StandardStreams.reserve()
    let ending = Ending()
    Task.detached {
      let status = await run(Array(CommandLine.arguments.dropFirst()), ending)
      await ending.takeLeave()
      exit(status)
    }
    ending.waitForSignals()
  }

  /// Runs the command line; returns the exit status.
  static func run(_ words: [String], _ ending: Ending) async -> Int32 {
    var console = Console(program: "shoal")
    // Even a command line with errors is answered in JSON, if it asks for that.
    let isJSON = words.prefix { $0 != "--" }.contains("--json")
    do {
      try checkArguments()
      switch try CommandTable.shoal.parse(
        GetRequest.withoutRepeatedCommand(words), width: console.standardOutput.helpWidth,
        config: { () throws(UsageError) in try Defaults.read(for: words) })
      {
      case .print(let text): console.print(text)
      case .misuse(let help):
        console.note(help)
        return 2
      case .run(let invocation):
        console = Console(program: "shoal", invocation: invocation)
        try await run(Session(console: console, invocation: invocation, words: words, ending: ending))
      }
      if let failure = console.outputFailure { throw Failure(failure, code: "output") }
      return 0
    } catch {
      let failure = Failure(error)
      await ending.claim(failed: true)
      console.endProgress()
      console.error(harmless(failure.message))
      if isJSON { console.emit(failure.json) }
      return failure.status
    }
  }

  private static func run(_ session: Session) async throws {
    switch session.invocation.name {
    case "tracker": try await TrackerCommand(session).run()
    case "share": try await ShareCommand(session).run()
    case "get": try await GetCommand(session).run()
    case "lookup": try await LookupCommand(session).run()
    case "status": try await StatusCommand(session).status()
    case "stop": try await StatusCommand(session).stop()
    case "limit": try await StatusCommand(session).limit()
    case "doctor": try await DoctorCommand(session).run()
    case "list": try await ListCommand(session).run()
    case "ticket": try TicketCommand(session).run()
    case "simulate": try await SimulateCommand(session).run()
    case "demo": try await DemoCommand(session).run()
    default: preconditionFailure("\(session.invocation.name) is in the table and not here")
    }
  }
}
