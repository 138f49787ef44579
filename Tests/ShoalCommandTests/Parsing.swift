import ShoalTerminal

@testable import ShoalCommand

/// The invocation that words ask for.
func invocation(_ words: String..., words more: [String] = []) throws -> Invocation {
  guard case .run(let invocation) = try CommandTable.shoal.parse(words + more) else {
    throw UsageError("printed instead")
  }
  return invocation
}

/// The message and the exit status that `body` fails with.
func failure(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no failure"
  } catch {
    let failure = Failure(error)
    return "\(failure.status) \(failure.code): \(failure.message)"
  }
}

let someID = "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
